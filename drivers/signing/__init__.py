"""Signing units: smart cards and remote services."""
