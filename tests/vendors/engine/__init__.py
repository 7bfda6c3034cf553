"""The engine under all vendors."""
