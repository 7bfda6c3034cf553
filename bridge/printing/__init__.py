"""Receipts on paper: layout and the outcome of each paper."""
