"""Hello and welcome: who may go on, and what each side is told to begin with."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ValidationError

from bridge.cloud.envelope import (
    CLOSE_POLICY,
    CLOSE_VERSION,
    HELLO,
    VERSION,
    FrameInvalid,
    Hello,
    Limits,
    Welcome,
    parse_frame,
    problems,
)
from simulators.cloud.cloud import Cloud
from simulators.cloud.heads import ahead_by

_SEQ_END = 2**63


@dataclass(frozen=True, slots=True)
class Farewell:
    """The end in place of a welcome: close code, its reason, and an ``error`` to send before."""

    code: int
    reason: str
    error: str | None = None


def read_hello(raw: str | bytes, box: str) -> Hello | Farewell:
    """Read the first frame of a connection whose token belongs to ``box``."""
    if _other_version(raw):
        return Farewell(CLOSE_VERSION, f"this side speaks version {VERSION}")
    try:
        frame = parse_frame(raw)
        hello = Hello.model_validate(frame.data) if frame.type == HELLO else None
    except FrameInvalid as error:
        return Farewell(CLOSE_POLICY, "hello cannot be read", error.detail)
    except ValidationError as error:
        return Farewell(CLOSE_POLICY, "hello cannot be read", problems(error))
    if hello is None:
        return Farewell(CLOSE_POLICY, "the first frame is hello")
    if hello.box != box:
        return Farewell(CLOSE_POLICY, "token and box do not belong together")
    if not 0 <= hello.last_in < _SEQ_END:
        return Farewell(CLOSE_POLICY, "hello cannot be read", "data.last_in: out of range")
    return hello


def welcome_for(cloud: Cloud, hello: Hello, limits: Limits) -> tuple[int, Welcome]:
    """Return the number after which to send commands to the box, and its welcome."""
    settings = cloud.switches.settings
    with cloud.store.transaction():
        after = cloud.streams.resume(hello.box, hello.last_in, jump=not settings.no_jump)
        head = cloud.streams.learn_head(hello.box, hello.journal)
        known = cloud.streams.box(hello.box)
        assert known is not None
        token = cloud.new_token(hello.box) if known["token_due"] else None
        cloud.streams.set_box(hello.box, "token_due", 0)
    if head is not None and settings.head_ahead:
        head = ahead_by(head, settings.head_ahead)
    welcome = Welcome(
        last_out=known["last_in"], time=cloud.now(), limits=limits, token=token, journal=head
    )
    return after, welcome


def _other_version(raw: str | bytes) -> bool:
    try:
        match json.loads(raw):
            case {"v": int(version)}:
                return version != VERSION
    except (ValueError, RecursionError):
        return False
    return False
