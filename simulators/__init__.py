"""Simulators of every device: real servers and cards that unmodified drivers talk to."""
