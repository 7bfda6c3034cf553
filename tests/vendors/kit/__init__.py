"""The common part of the vendors' simulators."""
