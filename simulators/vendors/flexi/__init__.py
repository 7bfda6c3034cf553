"""A simulated ABRA Flexi: invoices, cash documents and ``hotovostni-uhrada``."""

from simulators.vendors.flexi.program import main, make, register
from simulators.vendors.flexi.surface import FlexiSurface

__all__ = ["FlexiSurface", "main", "make", "register"]
