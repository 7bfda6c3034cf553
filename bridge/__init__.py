"""The box: everything between a command and a signed, printed, reported receipt."""
