"""What a command comes down to: one function on one aggregate. The API runs it in a lane, the intake in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from services.shared.kernel.aggregate import Aggregate


class Step(msgspec.Struct, frozen=True):
    """`change` is deterministic: no await, clock or draw inside; everything it needs was prepared before."""

    kind: type[Aggregate[Any]]
    id: str
    change: Callable[[Any], Mapping[str, str] | None]


class ClaimStep(msgspec.Struct, frozen=True):
    """A step on whoever holds `claim` among aggregates of `kind`: known when it is applied, not before."""

    kind: type[Aggregate[Any]]
    claim: str
    change: Callable[[Any], Mapping[str, str] | None]
