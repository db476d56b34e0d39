"""What the sample hands to a partner's publisher: one record, personal data still in clear and apart."""

from __future__ import annotations

from typing import Any, NamedTuple


class Record(NamedTuple):
    """`type` is the name of the SDK's builder, `fields` and `personal` are its arguments."""

    partner: str
    type: str
    record_id: str
    revision: int
    personal: dict[str, str]
    fields: dict[str, Any]
