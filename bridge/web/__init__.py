"""The local HTTP API and the pages, behind the guard."""
