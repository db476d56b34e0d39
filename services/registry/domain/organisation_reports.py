"""What is reported of an organisation beside its registration and posts, one value per record; and what these make.

Like a talent's reports: keyed by origin, so that the facts depend on the set of reports and never on their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from services.registry.domain.party import Arrangement, united
from services.shared.kernel.dates import NO_DAY, Day
from services.shared.kernel.errors import IntervalReversed, NotFound
from services.shared.kernel.origin import Origin

# What events carry; with posts and party cover the facts stay below 4 KiB.
MOST_ACCREDITATIONS, MOST_RESIDENTS, MOST_CONTRACTS = 12, 16, 12


class AccreditationReport(msgspec.Struct, frozen=True):
    """A base (基地) that a level of government named."""

    origin: Origin
    kind: str
    grantor: str
    since: Day
    until: Day

    @property
    def of(self) -> str:
        return f"{self.kind}/{self.grantor}"


class ArrangementReport(msgspec.Struct, frozen=True):
    """A party arrangement and the party body that answers for it; private."""

    origin: Origin
    kind: str
    other: str
    responsible: str
    since: Day
    until: Day

    @property
    def of(self) -> str:
        return f"{self.kind}/{self.other}"


class Ended(msgspec.Struct, frozen=True):
    """The accreditation or arrangement `of` that ran until then ended, or the branch was dissolved.

    What begins later is not ended by it.
    """

    origin: Origin
    of: str
    until: Day
    reason: str


class ResidentsReport(msgspec.Struct, frozen=True):
    origin: Origin
    on: Day
    residents: int


class FounderReport(msgspec.Struct, frozen=True):
    """Who founded it (举办者): a talent or an organisation; private."""

    origin: Origin
    talent: str
    organisation: str


class CreditReport(msgspec.Struct, frozen=True):
    """A credit event (信用记录) of a department in [since, until) and what became of an appeal; private."""

    origin: Origin
    department: str
    event: str
    kind: str
    since: Day
    until: Day
    appealed_on: Day
    # "" = not decided, upheld or rejected.
    appeal: str
    decided_on: Day


class ResidentCount(msgspec.Struct, frozen=True):
    on: Day
    residents: int


class Accreditation(msgspec.Struct, frozen=True):
    kind: str
    since: Day
    until: Day


class ServiceContract(msgspec.Struct, frozen=True):
    """A purchased-service contract that serves the organisation in [since, until)."""

    contract: str
    since: Day
    until: Day


class Certified(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A holder of a certificate works here in [since, until); private, only counted."""

    talent: str
    since: Day
    until: Day


class Accredited(msgspec.Struct, frozen=True):
    kind: str
    since: Day


class ResidentsCounted(msgspec.Struct, frozen=True):
    on: Day


class ServiceContracted(msgspec.Struct, frozen=True):
    contract: str


class PartyCoverChanged(msgspec.Struct, frozen=True):
    """`fits` in the last interval, since its first day."""

    fits: bool
    since: Day


class OrganisationPrivateChanged(msgspec.Struct, frozen=True):
    """Something changed that facts do not tell: founder, party members, credit, certified staff."""


class _Ending(Protocol):
    @property
    def of(self) -> str: ...
    @property
    def since(self) -> Day: ...
    @property
    def until(self) -> Day: ...


class AccreditationNotFound(NotFound):
    reason = "ACCREDITATION_NOT_FOUND"
    zh, en = "该机构没有此基地称号", "The organisation has no such accreditation"


class ArrangementNotFound(NotFound):
    reason = "ARRANGEMENT_NOT_FOUND"
    zh, en = "该机构没有此党建工作安排", "The organisation has no such party arrangement"


def must_have_begun(reports: Iterable[_Ending], end: Ended, missing: type[NotFound]) -> None:
    """Only what was reported can be ended, and not before it began."""
    begun = [it.since for it in reports if it.of == end.of]
    if not begun:
        raise missing(field="kind")
    if end.until <= min(begun):
        raise IntervalReversed(field="until", since=min(begun), until=end.until)


def until_of(report: _Ending, ends: Iterable[Ended]) -> Day:
    """The day on which it no longer holds: its own last day, or the first end after its beginning."""
    days = [it.until for it in ends if it.of == report.of and it.until > report.since]
    return min([*days, *([report.until] if report.until else ())], default=NO_DAY)


def accreditations(reports: Iterable[AccreditationReport], ends: Sequence[Ended]) -> tuple[Accreditation, ...]:
    """One base counts once, whichever levels and systems report it (inferred): the days of all, by kind."""
    times: dict[str, list[tuple[Day, Day]]] = {}
    for report in reports:
        times.setdefault(report.kind, []).append((report.since, until_of(report, ends)))
    held = [Accreditation(kind, since, until) for kind in times for since, until in united(times[kind])]
    return tuple(sorted(held, key=lambda it: (it.since, it.kind))[-MOST_ACCREDITATIONS:])


def arrangements(reports: Iterable[ArrangementReport], ends: Sequence[Ended]) -> tuple[Arrangement, ...]:
    return tuple(Arrangement(it.kind, it.other, it.since, until_of(it, ends)) for it in reports)


def resident_counts(reports: Iterable[ResidentsReport]) -> tuple[ResidentCount, ...]:
    """One count a day: of two systems the higher revision, then the greater name; a count like the one before it adds
    nothing. The latest ones.
    """
    best: dict[Day, ResidentsReport] = {}
    for report in reports:
        held = best.get(report.on)
        if held is None or _rank(held.origin) < _rank(report.origin):
            best[report.on] = report
    counts: list[ResidentCount] = []
    for on in sorted(best):
        if not counts or counts[-1].residents != best[on].residents:
            counts.append(ResidentCount(on, best[on].residents))
    return tuple(counts[-MOST_RESIDENTS:])


def _rank(origin: Origin) -> tuple[int, str, str]:
    return origin.revision, origin.system, origin.record_id


def contracts_told(contracts: Iterable[ServiceContract]) -> tuple[ServiceContract, ...]:
    """Without those whose days another one holds too; the latest ones."""
    kept: list[ServiceContract] = []
    for contract in sorted(contracts, key=lambda it: (it.since, _reverse(it.until), it.contract)):
        if not kept or _last(contract.until) > max(_last(it.until) for it in kept):
            kept.append(contract)
    return tuple(kept[-MOST_CONTRACTS:])


def _last(until: Day) -> str:
    return until or "9999-99-99"


def _reverse(until: Day) -> int:
    return -int(_last(until).replace("-", ""))


def credit_events(reports: Iterable[CreditReport]) -> tuple[CreditReport, ...]:
    """What counts: an upheld appeal takes an event away."""
    return tuple(it for it in credit_records(reports) if it.appeal != "upheld")


def credit_records(reports: Iterable[CreditReport]) -> tuple[CreditReport, ...]:
    """One per department and event: the higher revision, then the greater system."""
    best: dict[tuple[str, str], CreditReport] = {}
    for report in reports:
        key = (report.department, report.event)
        if key not in best or _rank(best[key].origin) < _rank(report.origin):
            best[key] = report
    return tuple(it for _, it in sorted(best.items()))
