"""RecordCreditEvent: what counts for or against a person's credit (信用; plan 563). Never published."""

from __future__ import annotations

import re

import msgspec

from services.registry.commands.sealed_text import sealed_text
from services.registry.domain import codes
from services.registry.domain.credit import credit_id
from services.registry.domain.person import Person, must_be_born, protect
from services.registry.domain.reach import must_reach_own
from services.registry.domain.reports import CreditReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step

_SHA256 = re.compile(r"[0-9a-fA-F]{64}").fullmatch


class EvidenceMalformed(Invalid):
    reason = "EVIDENCE_MALFORMED"
    zh, en = "证据摘要无效", "Not a SHA-256 of 64 hexadecimal characters"


class RecordCreditEvent(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    kind: str
    on: str
    reason: str
    evidence: str
    etag: str
    by: Principal


class ReportCreditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number."""

    person: Person
    origin: Origin
    department: str
    kind: str
    on: str
    reason: str
    evidence: str


def _checked(kind: str, on: str, evidence: str, *, today: Day) -> tuple[str, Day, str]:
    code = text.code(kind, codes.CREDIT_KINDS, field="kind")
    day = dates.day(on, field="on", not_after=today)
    if evidence and not _SHA256(evidence):
        raise EvidenceMalformed(field="evidence")
    return code, day, evidence.lower()


def step(cmd: ReportCreditEvent, *, keys: KeyRing, today: Day) -> Step:
    kind, on, evidence = _checked(cmd.kind, cmd.on, cmd.evidence, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    must_be_born(on, who.identity.birth_year, field="on")
    why = sealed_text(cmd.reason, talent=who.talent, field="reason", keys=keys)
    report = CreditReport(cmd.origin, who.name, cmd.department, kind, on, why.index, evidence)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, PrivateChanged(), why)

    return Step(Talent, who.talent, change)


async def record_credit_event(
    cmd: RecordCreditEvent, *, lanes: Lanes, keys: KeyRing, clock: Clock, cause: Cause
) -> Answer:
    """The answer names the event: `credit_id`."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    kind, on, evidence = _checked(cmd.kind, cmd.on, cmd.evidence, today=clock.day())
    why = sealed_text(cmd.reason, talent=talent_id, field="reason", keys=keys)
    origin = Origin(cmd.by.name, f"credit/{cause.key}")
    report = CreditReport(origin, None, cmd.department, kind, on, why.index, evidence)

    def change(talent: Talent) -> dict[str, str]:
        must_reach_own(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_born(on, talent.state.birth_year, field="on")
        talent.report(report, None, PrivateChanged(), why)
        return {"credit_id": credit_id(origin)}

    return await lanes.update(Talent, talent_id, change, cause=cause)
