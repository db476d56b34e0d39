"""GetEvidenceState: how far each partition is folded and stored, and whether it is stopped."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from services.evaluation.domain.folded import Place
from services.evaluation.domain.partition import Partition


class Evidence(msgspec.Struct, frozen=True):
    """Size and root are the stored ones, which checkpoints are made of."""

    place: Place
    size: int
    root: bytes
    stopped: str


def evidence_state(partitions: Mapping[Place, Partition]) -> list[Evidence]:
    return [Evidence(place, it.position.size, it.root, it.stopped) for place, it in sorted(partitions.items())]
