"""What the sample hands to a partner's publisher: one record, personal data still in clear and apart."""

from __future__ import annotations

from typing import Any, NamedTuple


class Record(NamedTuple):
    """`type` names the builder of the SDK and the message: talent → TalentRecord."""

    partner: str
    type: str
    record_id: str
    revision: int
    personal: dict[str, str]
    fields: dict[str, Any]
