"""Tests of the PC/SC transport: real ``pcscd``, virtual readers, simulated cards."""
