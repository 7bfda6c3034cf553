"""A simulated d.velop smart invoice: takes master data as the vendor's pages say."""

from simulators.vendors.dvelop.program import main, make, register
from simulators.vendors.dvelop.surface import DvelopSurface

__all__ = ["DvelopSurface", "main", "make", "register"]
