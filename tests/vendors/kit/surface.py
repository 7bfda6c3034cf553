"""A vendor that counts."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.vendors.kit import SimClock, run_program
from simulators.vendors.kit.program import Option


class Counting:
    """``POST /orders`` makes an order, ``GET`` counts them."""

    name = "counting"

    def __init__(self, clock: SimClock | None = None, *, first: int = 0) -> None:
        self.clock = SimClock() if clock is None else clock
        self.first = first
        self.orders: list[bytes] = []
        self.app = Starlette(
            routes=[
                Route("/orders", self._make, methods=["POST"]),
                Route("/orders", self._count),
                Route("/orders/{name:path}", self._remove, methods=["DELETE"]),
                Route("/_sim/own", self._own),
            ]
        )

    def reset(self) -> None:
        self.orders = []

    def golden(self) -> None:
        self.orders = [b"golden"]

    async def _make(self, request: Request) -> Response:
        self.orders.append(await request.body())
        return await self._count(request)

    async def _count(self, _: Request) -> Response:
        return JSONResponse({"orders": self.first + len(self.orders)})

    async def _remove(self, _: Request) -> Response:
        return Response(status_code=204)

    async def _own(self, _: Request) -> Response:
        return JSONResponse({"time": self.clock.now().isoformat()})


main = run_program(
    Counting, name="counting", text="A vendor that counts.", options=(Option("first", 0, "start"),)
)
