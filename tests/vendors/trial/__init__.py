"""Vendors' flows of the real daemon in real trouble, judged by the vendors' own books."""
