"""The whole flow under trouble: a real daemon between real simulators, which try to break it."""
