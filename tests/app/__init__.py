"""The box as a whole, put together from a configuration."""
