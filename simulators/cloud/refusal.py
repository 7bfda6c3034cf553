"""How the vendor's REST side says no."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulators.cloud.assumed import ERROR, ERROR_FIELD

ERROR_DESCRIPTION = "error_description"
MAX_BODY_BYTES = 1_000_000


class Refusal(Exception):
    """An answer of the simulated vendor, not an error of the simulator."""

    def __init__(
        self,
        status: int,
        code: str,
        description: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {description}")
        self.status = status
        self.code = code
        self.description = description
        self.field = field
        self.headers = dict(headers or {})


async def answer_refusal(_request: Request, error: Exception) -> Response:
    """Turn a ``Refusal`` into its answer."""
    assert isinstance(error, Refusal)
    body = {ERROR: error.code, ERROR_DESCRIPTION: error.description}
    if error.field is not None:
        body[ERROR_FIELD] = error.field
    return JSONResponse(body, error.status, error.headers)


async def body_of(request: Request) -> bytes:
    """Return a request's body. Raises ``Refusal`` 413 if it is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise Refusal(413, "too_large", f"at most {MAX_BODY_BYTES} bytes")
    return body
