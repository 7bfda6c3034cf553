"""Rules that hold for every operation of every vendor."""
