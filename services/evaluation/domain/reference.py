"""Reference data as aggregates: areas, populations, indicator definitions, targets (domain §0).

They are published like everything else, so that an outsider needs nothing but the topics, and a statement's cut
contains them.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day, last_day

F = TypeVar("F")


class ReferenceSet(msgspec.Struct, frozen=True):
    reason: str
    effective_from: str


class Reference(Aggregate[Any]):
    """State = facts. Setting the same facts again records nothing."""

    __slots__ = ()
    facts_type: ClassVar[type[msgspec.Struct]]

    @classmethod
    def blank(cls) -> Any:
        return None

    def facts(self) -> Any:
        return self.state

    def set(self, facts: msgspec.Struct, *, reason: str, effective_from: str) -> bool:
        """False when these are the present facts."""
        if facts == self.state:
            return False
        self._record(ReferenceSet(reason, effective_from), facts)
        return True


class Township(msgspec.Struct, frozen=True):
    code: str
    name: str
    kind: str


class AreaFacts(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str
    level: str
    parent: str
    kind: str
    three_prefectures: bool
    townships: tuple[Township, ...] = ()
    since: str = ""
    until: str = ""


class Area(Reference):
    """Province, prefecture, or one county with its townships. Id "area/<code>"."""

    kind = "area"
    facts_type = AreaFacts
    __slots__ = ()


class PopulationCount(msgspec.Struct, frozen=True):
    """Residents (常住人口) on a day; `confirmation` says how the figure is known (data/README.md)."""

    on: str
    residents: int
    confirmation: str


class PopulationFacts(msgspec.Struct, frozen=True):
    code: str
    counts: tuple[PopulationCount, ...]


class Population(Reference):
    """Id "population/<code>"; province and prefectures."""

    kind = "population"
    facts_type = PopulationFacts
    __slots__ = ()


class IndicatorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """value = numerator × scale_numerator ÷ (denominator × scale_denominator); without a denominator series it is 1."""

    number: str
    name_zh: str
    name_en: str
    unit: str
    shape: str
    nature: str
    direction: str
    numerator: str
    denominator: str
    scale_numerator: int
    scale_denominator: int
    clause: str
    contributions_version: int
    fed: bool
    accumulation: str


class Indicator(Reference):
    """Id "indicator/<number>": 1 … 19 of 表1, and companions (3a, S15a …)."""

    kind = "indicator"
    facts_type = IndicatorFacts
    __slots__ = ()


class TargetVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`value` and `baseline` are decimal text in the indicator's unit; baseline "" = the computed value at 2020-12."""

    value: str
    baseline: str
    path: str
    effective_from: str
    reason: str
    approver: str
    area: str


class TargetFacts(msgspec.Struct, frozen=True):
    number: str
    versions: tuple[TargetVersion, ...]

    def in_force(self, area: str, month: str) -> TargetVersion | None:
        """A past month is judged by the target then in force; an area without one of its own has none."""
        day: Day = last_day(month)
        own = [it for it in self.versions if it.area == area and it.effective_from <= day]
        return max(own, key=lambda it: it.effective_from, default=None)


class Target(Reference):
    """Id "target/<number>"."""

    kind = "target"
    facts_type = TargetFacts
    __slots__ = ()


class Catalogue(msgspec.Struct, frozen=True):
    """The definitions and targets that reads go by, in the order in which they are shown."""

    indicators: dict[str, IndicatorFacts]
    targets: dict[str, TargetFacts]
