"""Tests of the printer simulator: bytes, papers, pictures."""
