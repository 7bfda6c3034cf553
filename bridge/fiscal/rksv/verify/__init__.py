"""Strict verification of DEP exports and single codes (rksv.md section 11).

``verify_dep`` takes a whole DEP, ``verify_code`` one machine-readable code. Not covered: clusters
of a closed system, whose Startbelege are chained to each other.
"""

from __future__ import annotations

from bridge.fiscal.rksv.finding import Finding, Report
from bridge.fiscal.rksv.verify.engine import verify_dep, worker_pool
from bridge.fiscal.rksv.verify.single import verify_code

__all__ = ["Finding", "Report", "verify_code", "verify_dep", "worker_pool"]
