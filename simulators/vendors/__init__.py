"""Simulated services of vendors: real HTTP servers with an opinion of their own."""
