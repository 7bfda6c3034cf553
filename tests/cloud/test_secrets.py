"""The token is nowhere but in the handshake's header."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

import pytest

from bridge.cloud import envelope
from tests.cloud.box import TOKEN, box_and_cloud


def written(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_the_token_is_in_no_log_frame_board_or_journal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given = "a-token-given-in-welcome"
    async with box_and_cloud(tmp_path) as (box, cloud):
        seen = []
        for code in (1008, 4001, 4009, 1011):
            visit = await cloud.welcomed(token=given)
            await box.ready()
            # A cloud that is broken, or hostile, repeats the secret.
            await visit.send(envelope.ERROR, {"code": TOKEN, "detail": given})
            await visit.send("x", {}, id=f"x-{TOKEN}")
            await visit.got(envelope.ERROR)
            await visit.close(code, f"token {TOKEN} {given}"[:120])
            await box.waiting()
            seen += visit.raw
            seen += [str(part.as_body()) for part in box.board.parts()]
            await box.again()
        visit = await cloud.visit()
        for status in (401, 403, 500):
            cloud.answers.append((status, {"X-Token": TOKEN}))
        visit.connection.transport.abort()
        for _ in range(3):
            await box.again()
            await box.waiting()
            seen += [str(part.as_body()) for part in box.board.parts()]
    stored = b"".join(written(tmp_path))
    # The cloud's own side may log what it likes.
    logged = [record for record in caplog.records if record.name != "websockets.server"]
    everything = "\n".join([*map(logging.Formatter().format, logged), *seen])
    assert "cloud_refuses: 1008 token *** ***" in everything
    for secret in (TOKEN, given):
        forms = (secret, base64.b64encode(secret.encode()).decode(), secret.encode().hex())
        for form in forms:
            quoted = everything.replace(f"x-{TOKEN}", "")
            assert form not in quoted
            assert form.encode() not in stored
