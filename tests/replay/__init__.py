"""The reference till's published scenarios through the real till."""
