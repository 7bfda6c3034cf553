"""The common part of all vendors' simulators: server, clock, request log, faults, control routes.

A vendor's simulator is a ``Surface``: an ASGI application that behaves like the vendor. A ``Stage``
puts it on a port. Below ``/_sim`` the same port is the control: ``control`` lists the routes.
"""

from simulators.vendors.kit.clock import SimClock
from simulators.vendors.kit.faults import FOREVER
from simulators.vendors.kit.front import Front
from simulators.vendors.kit.log import Logged
from simulators.vendors.kit.program import Option, Program, run_program
from simulators.vendors.kit.server import HttpServer
from simulators.vendors.kit.stage import Stage
from simulators.vendors.kit.surface import Surface

__all__ = [
    "FOREVER",
    "Front",
    "HttpServer",
    "Logged",
    "Option",
    "Program",
    "SimClock",
    "Stage",
    "Surface",
    "run_program",
]
