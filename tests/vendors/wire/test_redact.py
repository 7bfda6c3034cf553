"""Secrets in texts, JSON, targets, headers, tracebacks: by name and by value."""

from __future__ import annotations

import base64
import html
import json
import logging
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from bridge.config import Secret
from bridge.vendors.engine.redact import (
    KnownSecrets,
    RedactingFilter,
    guard_log,
    known,
    redact_headers,
    redact_json,
    redact_target,
    redact_text,
    shortened,
    shown,
)

CANARY = "Kanari/en+vögel &\"'<1>%"


@pytest.fixture(autouse=True)
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> KnownSecrets:
    secrets = KnownSecrets()
    monkeypatch.setattr("bridge.vendors.engine.redact._KNOWN", secrets)
    return secrets


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Authorization: Basic dTpw", "Authorization: Basic ***"),
        ("authorization=Bearer abc.def", "authorization=Bearer ***"),
        ("X-Kassomat-Auth-Token: CiNydtF", "X-Kassomat-Auth-Token: ***"),
        ("('x-authsessionid', 'abc')", "('x-authsessionid', '***')"),
        ("[(b'Authorization', b'Basic dTpw')]", "[(b'Authorization', b'Basic ***')]"),
        ("GET /s/invoices?sid=abc&x=1 HTTP/1.1", "GET /s/invoices?sid=***&x=1 HTTP/1.1"),
        ("GET /s?x=1&authSessionId=a%20b", "GET /s?x=1&authSessionId=***"),
        ('{"password": "abc", "a": 1}', '{"password": "***", "a": 1}'),
        ('{"otp":123456}', '{"otp":***'),
        ('{"password": "a b, c; d&e<f", "a": 1}', '{"password": "***", "a": 1}'),
        ('{"password": "a\\nb", "a": 1}', '{"password": "***", "a": 1}'),
        ("Cookie: a=b; c=d\nAccept: e", "Cookie: ***\nAccept: e"),
        ("<otp>1 2 3</otp><sid>x</sid>", "<otp>***</otp><sid>***</sid>"),
        ('"Authorization": "Bearer a b"', '"Authorization": "Bearer ***"'),
        (r"{\"access_token\": \"abc\"}", r"{\"access_token\": \"***\"}"),
        ("{'password': 'abc'}", "{'password': '***'}"),
        ("<password>abc</password>", "<password>***</password>"),
        ("userName=u&password=abc&grant_type=x", "userName=u&password=***&grant_type=x"),
        ("the password was wrong", "the password was wrong"),
        ("residue=5 besides=6", "residue=5 besides=6"),
        ("sided: 4", "sided: 4"),
        ("signature: the card is out", "signature: the card is out"),
        ("Signature: 0123456789ABCDEF0123456789ABCDEF", "Signature: ***"),
        ("'signature', '0123456789ABCDEF0123456789ABCDEF'", "'signature', '***'"),
    ],
)
def test_what_stands_behind_a_secret_name_is_taken_out_of_texts(text: str, said: str) -> None:
    assert redact_text(text) == said


def test_a_vendor_may_name_more() -> None:
    assert redact_text("x-secret: abc", ("X-Secret",)) == "x-secret: ***"
    assert redact_json({"Geheim": 1}, ("geheim",)) == {"Geheim": "***"}
    assert redact_target("/a?geheim=1", ("geheim",)) == "/a?geheim=***"
    assert redact_headers([("Geheim", "1")], ("geheim",)) == [("Geheim", "***")]


def test_json_keeps_its_shape_and_loses_its_secrets_at_any_depth() -> None:
    value: Any = {
        "api_session": {"authentication_token": "t", "email": "a@b"},
        "list": [{"Password": {"deep": 1}}, 19.0, None, True],
        "access_token": None,
        "signature": "a vendor's own field",
    }
    assert redact_json(value) == {
        "api_session": {"authentication_token": "***", "email": "a@b"},
        "list": [{"Password": "***"}, 19.0, None, True],
        "access_token": None,
        "signature": "a vendor's own field",
    }


def test_targets_and_headers() -> None:
    assert redact_target("/a/b?x=1&SID=abc&sid&y=sid") == "/a/b?x=1&SID=***&sid&y=sid"
    assert redact_target("/a/sid=1") == "/a/sid=1"
    headers = [("Authorization", "Basic x"), ("Cookie", "y"), ("Accept", "z")]
    assert redact_headers(headers) == [
        ("Authorization", "***"),
        ("Cookie", "***"),
        ("Accept", "z"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        CANARY,
        quote(CANARY, safe=""),
        quote(CANARY),
        quote_plus(CANARY),
        quote(CANARY, safe="").lower().replace("kanari", "Kanari"),
        json.dumps(CANARY),
        json.dumps(CANARY, ensure_ascii=False),
        html.escape(CANARY),
        repr(CANARY),
        repr(CANARY.encode()),
        CANARY.encode().hex(),
        *(
            code(f"{before}{CANARY}{after}".encode()).decode()
            for code in (base64.b64encode, base64.urlsafe_b64encode)
            for before in ("", "u:", "user:", "ab:c")
            for after in ("", "x", "xy")
        ),
    ],
)
def test_a_known_secret_is_taken_out_in_every_usual_encoding(written: str) -> None:
    known(Secret(CANARY))
    said = redact_text(f"it was {written} in the end")
    assert "***" in said
    assert "it was" in said
    assert "the end" in said
    assert len(said) <= len("it was *** in the end") + 14, "nearly nothing of it is left"
    assert redact_json({"a": [written]})["a"][0] != written
    assert redact_json({written: 1}) != {written: 1}


def test_short_values_and_mere_words_are_not_looked_for() -> None:
    known(Secret("die"))
    known(Secret("password"))
    assert redact_text("die Rechnung") == "die Rechnung"
    assert redact_json({"password": "password"}) == {"password": "***"}


def test_only_the_latest_tokens_are_kept_but_all_credentials(own_secrets: KnownSecrets) -> None:
    own_secrets.learn(Secret("credential"))
    for number in range(2000):
        own_secrets.learn(Secret(f"token-{number:06}"), passing=True)
        own_secrets.learn(Secret(f"token-{number:06}"), passing=True)
    assert own_secrets.hide("token-001999 token-000000 credential") == "*** token-000000 ***"


def test_what_a_problem_shows_is_short_and_redacted() -> None:
    known(Secret("canary-secret"))
    assert shown(b"") is None
    assert shown(b'{"error": 1, "otp": 2}') == {"error": 1, "otp": "***"}
    assert shown(b"<html>canary-secret") == "<html>***"
    assert shown(b"\xff\x00") == "\ufffd\x00"
    long = shown(json.dumps({"password": "x", "a": "ä" * 10_000}).encode())
    assert isinstance(long, str)
    assert len(long.encode()) <= 4096
    assert long.startswith('{"password": "***"')
    assert shown(b'{"a": "%s"}' % (b"x" * 10_000), limit=None) == {"a": "x" * 10_000}
    deep = b"[" * 100_000
    assert len(shown(deep).encode()) <= 4096


def test_a_secret_at_the_cut_is_not_shown_in_part() -> None:
    known(Secret("canary-secret"))
    for before in range(4060, 4100):
        said = shown(b"x" * before + b"canary-secret")
        assert "cana" not in said


def test_numbers_of_persons_are_shortened() -> None:
    assert shortened("DE89 3704 0044 0532 0130 00") == "DE89…3000"
    assert shortened("9212034567893") == "9212…7893"
    assert shortened("12/345") == "…45"
    assert shortened("123") == "…"
    assert shortened("") == "…"


class Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Any:
    handler = Collector()
    guard_log([handler])
    guard_log([handler])
    logger = logging.getLogger("tests.redact")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, handler.lines
    logger.removeHandler(handler)


def test_log_records_tracebacks_and_stacks_lose_their_secrets(log: Any) -> None:
    known(Secret("canary-secret"))
    logger, lines = log
    logger.warning("GET %s failed after %d tries", "/a?sid=abc", 3)
    logger.warning({"password": "abc"})
    logger.warning("100 % canary-secret")
    logger.warning("bad %d", "canary-secret")
    try:
        raise ValueError("Authorization: Bearer abc canary-secret")  # noqa: TRY301 - the traceback is what is tested
    except ValueError:
        logger.exception("it failed", stack_info=True)
    text = "\n".join(lines)
    assert lines[0] == "GET /a?sid=*** failed after 3 tries"
    assert "Bearer ***" in text
    assert "canary-secret" not in text.replace('"canary-secret"', "")
    assert "abc" not in text.replace("Bearer abc canary-secret", "")


def test_the_filter_is_put_on_once_and_chatty_libraries_are_silenced(log: Any) -> None:
    logger, _ = log
    (handler,) = (each for each in logger.handlers if isinstance(each, Collector))
    assert sum(isinstance(each, RedactingFilter) for each in handler.filters) == 1
    assert logging.getLogger("httpx").getEffectiveLevel() >= logging.WARNING
    assert logging.getLogger("httpcore.http11").getEffectiveLevel() >= logging.WARNING
