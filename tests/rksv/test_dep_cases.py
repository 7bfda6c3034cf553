"""82 DEPs with known verdicts, and the published outputs of the reference till."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from bridge.fiscal.rksv.verify import Report, verify_dep, worker_pool
from tests.rksv.cases import MODES, NOW, checks, keys_of, receipts_of
from tests.support.vectors import vectors

Expected = tuple[int | None, str]

REJECTED: dict[str, Expected] = {
    "A01_sig_bitflip_last": (14, "CRYPTO_SIGNATURE"),
    "A01b_sig_bitflip_mid": (6, "CRYPTO_SIGNATURE"),
    "A02b_sig_DER_real": (14, "CRYPTO_SIGNATURE"),
    "A03_signed_payload_only": (14, "CRYPTO_SIGNATURE"),
    "A04b_sig_empty": (14, "FORMAT_SIGNATURE_BASE64"),
    "A05_removed_middle": (6, "DEP_CHAINING_VALUE"),
    "A07_duplicated": (7, "DEP_UNIQUE_RECEIPT_ID"),
    "A10_amount_changed_resigned": (6, "DEP_TURNOVER_COMPARE"),
    "A11_counter_wrong": (7, "DEP_TURNOVER_COMPARE"),
    "A12_training_counted": (4, "DEP_TURNOVER_COMPARE"),
    "A13_storno_not_counted": (4, "DEP_TURNOVER_COMPARE"),
    "A15_negative_sign_magnitude": (2, "DEP_TURNOVER_COMPARE"),
    "A16_wrong_aes_key": (1, "CRYPTO_TURNOVER_COUNTER"),
    "A18_iv_last16": (2, "DEP_TURNOVER_COMPARE"),
    "A18b_counter_right_aligned": (2, "DEP_TURNOVER_COMPARE"),
    "A20_kassen_id_changes": (3, "DEP_ONLY_ONE_CASHBOX_ID"),
    "A21_open_closed_mixed": (7, "DEP_ONLY_ONE_SYTEM_TYPE"),
    "A22b_section_without_start": (1, "DEP_STATE"),
    "A23_start_chain_wrong": (1, "DEP_STATE"),
    "A25_second_start": (3, "DEP_STATE"),
    "A25b_start_counter_nonzero": (1, "CRYPTO_TURNOVER_COUNTER"),
    "A26_no_sammelbeleg": (5, "DEP_STATE"),
    "A27_sammelbeleg_third": (5, "DEP_STATE"),
    "A29_sammelbeleg_training": (5, "DEP_STATE"),
    "A29b_sammelbeleg_unsigned": (6, "DEP_STATE"),
    "A31_date_Z": (2, "FORMAT_CHECK_TIMEANDDATE"),
    "A31b_date_offset": (2, "FORMAT_CHECK_TIMEANDDATE"),
    "A32b_date_space": (2, "FORMAT_CHECK_TIMEANDDATE"),
    "A33_date_2014": (1, "TIMEOFRECEIPT_WITHIN_PERIOD"),
    "A34b_invalid_day": (2, "FORMAT_CHECK_TIMEANDDATE"),
    "A36_amount_grouping": (2, "FORMAT_TAX_SET"),
    "A37_amount_1_decimal": (2, "FORMAT_TAX_SET"),
    "A38_amount_empty": (2, "FORMAT_TAX_SET"),
    "A38d_amount_leading_zero": (2, "FORMAT_TAX_SET"),
    "A39_underscore_in_nr": (2, "BASICCONSTRAINTS_NUMBER_OF_ELEMENTS"),
    "A40_header_hs256": (2, "CRYPTO_SIGNATURE"),
    "A40_header_none": (2, "CRYPTO_SIGNATURE"),
    "A40_header_space": (2, "CRYPTO_SIGNATURE"),
    "A41_padding": (14, "JWS_FORMAT"),
    "A42_chain_16_bytes": (2, "FORMAT_CHAIN_VALUE_PREVIOUS_RECEIPT_BASE64"),
    "A43_chain_over_qr": (2, "DEP_CHAINING_VALUE"),
    "A44_chain_skips_outage": (4, "DEP_CHAINING_VALUE"),
    "A45_counter_4_bytes": (2, "FORMAT_ENCRYPTED_TURN_OVER_VALUE_BASE64"),
    "A46_counter_no_padding": (2, "FORMAT_ENCRYPTED_TURN_OVER_VALUE_BASE64"),
    "A47_serial_decimal": (2, "VERIFICATION_FROM_CASHBOX"),
    "A47c_serial_0x": (2, "FORMAT_HEX_CHARS"),
    "A49_foreign_key": (2, "CRYPTO_SIGNATURE"),
    "A50_failstring_case": (2, "CRYPTO_SIGNATURE"),
    "A51_suite_R1-AT": (2, "FORMAT_RK_STRING"),
    "A51_suite_R2-AT100": (2, "RKSUITE"),
    "A51_suite_r1-at100": (2, "FORMAT_RK_STRING"),
    "A53_TRA_literal": (2, "FORMAT_ENCRYPTED_TURN_OVER_VALUE_BASE64"),
    "A53b_STO_literal": (3, "FORMAT_ENCRYPTED_TURN_OVER_VALUE_BASE64"),
    "A60_group_cert_mismatch": (1, "DEP_GROUP_CERTIFICATE"),
    "J01_no_group": (None, "DEP_JSON_FORMAT"),
    "J03_receipts_empty": (None, "DEP_RECEIPT_LIST"),
    "J06_receipt_number": (4, "DEP_JSON_FORMAT"),
}
"""Receipt and reason that must be among the errors. Measured verdicts: ``verdicts.json``."""

WARNED = {
    "V06_unsigned_null_in_outage": "STATE_SIGDEVICE",
    "V14_siegelzertifikat_key": "DEP_JSON_FORMAT",
    "A38b_amount_minus_zero": "FORMAT_TAX_SET",
    "J04_no_cert_key": "DEP_JSON_FORMAT",
    "J07_zert_null": "DEP_JSON_FORMAT",
}

EITHER = {"A47d_serial_leading_zero": False, "A51_suite_R1-DE1": False}
"""Cases with a free verdict that are rejected here, as the stricter judge does."""

CASES = sorted(
    [
        *REJECTED,
        *WARNED,
        *EITHER,
        "A08_tail_cut",
        "A34c_dst_gap",
        "A58_counter_size_change",
        "V01_base",
        "V02_counter_16_bytes",
        "V02_counter_6_bytes",
        "V02_counter_7_bytes",
        "V02_counter_9_bytes",
        "V03_sammelbeleg_second",
        "V04_sammelbeleg_first",
        "V07_training_storno_in_outage",
        "V08_equal_timestamps",
        "V10_closed_system",
        "V11_suite_R1-AT1",
        "V12_cert_in_group",
        "V15_large_amounts",
        "V16_storno_positive",
        "V18_zero_sum_mixed",
    ]
)


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with worker_pool(2) as executor:
        yield executor


def reports(folder: Path, pool: Executor | None = None) -> list[Report]:
    keys = keys_of(folder)
    modes: list[dict[str, Any]] = [*MODES.values()]
    if pool is not None:
        modes.append({"workers": 2, "pool": pool, "block_bytes": 700})
    dep = folder / "dep-export.json"
    return [verify_dep(dep, keys, now=NOW, **mode) for mode in modes]


def required(case: str) -> str:
    rows = json.loads(vectors("rksv", "dep-cases", "verdicts.json").read_bytes())
    return next(str(row["required_of_bonbridge"]) for row in rows if row["case"] == case)


def test_the_table_knows_every_case() -> None:
    rows = json.loads(vectors("rksv", "dep-cases", "verdicts.json").read_bytes())
    assert sorted(row["case"] for row in rows) == CASES


@pytest.mark.parametrize("case", CASES)
def test_every_case_gets_its_verdict_in_every_mode(case: str, pool: Executor) -> None:
    reference, *others = reports(vectors("rksv", "dep-cases", case), pool)
    assert all(report == reference for report in others)
    demanded = required(case)
    if demanded == "reject":
        assert not reference.valid
        assert REJECTED[case] in checks(reference)
    elif demanded.startswith("accept"):
        assert reference.valid
    else:
        assert demanded.startswith("either")
        assert reference.valid is EITHER.get(case, True)
    warned = {each.check for each in reference.findings if each.severity == "warning"}
    if case in WARNED:
        assert WARNED[case] in warned
    elif demanded == "accept with warning":
        pytest.fail("no warning is expected of this case")
    elif reference.valid:
        assert not reference.findings


@pytest.mark.parametrize("case", sorted(REJECTED))
def test_every_error_is_a_sentence_that_says_where(case: str) -> None:
    for each in reports(vectors("rksv", "dep-cases", case))[0].findings:
        assert each.text.endswith(".")
        assert len(each.text) > 20
        if each.receipt is not None:
            assert each.text.startswith(f"Receipt {each.receipt}")


def published() -> list[str]:
    names = []
    for system in ("open", "closed"):
        names += [
            f"bmf-mustercode-output/{system}/TESTSUITE_TEST_SZENARIO_{n}" for n in range(1, 9)
        ]
    return [
        *names,
        "bmf-example-output-0.7.1/closed/TESTSUITE_TEST_SZENARIO_1",
        "bmf-example-output-0.7.1/open/TESTSUITE_TEST_SZENARIO_2",
        "worked-example",
    ]


@pytest.mark.parametrize("name", published())
def test_the_published_outputs_are_valid_without_any_finding(name: str) -> None:
    folder = vectors("rksv", *name.split("/"))
    for report in reports(folder):
        assert report.valid
        assert not report.findings
        assert report.receipts == len(receipts_of(folder))
