"""RecordTalent: a department creates or refreshes its own affiliation of a person (登记从业记录)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reports import (
    Affiliation,
    Pay,
    Recognition,
    WorkReport,
    affiliation_id,
)
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import TalentReported
from services.shared.kernel import dates, text
from services.shared.kernel.area import COMMUNITY, area, home
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.codes import PRACTICE_FIELDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid, FieldMissing, Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.money import MOST
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc

FIRST_PAY_YEAR = 1990


class CommunityKindContradicts(Invalid):
    reason = "COMMUNITY_KIND_CONTRADICTS_PLACE"
    zh, en = (
        "社区类型与工作地点不符",
        "A community kind needs a community as the place of work, and the other way round",
    )


class RecordTalent(msgspec.Struct, frozen=True, kw_only=True):
    person: Person
    by: Principal | Partner
    origin: Origin
    department: str
    as_of: str
    home_county: str
    organisation: str
    role: str
    post: str
    field: str
    place: str
    community_kind: str
    full_time: bool
    practitioner: bool
    principal: bool
    since: str
    until: str
    recognised_ground: str
    recognised_since: str
    recognised_until: str
    pay_year: int
    pay_fen: int


def step(cmd: RecordTalent, *, keys: KeyRing, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    place = area(cmd.place, field="place")
    cmd.by.must_reach(place, field="place")
    organisation = uscc(cmd.organisation, field="organisation")
    role = text.code(cmd.role, codes.ROLES, field="role")
    since, until = dates.interval(cmd.since, cmd.until, field="", not_after=today)
    community_kind = text.code(
        cmd.community_kind,
        codes.COMMUNITY_KINDS,
        field="community_kind",
        required=False,
    )
    if bool(community_kind) != (len(place) == COMMUNITY):
        raise CommunityKindContradicts(field="community_kind")
    affiliation = Affiliation(
        affiliation_id(department=cmd.department, organisation=organisation, role=role),
        cmd.department,
        organisation,
        role,
        text.identifier(cmd.post, field="post", required=False),
        text.code(cmd.field, PRACTICE_FIELDS, field="field"),
        place,
        community_kind,
        cmd.full_time,
        cmd.practitioner,
        cmd.principal,
        since,
        until,
    )
    recognition = _recognition(cmd, today=today)
    pay = pay_of(cmd.pay_year, cmd.pay_fen, organisation, today=today) if cmd.pay_year or cmd.pay_fen else None
    as_of = dates.day(cmd.as_of, field="as_of", not_after=today)
    home_county = home(cmd.home_county, field="home_county")
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today, employer=organisation)
    report = WorkReport(
        cmd.origin,
        who.name,
        cmd.by.area,
        as_of,
        home_county,
        affiliation,
        recognition,
        pay,
        cmd.pay_fen,
        who.match,
    )
    event = TalentReported(affiliation.id, cmd.department)
    values = {"talent_id": who.talent, "affiliation_id": affiliation.id}

    def change(talent: Talent) -> dict[str, str]:
        talent.report(report, who.identity, event)
        return values

    return Step(Talent, who.talent, change)


def _recognition(cmd: RecordTalent, *, today: Day) -> Recognition | None:
    ground = text.code(cmd.recognised_ground, codes.GROUNDS, field="recognised_ground", required=False)
    if not ground:
        if cmd.recognised_since or cmd.recognised_until:
            raise FieldMissing(field="recognised_ground")
        return None
    since, until = dates.interval(cmd.recognised_since, cmd.recognised_until, field="recognised_", not_after=today)
    return Recognition(ground, since, until, cmd.department)


def pay_of(year: int, fen: int, organisation: str, *, today: Day) -> Pay:
    """Pay of a finished or running calendar year, at least one fen. Raises AMOUNT_INVALID."""
    if not FIRST_PAY_YEAR <= year <= int(today[:4]):
        raise AmountInvalid(field="pay_year", year=year)
    if not 0 < fen <= MOST:
        raise AmountInvalid(field="pay_fen", fen=fen)
    return Pay(year, organisation, codes.pay_band(fen))


async def record_talent(cmd: RecordTalent, *, lanes: Lanes, keys: KeyRing, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, keys=keys, today=clock.day()), cause=cause)
