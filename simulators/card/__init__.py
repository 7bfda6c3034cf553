"""A simulated RKSV signature card (ACOS-ID): a program of its own, or an object in a test."""
