"""The box put together: registers on one card, restarts, a PIN that is never tried twice."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.app import EXPIRY_LOOK_S, make_printer
from bridge.config import PrinterSettings
from bridge.fiscal.rksv.unit_faults import SignatureNeeded
from bridge.journal.faults import JournalLocked
from bridge.journal.store import VERIFIED_AT_START
from bridge.model import events
from bridge.till.faults import RegisterLatched
from bridge.till.register import Done
from bridge.till.till import Till
from drivers.contract.fault import Fault
from tests.app.boxes import Shop, do, sell, start_register
from tests.signing.cards import PIN, WRONG_PIN
from tests.till.harness import FakeClock, until


async def test_two_registers_on_one_card_keep_their_own_numbers_and_chains(tmp_path: Path) -> None:
    box = await Shop(tmp_path).start()
    for register in ("A", "B"):
        await start_register(box, register)
    first = await sell(box, "A", "sale-a-00001")
    other = await sell(box, "B", "sale-b-00001")
    second = await sell(box, "A", "sale-a-00002")
    await box.stop()
    assert [done.event.number for done in (first, other, second)] == [2, 2, 3]
    assert first.event.data()["counter"] == 100
    assert second.event.data()["counter"] == 200
    assert other.event.data()["counter"] == 100


async def test_a_restarted_box_goes_on_with_the_next_number(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    box = await shop.start()
    await start_register(box, "A")
    await sell(box, "A", "sale-before")
    await box.stop()
    box = await shop.start()
    done = await sell(box, "A", "sale-after-")
    await box.stop()
    assert done.event.number == 3
    assert done.event.data()["counter"] == 200


async def test_a_wrong_pin_costs_one_try_however_often_the_box_is_restarted(tmp_path: Path) -> None:
    shop = Shop(tmp_path, pin=WRONG_PIN)
    tries = shop.slot.own.state.tries_left
    for _ in range(4):
        box = await shop.start()
        with pytest.raises(SignatureNeeded):
            await start_register(box, "A")
        await box.stop()
    assert shop.slot.own.state.tries_left == tries - 1


async def test_a_corrected_pin_is_used_after_a_restart(tmp_path: Path) -> None:
    shop = Shop(tmp_path, pin=WRONG_PIN)
    box = await shop.start()
    with pytest.raises(SignatureNeeded):
        await start_register(box, "A")
    await box.stop()
    shop.secret("card.pin", PIN)
    box = await shop.start()
    await start_register(box, "A")
    done = await sell(box, "A", "sale-signed")
    await box.journal_check
    assert box.till.registers["A"].latch is None
    await box.stop()
    assert done.event.data()["signed"] is True


async def test_no_pin_and_no_key_is_in_the_journal_of_a_box(tmp_path: Path) -> None:
    shop = Shop(tmp_path, pin=WRONG_PIN)
    box = await shop.start()
    with pytest.raises(SignatureNeeded):
        await start_register(box, "A")
    await box.stop()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert WRONG_PIN.encode() not in stored
    assert (tmp_path / "credentials" / "a.aes").read_bytes() not in stored


async def test_a_box_without_its_card_starts_and_makes_outage_receipts(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    box = await shop.start()
    await start_register(box, "A")
    await box.stop()
    shop.slot.switches.change({"pulled": True})
    box = await shop.start()
    done = await sell(box, "A", "sale-outage")
    await box.stop()
    assert done.event.data()["signed"] is False
    shop.slot.switches.change({"pulled": False})
    box = await shop.start()
    done = await sell(box, "A", "sale-again-")
    await box.stop()
    assert done.event.number == 4, "the Sammelbeleg comes before the sale"
    assert done.event.data()["signed"] is True


async def test_a_parked_receipt_that_nobody_touched_ends_when_its_time_is_over(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    box = await Shop(tmp_path, clock=clock).start()
    over = (clock.now() + timedelta(seconds=60)).isoformat()
    opened = await do(
        box, type="open", register_id="A", origin="cloud", parked_id="p-1", receipt_expires=over
    )
    receipt_id = str(opened.event.receipt)
    followed = box.journal.follow(opened.event.seq)
    await until(lambda: EXPIRY_LOOK_S in clock.sleeping)
    clock.advance(EXPIRY_LOOK_S)
    await until(lambda: EXPIRY_LOOK_S in clock.sleeping)
    assert box.till.receipt(receipt_id)[0] is not None, "its time is not over yet"
    clock.advance(EXPIRY_LOOK_S * 6)
    ended = await anext(followed)
    await box.stop()
    assert (ended.kind, ended.receipt) == (events.EXPIRED, receipt_id)
    assert ended.data()["parked_id"] == "p-1"


async def test_a_part_that_stops_working_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Till) -> list[Done]:
        raise KeyError("a defect")

    monkeypatch.setattr(Till, "expire", broken)
    clock = FakeClock()
    box = await Shop(tmp_path, clock=clock).start()
    await until(lambda: EXPIRY_LOOK_S in clock.sleeping)
    clock.advance(EXPIRY_LOOK_S)
    await until(lambda: "ending expired receipts has stopped working" in caplog.text)
    await box.stop()


async def test_damage_far_back_in_the_journal_is_found_apart_and_latches_the_registers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop(tmp_path)
    box = await shop.start()
    await start_register(box, "A")
    for number in range(VERIFIED_AT_START):
        await sell(box, "A", f"sale-{number:06d}")
    await box.stop()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "journal.db")) as forger:
        forger.execute("DROP TRIGGER event_no_update")
        forger.execute("UPDATE event SET body=replace(body, 'Semmel', 'Kaviar') WHERE seq=3")
        forger.commit()
    box = await shop.start()
    await box.journal_check
    assert "the journal is damaged" in caplog.text
    with pytest.raises(RegisterLatched, match="event 3 was changed"):
        await sell(box, "A", "sale-on-damage")
    await box.stop()


async def test_a_second_box_on_the_same_journal_is_refused(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    box = await shop.start()
    with pytest.raises(JournalLocked):
        await shop.start()
    await box.stop()


def test_a_printer_on_a_port_that_is_not_built_yet_says_so() -> None:
    settings = PrinterSettings(name="bar", address="usb:04b8:0e15")
    with pytest.raises(Fault, match="port_kind_unsupported"):
        make_printer(settings)
