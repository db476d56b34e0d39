"""Programme (培养项目): what the plan opens for talents and agencies, and how many take part."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.area import PROVINCE, prefecture_of
from services.shared.kernel.dates import NO_DAY, Day, holds
from services.shared.kernel.errors import Exhausted, IntervalReversed, Invalid, NotFound, RuleBroken

# View of programmes by area and its ancestors, and by these with a kind: "510100", "510100/emei".
BY_AREA = "area"
MOST_PAIRINGS = 1_000
# Pairings that facts hold, the latest ones; facts fit 4 KiB.
TOLD_PAIRINGS = 32
SHEETS = 64


class ProgrammeNotFound(NotFound):
    reason = "PROGRAMME_NOT_FOUND"
    zh, en = "没有此培养项目", "No such programme"


class ProgrammeClosed(RuleBroken):
    reason = "PROGRAMME_CLOSED"
    zh, en = "培养项目已结束", "The programme is closed"


class OutsideProgramme(RuleBroken):
    reason = "OUTSIDE_PROGRAMME"
    zh, en = "日期不在项目期内", "The programme does not run on that day"
    fix_zh, fix_en = "请核对项目起止日期", "Check it against the days of the programme"


class NotAPairingProgramme(RuleBroken):
    reason = "NOT_A_PAIRING_PROGRAMME"
    zh, en = "仅机构牵手计划可以结对", "Agencies are paired in a programme of that kind only"


class PairedWithItself(Invalid):
    reason = "PAIRED_WITH_ITSELF"
    zh, en = "机构不能与自身结对", "An agency supports another one, not itself"


class PairingOverlaps(RuleBroken):
    reason = "PAIRING_OVERLAPS"
    zh, en = "两机构在该时段已结对", "The two agencies are paired in that time already"


class PairingNotFound(NotFound):
    reason = "PAIRING_NOT_FOUND"
    zh, en = "没有此结对", "No running pairing of the two"


class Pairing(msgspec.Struct, frozen=True):
    """`supporter` helps `supported` in [since, until) (机构牵手)."""

    supporter: str
    supported: str
    since: Day
    until: Day


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """What one sheet of members added up to at its version."""

    version: int = 0
    members: int = 0
    completed: int = 0


class ProgrammeFacts(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""
    area: str = ""
    region_type: str = ""
    since: Day = NO_DAY
    until: Day = NO_DAY
    members: int = 0
    completed: int = 0
    pairings: tuple[Pairing, ...] = ()


class ProgrammeState(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""
    area: str = ""
    region_type: str = ""
    since: Day = NO_DAY
    until: Day = NO_DAY
    closed: bool = False
    pairings: tuple[Pairing, ...] = ()
    counted: tuple[tuple[int, Counted], ...] = ()


class ProgrammeOpened(msgspec.Struct, frozen=True):
    pass


class EnrolmentChanged(msgspec.Struct, frozen=True):
    what: str
    organisation: str


class ProgrammeClosedOn(msgspec.Struct, frozen=True):
    pass


# Named as its message; the class above that says PROGRAMME_CLOSED is the refusal.
ProgrammeClosedOn.__name__ = "ProgrammeClosed"
