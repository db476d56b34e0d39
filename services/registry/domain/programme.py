"""Programme (培养项目): what the plan opens for talents and agencies, how many take part, who supports whom."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from services.registry.domain import codes
from services.registry.domain.enrolment import Counted, Enrolled, counted
from services.shared.kernel import text
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.dates import NO_DAY, Day, holds
from services.shared.kernel.errors import Duplicate, Exhausted, IntervalReversed, NotFound, RuleBroken
from services.shared.kernel.text import IdMalformed

# View of opened programmes by area and its ancestors, alone and with a kind: "510100", "510100/emei".
BY_AREA = "area"
# View of programmes by the agencies that are paired in them.
BY_AGENCY = "agency"
PAIRING = "agency_pairing"
MOST_PAIRINGS = 500
# The latest ones, which facts hold: facts fit 4 KiB.
TOLD_PAIRINGS = 32
LONGEST_CODE = 32


class ProgrammeNotFound(NotFound):
    reason = "PROGRAMME_NOT_FOUND"
    zh, en = "没有此培养项目", "No such programme"


class ProgrammeExists(Duplicate):
    reason = "PROGRAMME_EXISTS"
    zh, en = "该编号的培养项目已存在", "A programme of this kind, area and code was opened before"


class ProgrammeOver(RuleBroken):
    reason = "PROGRAMME_CLOSED"
    zh, en = "培养项目已结束", "The programme is closed"


class OutsideProgramme(RuleBroken):
    reason = "OUTSIDE_PROGRAMME"
    zh, en = "日期不在项目期内", "The programme does not run on that day"
    fix_zh, fix_en = "请核对项目起止日期", "Check it against the days of the programme"


class NotAPairingProgramme(RuleBroken):
    reason = "NOT_A_PAIRING_PROGRAMME"
    zh, en = "仅机构牵手计划可以结对", "Agencies are paired in a programme of that kind only"


class PairingOverlaps(RuleBroken):
    reason = "PAIRING_OVERLAPS"
    zh, en = "两机构在该时段已结对", "The two agencies are paired in that time already"


class PairingNotFound(NotFound):
    reason = "PAIRING_NOT_FOUND"
    zh, en = "没有此结对", "No pairing of the two that runs on that day"


class Pairing(msgspec.Struct, frozen=True):
    """`supporter` helps `supported` in [since, until) (机构牵手)."""

    supporter: str
    supported: str
    since: Day
    until: Day


class Opening(msgspec.Struct, frozen=True):
    """What a programme is opened as; `kind` "" = nobody has opened it, others refer to it."""

    kind: str = ""
    name: str = ""
    area: str = ""
    region_type: str = ""
    since: Day = NO_DAY
    until: Day = NO_DAY


class ProgrammeFacts(msgspec.Struct, frozen=True):
    kind: str
    name: str
    area: str
    region_type: str
    since: Day
    until: Day
    members: int
    completed: int
    pairings: tuple[Pairing, ...]


class ProgrammeState(msgspec.Struct, frozen=True):
    opening: Opening = Opening()
    closed: bool = False
    pairings: tuple[Pairing, ...] = ()
    # What each sheet of members adds, by its number.
    counted: tuple[tuple[int, Counted], ...] = ()


class ProgrammeOpened(msgspec.Struct, frozen=True):
    pass


class ProgrammeClosed(msgspec.Struct, frozen=True):
    pass


class EnrolmentChanged(msgspec.Struct, frozen=True):
    """taken_part, left or completed; of a pairing (paired, ended) with the code of the agency that is supported."""

    what: str
    organisation: str


def programme_id(kind: str, area_code: str, code: str) -> str:
    return f"{kind}/{area_code}/{code}"


def known_id(programme: str, *, field: str) -> str:
    """The id of a programme that may exist. Raises FIELD_MISSING, FIELD_TOO_LONG, ID_MALFORMED, AREA_UNKNOWN."""
    parts = text.identifier(programme, field=field).split("/")
    if len(parts) != 3 or parts[0] not in codes.PROGRAMMES or not 0 < len(parts[2]) <= LONGEST_CODE:  # noqa: PLR2004 - as programme_id joins them
        raise IdMalformed(field=field)
    area(parts[1], field=field, levels=(COUNTY,))
    return programme


class Programme(Aggregate[ProgrammeState]):
    """Id = "<kind>/<area>/<code>", so that enrolments may name it before it is opened.

    Invariants: members and completed are what the sheets add up to (enrolment.py); two agencies are not paired twice
    on one day, and only while the programme runs. Plan §3.3, §4.5.
    """

    kind = "programme"
    __slots__ = ()

    @classmethod
    def blank(cls) -> ProgrammeState:
        return ProgrammeState()

    def facts(self) -> ProgrammeFacts:
        it, parts = self.state.opening, [part for _, part in self.state.counted]
        return ProgrammeFacts(
            it.kind,
            it.name,
            it.area,
            it.region_type,
            it.since,
            it.until,
            members=sum(part.members for part in parts),
            completed=sum(part.completed for part in parts),
            pairings=self.state.pairings[-TOLD_PAIRINGS:],
        )

    @property
    def opened(self) -> bool:
        return self.state.opening.kind != ""

    def must_be_open(self) -> Opening:
        if not self.opened:
            raise ProgrammeNotFound(field="programme_id", programme=self.id)
        return self.state.opening

    def must_run_on(self, day: Day, *, field: str) -> None:
        """Raises PROGRAMME_NOT_FOUND, OUTSIDE_PROGRAMME."""
        it = self.must_be_open()
        if not holds(it.since, it.until, day):
            raise OutsideProgramme(field=field, since=it.since, until=it.until)

    def open(self, opening: Opening) -> None:
        if self.opened:
            raise ProgrammeExists(field="code", programme=self.id)
        self._record(ProgrammeOpened(), msgspec.structs.replace(self.state, opening=opening))

    def close(self, until: Day) -> None:
        """Its pairings end with it. Raises PROGRAMME_CLOSED, INTERVAL_REVERSED."""
        opening = self.must_be_open()
        if self.state.closed:
            raise ProgrammeOver(field="programme_id", until=opening.until)
        if until <= opening.since:
            raise IntervalReversed(field="until", since=opening.since, until=until)
        ended = [
            msgspec.structs.replace(it, until=until) if not it.until or it.until > until else it
            for it in self.state.pairings
            if it.since < until
        ]
        state = msgspec.structs.replace(
            self.state,
            opening=msgspec.structs.replace(opening, until=until),
            closed=True,
            pairings=tuple(ended),
        )
        self._record(ProgrammeClosed(), state)

    def pair(self, pairing: Pairing) -> None:
        """Raises NOT_A_PAIRING_PROGRAMME, OUTSIDE_PROGRAMME, PAIRING_OVERLAPS, LIMIT_REACHED."""
        opening = self.must_be_open()
        if opening.kind != PAIRING:
            raise NotAPairingProgramme(field="programme_id", kind=opening.kind)
        self.must_run_on(pairing.since, field="since")
        if opening.until and not pairing.until:
            pairing = msgspec.structs.replace(pairing, until=opening.until)
        if opening.until and pairing.until > opening.until:
            raise OutsideProgramme(field="until", since=opening.since, until=opening.until)
        for held in self.state.pairings:
            if _same(held, pairing.supporter, pairing.supported) and _overlap(held, pairing):
                raise PairingOverlaps(field="since", since=held.since, until=held.until)
        if len(self.state.pairings) >= MOST_PAIRINGS:
            raise Exhausted(field="programme_id", limit=MOST_PAIRINGS)
        self._pairings((*self.state.pairings, pairing), "paired", pairing.supported)

    def end_pairing(self, supporter: str, supported: str, until: Day) -> None:
        """End the pairing that runs on the day before `until`. Raises PAIRING_NOT_FOUND."""
        self.must_be_open()
        for held in self.state.pairings:
            if _same(held, supporter, supported) and held.since < until and (not held.until or until < held.until):
                kept = [it for it in self.state.pairings if it is not held]
                ended = msgspec.structs.replace(held, until=until)
                self._pairings((*kept, ended), "ended", supported)
                return
        raise PairingNotFound(field="supported", until=until)

    def count(self, number: int, version: int, rows: Iterable[Enrolled]) -> bool:
        """Take what a sheet adds up to at its version; an older version than the one counted last is a repeat.

        A sheet that counts nothing yet is taken note of, so that it is counted again when the programme is opened.
        """
        held = dict(self.state.counted)
        before = held.get(number, Counted())
        now = counted(rows, self.state.opening.since, self.state.opening.until, version=version)
        same = (now.members, now.completed) == (before.members, before.completed)
        if version < before.version or (same and (number in held or version == 0)):
            return False
        held[number] = now
        what = "completed" if now.completed > before.completed else "taken_part"
        if now.members < before.members:
            what = "left"
        state = msgspec.structs.replace(self.state, counted=tuple(sorted(held.items())))
        self._record(EnrolmentChanged(what, ""), state)
        return True

    def _pairings(self, pairings: Iterable[Pairing], what: str, organisation: str) -> None:
        ordered = sorted(pairings, key=lambda it: (it.since, it.supporter, it.supported))
        self._record(EnrolmentChanged(what, organisation), msgspec.structs.replace(self.state, pairings=tuple(ordered)))


def _same(held: Pairing, supporter: str, supported: str) -> bool:
    return (held.supporter, held.supported) == (supporter, supported)


def _overlap(one: Pairing, other: Pairing) -> bool:
    return (not one.until or other.since < one.until) and (not other.until or one.since < other.until)
