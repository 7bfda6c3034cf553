"""What a box reports of receipts: the data of its numbered frames, read strictly where used."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from bridge.cloud.envelope import (
    OUTAGE_BEGIN,
    OUTAGE_END,
    RECEIPT_ABORTED,
    RECEIPT_COMPLETED,
    RECEIPT_EXPIRED,
    RECEIPT_OPENED,
    RECEIPT_WITHDRAWN,
    RESULT,
    SKIP,
    Result,
)

_Number = Annotated[StrictInt, Field(ge=0, lt=2**63)]


class ReceiptReport(BaseModel):
    """What happened to a receipt. Unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    parked_id: StrictStr | None = None
    reference: StrictStr | None = None
    receipt_id: StrictStr | None = None
    register_id: Annotated[StrictStr | None, Field(alias="register")] = None
    reason: StrictStr | None = None


class CompletedReport(ReceiptReport):
    """A signed receipt. Amounts are cents, ``code`` is the text of the QR code, ``time`` as the
    box reported it. ``sent`` is what a receipt was made of that the cloud itself created."""

    receipt_id: StrictStr
    register_id: Annotated[StrictStr, Field(alias="register")]
    number: _Number
    time: StrictStr
    totals: dict[str, StrictInt] = Field(default_factory=dict)
    total: StrictInt | None = None
    payments: tuple[dict[str, Any], ...] = ()
    code: StrictStr
    kind: StrictStr = "sale"
    sent: dict[str, Any] | None = None


class OtherReport(BaseModel):
    """What concerns no receipt: kept as it came."""

    model_config = ConfigDict(extra="allow", frozen=True)


MODELS: dict[str, type[BaseModel]] = {
    RESULT: Result,
    RECEIPT_OPENED: ReceiptReport,
    RECEIPT_COMPLETED: CompletedReport,
    RECEIPT_ABORTED: ReceiptReport,
    RECEIPT_WITHDRAWN: ReceiptReport,
    RECEIPT_EXPIRED: ReceiptReport,
    OUTAGE_BEGIN: OtherReport,
    OUTAGE_END: OtherReport,
    SKIP: OtherReport,
}
"""Every type of numbered frame that a box may send."""
