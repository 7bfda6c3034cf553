"""The walk-throughs of docs/vendors, typed into a real shell."""
