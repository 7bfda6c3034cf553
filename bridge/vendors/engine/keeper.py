"""One vendor's session: logged in once for all requests, in memory only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from bridge.config import Secret
from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine.auth import MAX_STRIKES, LoginFailing
from bridge.vendors.engine.faults import (
    AnswerLost,
    CallInvalid,
    VendorAuthFailed,
    VendorBroken,
    VendorFailing,
)
from bridge.vendors.engine.redact import known
from bridge.vendors.engine.spec import Auth, Gate
from bridge.vendors.engine.wire import Answer, Request
from drivers.contract.fault import Fault

_SERVER_ERROR = 500


class Keeper:
    """Owns the session of one vendor and sends requests logged in.

    One log-in at a time, shared by all who wait for it. A request that is refused for want of a
    session is repeated once after one new log-in, whatever its class: such a refusal comes before
    anything is done. After ``MAX_STRIKES`` refused log-ins in a row nothing is tried until the box
    restarts, so that the account is not locked.
    """

    def __init__(self, auth: Auth, gate: Gate) -> None:
        self._auth = auth
        self._gate = gate
        self._token: Secret | None = None
        self._logged_in = False
        self._strikes = 0
        self._counted = 0
        self._login: asyncio.Task[Secret | None] | None = None

    @property
    def stopped(self) -> bool:
        """Whether log-ins have failed so often that none is tried any more."""
        return self._strikes >= MAX_STRIKES

    @property
    def logged_in(self) -> bool:
        """Whether a session is open (always false where requests carry the credentials)."""
        return self._token is not None

    async def send(
        self, request: Request, ended: Callable[[Answer], bool] = lambda _: False
    ) -> Answer:
        """Send a request with its proof and return the answer, whatever its status.

        ``ended`` tells that an answer means "not logged in" where the log-in component cannot
        know (an error number in a good answer). Raises ``VendorAuthFailed`` when the request is
        refused after a new log-in, too; what the log-in fails with (``VendorAuthFailed``,
        ``VendorBusy``, ``VendorNotConfigured``, leaves of ``VendorUnreachable``: nothing of the
        request was sent); and what ``Gate.send`` raises for the request itself.
        """
        if request.anonymous:
            return await self._gate.send(request)
        token = await self.token()
        counted = self._counted
        answer = await self._send(request, token)
        if not self._refused(answer, ended):
            return answer
        if token is None:
            # Credentials that travel with each request: a refusal is a failed log-in.
            self._strike(answer, counted)
        token = await self.renew(token)
        counted = self._counted
        answer = await self._send(request, token)
        if not self._refused(answer, ended):
            return answer
        self._strike(answer, counted)
        raise _refused_again(answer)

    async def token(self) -> Secret | None:
        """Return the session's token after logging in if needed; ``None`` where requests carry
        the credentials. Raises what ``send`` says of the log-in."""
        if self.stopped:
            raise VendorAuthFailed(
                f"the log-in was refused {self._strikes} times; it is not tried again"
            )
        if self._logged_in:
            return self._token
        if self._login is None:
            self._login = asyncio.create_task(self._log_in())
            self._login.add_done_callback(self._login_over)
        return await asyncio.shield(self._login)

    async def renew(self, old: Secret | None) -> Secret | None:
        """Return another token than one that was refused: that of somebody else's new log-in if
        there is one. Raises as ``token``."""
        if self._logged_in and self._token is old:
            self._logged_in, self._token = False, None
        return await self.token()

    async def logout(self) -> None:
        """End the session if there is one; its faults are swallowed."""
        token, self._token = self._token, None
        self._logged_in = False
        if token is not None:
            with contextlib.suppress(Fault):
                await self._auth.logout(token, self._gate)

    async def close(self) -> None:
        """Stop a log-in under way and forget the session without ending it."""
        self._logged_in, self._token = False, None
        if self._login is not None:
            self._login.cancel()
            await asyncio.wait([self._login])

    async def _send(self, request: Request, token: Secret | None) -> Answer:
        return await self._gate.send(await self._auth.apply(request, token, self._gate))

    def _refused(self, answer: Answer, ended: Callable[[Answer], bool]) -> bool:
        if self._auth.refused(answer) or ended(answer):
            return True
        if answer.status < _SERVER_ERROR:
            self._strikes = 0
        return False

    def _strike(self, answer: Answer, counted: int) -> None:
        """Count a refusal; those of requests that were under way together are one."""
        if counted == self._counted:
            self._counted += 1
            self._strikes += 1
        if self.stopped:
            raise _refused_again(answer)

    async def _log_in(self) -> Secret | None:
        try:
            token = await self._auth.login(self._gate)
        except VendorAuthFailed:
            self._strikes += 1
            raise
        except (AnswerLost, VendorBroken, VendorFailing) as fault:
            raise LoginFailing(f"log-in: {fault.detail}") from None
        except CallInvalid as fault:
            raise VendorNotConfigured(f"log-in: {fault.detail}") from None
        if token is not None:
            known(token, passing=True)
        self._token, self._logged_in = token, True
        return token

    def _login_over(self, task: asyncio.Task[Secret | None]) -> None:
        self._login = None
        if not task.cancelled():
            task.exception()  # whoever waits for it is told; nobody may be left to wait


def _refused_again(answer: Answer) -> VendorAuthFailed:
    return VendorAuthFailed(
        f"refused with status {answer.status} in spite of a new log-in",
        vendor_status=answer.status,
    )
