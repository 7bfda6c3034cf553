"""Devices: watched, listed, tested."""
