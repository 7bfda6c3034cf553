"""d.velop smart invoice: the box against the simulated vendor."""
