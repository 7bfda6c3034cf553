"""A simulated kassomat: takes VAT returns as the vendor's pages say."""

from simulators.vendors.kassomat.program import main, make, register
from simulators.vendors.kassomat.surface import KassomatSurface

__all__ = ["KassomatSurface", "main", "make", "register"]
