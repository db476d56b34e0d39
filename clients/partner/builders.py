"""One typed builder per record type of partner/v1: checks, seals the personal fields, hands the record on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Unpack

from clients.partner import lists, records
from clients.partner.checks import RecordInvalid, faults_of
from clients.partner.records import RecordType
from clients.partner.seal import SealSession
from swtalent.common.v1 import evidence_pb2
from swtalent.partner.v1 import records_pb2 as pb

_IDENTITY = 3  # name, ID number, phone


class Builders(ABC):
    """Each builder returns when the record is buffered, and raises RecordInvalid when it is plainly wrong.

    `publisher.flush()` then waits until the broker holds all of them.
    """

    def __init__(self, *, validate: bool) -> None:
        self._validate = validate

    @abstractmethod
    def _session(self) -> SealSession:
        """The session to seal with; a new one when the last is spent."""

    @abstractmethod
    async def _send(self, type_: str, record_id: str, revision: int, value: bytes, seal: bytes) -> None:
        """Buffer one record; waits while the buffer is full."""

    async def talent(self, **fields: Unpack[records.Talent]) -> None:
        """What the department knows of a person's work (从业记录): opens or refreshes its own affiliation."""
        await self._put(records.TALENT, fields)

    async def affiliation_end(self, **fields: Unpack[records.AffiliationEnd]) -> None:
        """The end of an affiliation that the department reported (离职); `until` is the first day after it."""
        await self._put(records.AFFILIATION_END, fields)

    async def exam_pass(self, **fields: Unpack[records.ExamPass]) -> None:
        """A passed examination (职业水平考试); the certificate's `number` is sealed like the person."""
        await self._put(records.EXAM_PASS, fields)

    async def designation(self, **fields: Unpack[records.Designation]) -> None:
        """A title given for a time (督导、高层次、领军…)."""
        await self._put(records.DESIGNATION, fields)

    async def pay(self, **fields: Unpack[records.Pay]) -> None:
        """Pay of one calendar year from one employer, in fen."""
        await self._put(records.PAY, fields)

    async def organisation(self, **fields: Unpack[records.Organisation]) -> None:
        """An organisation by its unified social credit code."""
        await self._put(records.ORGANISATION, fields)

    async def post(self, **fields: Unpack[records.Post]) -> None:
        """A social-work post (岗位) of an organisation."""
        await self._put(records.POST, fields)

    async def community(self, **fields: Unpack[records.Community]) -> None:
        """An urban or rural community by its 12 digits."""
        await self._put(records.COMMUNITY, fields)

    async def appropriation(self, **fields: Unpack[records.Appropriation]) -> None:
        """Money put into a budget line (预算安排), in fen."""
        await self._put(records.APPROPRIATION, fields)

    async def departure(self, **fields: Unpack[records.Departure]) -> None:
        """Death, or left the province or the field, on a day."""
        await self._put(records.DEPARTURE, fields)

    async def designation_end(self, **fields: Unpack[records.DesignationEnd]) -> None:
        """The end of a designation that the department reported; `until` is the first day after it."""
        await self._put(records.DESIGNATION_END, fields)

    async def party_membership(self, **fields: Unpack[records.PartyMembership]) -> None:
        """Party membership; never published."""
        await self._put(records.PARTY_MEMBERSHIP, fields)

    async def honour(self, **fields: Unpack[records.Honour]) -> None:
        """An honour (荣誉); never published."""
        await self._put(records.HONOUR, fields)

    async def credit_event(self, **fields: Unpack[records.CreditEvent]) -> None:
        """A credit event (信用事件); never published."""
        await self._put(records.CREDIT_EVENT, fields)

    async def withdrawal(self, **fields: Unpack[records.Withdrawal]) -> None:
        """Takes back a record that this partner sent; may be sent before that record has arrived."""
        await self._put(records.WITHDRAWAL, fields)

    async def snapshot(self, **fields: Unpack[records.Snapshot]) -> None:
        """Everybody the department has in an organisation as of a day; a person confirms what follows from it."""
        await self._put(records.SNAPSHOT, fields)

    async def review(self, **fields: Unpack[records.Review]) -> None:
        """The senior level granted by review (评审)."""
        await self._put(records.REVIEW, fields)

    async def annulment(self, **fields: Unpack[records.Annulment]) -> None:
        """A certificate annulled (证书撤销)."""
        await self._put(records.ANNULMENT, fields)

    async def registration_application(self, **fields: Unpack[records.RegistrationApplication]) -> None:
        """An application for registration that was received (登记申请)."""
        await self._put(records.REGISTRATION_APPLICATION, fields)

    async def registration_decision(self, **fields: Unpack[records.RegistrationDecision]) -> None:
        """The decision on the application of a level received on a day (登记决定)."""
        await self._put(records.REGISTRATION_DECISION, fields)

    async def registration_end(self, **fields: Unpack[records.RegistrationEnd]) -> None:
        """A registration ended before its time (注销登记)."""
        await self._put(records.REGISTRATION_END, fields)

    async def education(self, **fields: Unpack[records.Education]) -> None:
        """Continuing education that a document proves (继续教育), in minutes."""
        await self._put(records.EDUCATION, fields)

    async def education_reversal(self, **fields: Unpack[records.EducationReversal]) -> None:
        """Takes back education that the department reported (冲销)."""
        await self._put(records.EDUCATION_REVERSAL, fields)

    async def accreditation(self, **fields: Unpack[records.Accreditation]) -> None:
        """A base (培训基地、实践基地、创新空间) of an organisation; it ends by a higher revision."""
        await self._put(records.ACCREDITATION, fields)

    async def residents(self, **fields: Unpack[records.Residents]) -> None:
        """Residents of an institution, counted on a day; left out = nobody."""
        await self._put(records.RESIDENTS, fields)

    async def founder(self, **fields: Unpack[records.Founder]) -> None:
        """Who founded an organisation: a person or an organisation."""
        await self._put(records.FOUNDER, fields)

    async def party_arrangement(self, **fields: Unpack[records.PartyArrangement]) -> None:
        """How the party's work is arranged in an organisation; it ends by a higher revision."""
        await self._put(records.PARTY_ARRANGEMENT, fields)

    async def organisation_credit(self, **fields: Unpack[records.OrganisationCredit]) -> None:
        """A credit event of an organisation; an appeal is a higher revision."""
        await self._put(records.ORGANISATION_CREDIT, fields)

    async def enrolment(self, **fields: Unpack[records.Enrolment]) -> None:
        """Somebody takes part in a programme (参加培养项目); leaving or completing it is a higher revision."""
        await self._put(records.ENROLMENT, fields)

    async def roster_entry(self, **fields: Unpack[records.RosterEntry]) -> None:
        """Somebody can be called up for disasters (灾害社工); leaving the roster is a higher revision."""
        await self._put(records.ROSTER_ENTRY, fields)

    async def training_session(self, **fields: Unpack[records.TrainingSession]) -> None:
        """A training (培训) as it stands: planned, held or cancelled."""
        await self._put(records.TRAINING_SESSION, fields)

    async def graduate_cohort(self, **fields: Unpack[records.GraduateCohort]) -> None:
        """Graduates (毕业生) of one school, major, level and day."""
        await self._put(records.GRADUATE_COHORT, fields)

    async def attendance(
        self, rows: Sequence[lists.Attendee], *, record_id: str, session: str, revision: int = 1
    ) -> None:
        """A session's whole attendance list (签到表), sent in sheets of 500 as `<record_id>/<number of the sheet>`."""
        lists.check(record_id, rows)
        for number, part in lists.sheets(rows):
            seal, own = self._session(), f"{record_id}/{number}"
            told = lists.attendance_rows(seal, own, revision, part)
            body = pb.AttendanceRecord(session=session, number=number, rows=told)
            await self._send("AttendanceRecord", own, revision, body.SerializeToString(), seal.header)

    async def attendance_reversal(self, **fields: Unpack[records.AttendanceReversal]) -> None:
        """Takes back one person's row of a session's sheet (冲销)."""
        await self._put(records.ATTENDANCE_REVERSAL, fields)

    async def exam_results(
        self,
        rows: Sequence[lists.ExamResult],
        *,
        record_id: str,
        level: str,
        passed_on: str,
        issuing_province: str,
        revision: int = 1,
    ) -> None:
        """A sitting's whole results file (成绩名单), sent in sheets of 500 as `<record_id>/<number of the sheet>`."""
        lists.check(record_id, rows)
        for number, part in lists.sheets(rows):
            seal, own = self._session(), f"{record_id}/{number}"
            told = lists.result_rows(seal, own, revision, part)
            body = pb.ExamResultsRecord(
                level=level, passed_on=passed_on, issuing_province=issuing_province, number=number, rows=told
            )
            await self._send("ExamResultsRecord", own, revision, body.SerializeToString(), seal.header)

    async def _put(self, kind: RecordType, given: Any) -> None:
        fields: dict[str, Any] = given  # made for this call from its keyword arguments: ours to take apart
        if self._validate and (faults := faults_of(kind.rules, fields)):
            raise RecordInvalid(fields.get("record_id", ""), faults)
        record_id, revision = fields.pop("record_id"), fields.pop("revision", 1)
        seal = b""
        if kind.sealed:
            session = self._session()
            sealed = session.seal(
                kind.name, record_id, revision, [(name, fields.pop(name, "")) for name in kind.sealed]
            )
            fields["identity"] = pb.SealedIdentity(name=sealed[0], id_number=sealed[1], phone=sealed[2])
            fields.update(zip(kind.sealed[_IDENTITY:], sealed[_IDENTITY:], strict=True))
            seal = session.header
        elif kind is records.APPROPRIATION:
            _gather_evidence(fields)
        elif kind is records.SNAPSHOT:
            session = self._session()
            numbers = [("id_numbers", number) for number in fields["id_numbers"].split()]
            fields["id_numbers"] = session.seal(kind.name, record_id, revision, numbers)
            seal = session.header
        await self._send(kind.name, record_id, revision, kind.message(**fields).SerializeToString(), seal)


def _gather_evidence(fields: dict[str, Any]) -> None:
    found = {name.removeprefix("evidence_"): fields.pop(name) for name in [*fields] if name.startswith("evidence_")}
    if any(found.values()):
        found["sha256"] = bytes.fromhex(found.get("sha256", ""))
        fields["evidence"] = evidence_pb2.Evidence(**found)


# Type → builder and its fields, for whoever has records by type: files, generators.
BUILDERS: dict[str, tuple[Callable[..., Awaitable[None]], RecordType]] = {
    "TalentRecord": (Builders.talent, records.TALENT),
    "AffiliationEndRecord": (Builders.affiliation_end, records.AFFILIATION_END),
    "PassRecord": (Builders.exam_pass, records.EXAM_PASS),
    "DesignationRecord": (Builders.designation, records.DESIGNATION),
    "PayRecord": (Builders.pay, records.PAY),
    "OrganisationRecord": (Builders.organisation, records.ORGANISATION),
    "PostRecord": (Builders.post, records.POST),
    "CommunityRecord": (Builders.community, records.COMMUNITY),
    "AppropriationRecord": (Builders.appropriation, records.APPROPRIATION),
    "DepartureRecord": (Builders.departure, records.DEPARTURE),
    "DesignationEndRecord": (Builders.designation_end, records.DESIGNATION_END),
    "PartyMembershipRecord": (Builders.party_membership, records.PARTY_MEMBERSHIP),
    "HonourRecord": (Builders.honour, records.HONOUR),
    "CreditEventRecord": (Builders.credit_event, records.CREDIT_EVENT),
    "SnapshotRecord": (Builders.snapshot, records.SNAPSHOT),
    "WithdrawalRecord": (Builders.withdrawal, records.WITHDRAWAL),
    "ReviewRecord": (Builders.review, records.REVIEW),
    "AnnulmentRecord": (Builders.annulment, records.ANNULMENT),
    "RegistrationApplicationRecord": (Builders.registration_application, records.REGISTRATION_APPLICATION),
    "RegistrationDecisionRecord": (Builders.registration_decision, records.REGISTRATION_DECISION),
    "RegistrationEndRecord": (Builders.registration_end, records.REGISTRATION_END),
    "EducationRecord": (Builders.education, records.EDUCATION),
    "EducationReversalRecord": (Builders.education_reversal, records.EDUCATION_REVERSAL),
    "AccreditationRecord": (Builders.accreditation, records.ACCREDITATION),
    "ResidentsRecord": (Builders.residents, records.RESIDENTS),
    "FounderRecord": (Builders.founder, records.FOUNDER),
    "PartyArrangementRecord": (Builders.party_arrangement, records.PARTY_ARRANGEMENT),
    "OrganisationCreditRecord": (Builders.organisation_credit, records.ORGANISATION_CREDIT),
    "EnrolmentRecord": (Builders.enrolment, records.ENROLMENT),
    "RosterRecord": (Builders.roster_entry, records.ROSTER_ENTRY),
    "TrainingSessionRecord": (Builders.training_session, records.TRAINING_SESSION),
    "AttendanceReversalRecord": (Builders.attendance_reversal, records.ATTENDANCE_REVERSAL),
    "GraduateCohortRecord": (Builders.graduate_cohort, records.GRADUATE_COHORT),
}
