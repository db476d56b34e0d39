"""The record types of partner/v1 as keyword arguments: what each field is called, its type, what is checked of it.

Days are `YYYY-MM-DD`, money is fen, codes are those of the glossary; what is not reported is left out.
"""

# No `from __future__ import annotations` here: a TypedDict must see Required and NotRequired to list its keys.
from typing import Any, NamedTuple, NotRequired, TypedDict, get_type_hints

from clients.partner.checks import Rules
from swtalent.partner.v1 import records_pb2 as pb


class Record(TypedDict):
    """`record_id` is the partner's own; a correction has the same id and a higher revision."""

    record_id: str
    revision: NotRequired[int]


class Person(Record):
    """Sealed before it leaves the process."""

    name: str
    id_number: str
    phone: NotRequired[str]


class Talent(Person):
    as_of: str
    home_county: str
    organisation: str
    role: str
    post: NotRequired[str]
    field: str
    place: str
    community_kind: NotRequired[str]
    full_time: bool
    practitioner: bool
    principal: bool
    since: str
    until: NotRequired[str]
    recognised_ground: NotRequired[str]
    recognised_since: NotRequired[str]
    recognised_until: NotRequired[str]
    pay_year: NotRequired[int]
    pay_fen: NotRequired[int]


class AffiliationEnd(Person):
    organisation: str
    role: str
    until: str
    reason: NotRequired[str]


class ExamPass(Person):
    level: str
    passed_on: str
    granted_on: NotRequired[str]
    issuing_province: str
    number: NotRequired[str]
    home_county: str


class Designation(Person):
    kind: str
    grade: NotRequired[str]
    grantor_level: str
    since: str
    until: NotRequired[str]


class Pay(Person):
    organisation: str
    year: int
    fen: int


class Organisation(Record):
    uscc: str
    name: str
    kind: str
    service_kind: NotRequired[str]
    civil_affairs: NotRequired[bool]
    county: str
    registered_on: str
    closed_on: NotRequired[str]
    grade: NotRequired[str]


class Post(Record):
    organisation: str
    post: str
    title: NotRequired[str]
    field: str
    created_on: str
    closed_on: NotRequired[str]


class Community(Record):
    community: str
    name: NotRequired[str]
    kind: str
    since: str
    until: NotRequired[str]
    elderly: NotRequired[int]
    elderly_on: NotRequired[str]


class Appropriation(Record):
    """The evidence's SHA-256 is 64 hexadecimal characters."""

    line: str
    fiscal_year: int
    source: str
    area: str
    purpose: NotRequired[str]
    basis: str
    fen: int
    reference: str
    on: str
    evidence_id: NotRequired[str]
    evidence_kind: NotRequired[str]
    evidence_sha256: NotRequired[str]
    evidence_held_by: NotRequired[str]
    evidence_issued_on: NotRequired[str]


class Review(Person):
    granted_on: str


class Annulment(Person):
    level: str
    annulled_on: str
    reason: str


class RegistrationApplication(Person):
    level: str
    received_on: str
    area: str


class RegistrationDecision(Person):
    level: str
    received_on: str
    decided_on: str
    granted: bool


class RegistrationEnd(Person):
    level: str
    ended_on: str
    reason: str


class Education(Person):
    """`last_day` is inclusive; `minutes` may be left out for a completed degree."""

    evidence_id: str
    kind: str
    category: NotRequired[str]
    first_day: str
    last_day: NotRequired[str]
    minutes: NotRequired[int]
    provider: str


class EducationReversal(Person):
    evidence_id: str
    reversed_on: str


class Accreditation(Record):
    organisation: str
    kind: str
    grantor: str
    since: str
    until: NotRequired[str]


class Residents(Record):
    organisation: str
    on: str
    residents: NotRequired[int]


class Founder(Record):
    """A person, sealed before it leaves the process, or `founder_organisation`."""

    name: NotRequired[str]
    id_number: NotRequired[str]
    phone: NotRequired[str]
    organisation: str
    founder_organisation: NotRequired[str]


class PartyArrangement(Record):
    organisation: str
    kind: str
    other: NotRequired[str]
    responsible: str
    since: str
    until: NotRequired[str]


class OrganisationCredit(Record):
    organisation: str
    event: str
    kind: str
    since: str
    until: NotRequired[str]
    appealed_on: NotRequired[str]
    appeal: NotRequired[str]
    decided_on: NotRequired[str]


class Enrolment(Person):
    programme_id: str
    since: str
    until: NotRequired[str]
    result: NotRequired[str]


class RosterEntry(Person):
    area: str
    since: str
    until: NotRequired[str]


class Departure(Person):
    departure: str
    on: str


class DesignationEnd(Person):
    kind: str
    since: str
    until: str


class PartyMembership(Person):
    status: str
    since: str
    until: NotRequired[str]


class Honour(Person):
    """The title is sealed like the person."""

    title: str
    grantor_level: str
    on: str


class CreditEvent(Person):
    """The reason is sealed like the person; the evidence is the SHA-256 of a document, 64 hexadecimal characters."""

    kind: str
    on: str
    reason: str
    evidence: NotRequired[str]


class Withdrawal(Record):
    """`withdrawn_id` is the record taken back, `withdrawn_revision` one higher than it was sent with."""

    withdrawn_id: str
    withdrawn_revision: int


class Snapshot(Record):
    """`id_numbers` are everybody's, with blanks between them; each is sealed."""

    organisation: str
    as_of: str
    id_numbers: str


class TrainingSession(Record):
    session: str
    provider: str
    venue: str
    since: str
    last_day: NotRequired[str]
    minutes: int
    category: str
    audience: NotRequired[str]
    title: str
    status: str


class AttendanceReversal(Person):
    session: str
    number: int
    reversed_on: str


class GraduateCohort(Record):
    school: str
    county: str
    major: str
    level: str
    graduated_on: str
    graduates: int


class RecordType(NamedTuple):
    """How one message of partner/v1 is made; `sealed` are its sealed fields, first those of SealedIdentity."""

    message: Any
    types: dict[str, type]
    rules: Rules
    sealed: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.message.DESCRIPTOR.name)


_IDENTITY = ("name", "id_number", "phone")


def _of(message: Any, fields: Any, *, sealed: tuple[str, ...] = (), **rules: Any) -> RecordType:
    types = get_type_hints(fields)
    required = tuple(name for name in types if name in fields.__required_keys__ and name != "record_id")
    return RecordType(message, types, Rules(required=required, **rules), sealed)


TALENT = _of(
    pb.TalentRecord,
    Talent,
    sealed=_IDENTITY,
    days=("as_of", "since", "until", "recognised_since", "recognised_until"),
    intervals=(("since", "until"), ("recognised_since", "recognised_until")),
    areas=("home_county", "place"),
    usccs=("organisation",),
    amounts=("pay_year", "pay_fen"),
    together=(("recognised_ground", "recognised_since"), ("pay_year", "pay_fen")),
)
AFFILIATION_END = _of(
    pb.AffiliationEndRecord, AffiliationEnd, sealed=_IDENTITY, days=("until",), usccs=("organisation",)
)
EXAM_PASS = _of(
    pb.PassRecord,
    ExamPass,
    sealed=(*_IDENTITY, "number"),
    days=("passed_on", "granted_on"),
    areas=("issuing_province", "home_county"),
)
DESIGNATION = _of(
    pb.DesignationRecord, Designation, sealed=_IDENTITY, days=("since", "until"), intervals=(("since", "until"),)
)
PAY = _of(pb.PayRecord, Pay, sealed=_IDENTITY, usccs=("organisation",), amounts=("year", "fen"))
ORGANISATION = _of(
    pb.OrganisationRecord,
    Organisation,
    days=("registered_on", "closed_on"),
    intervals=(("registered_on", "closed_on"),),
    areas=("county",),
    usccs=("uscc",),
)
POST = _of(
    pb.PostRecord,
    Post,
    days=("created_on", "closed_on"),
    intervals=(("created_on", "closed_on"),),
    usccs=("organisation",),
)
COMMUNITY = _of(
    pb.CommunityRecord,
    Community,
    days=("since", "until", "elderly_on"),
    intervals=(("since", "until"),),
    areas=("community",),
    amounts=("elderly",),
    together=(("elderly", "elderly_on"),),
)
APPROPRIATION = _of(
    pb.AppropriationRecord,
    Appropriation,
    days=("on", "evidence_issued_on"),
    areas=("area",),
    amounts=("fiscal_year", "fen"),
    hashes=("evidence_sha256",),
    together=(("evidence_id", "evidence_sha256"),),
)
REVIEW = _of(pb.ReviewRecord, Review, sealed=_IDENTITY, days=("granted_on",))
ANNULMENT = _of(pb.AnnulmentRecord, Annulment, sealed=_IDENTITY, days=("annulled_on",))
REGISTRATION_APPLICATION = _of(
    pb.RegistrationApplicationRecord,
    RegistrationApplication,
    sealed=_IDENTITY,
    days=("received_on",),
    areas=("area",),
)
REGISTRATION_DECISION = _of(
    pb.RegistrationDecisionRecord, RegistrationDecision, sealed=_IDENTITY, days=("received_on", "decided_on")
)
REGISTRATION_END = _of(pb.RegistrationEndRecord, RegistrationEnd, sealed=_IDENTITY, days=("ended_on",))
EDUCATION = _of(
    pb.EducationRecord,
    Education,
    sealed=_IDENTITY,
    days=("first_day", "last_day"),
    usccs=("provider",),
    amounts=("minutes",),
)
EDUCATION_REVERSAL = _of(pb.EducationReversalRecord, EducationReversal, sealed=_IDENTITY, days=("reversed_on",))
ACCREDITATION = _of(
    pb.AccreditationRecord,
    Accreditation,
    days=("since", "until"),
    intervals=(("since", "until"),),
    usccs=("organisation",),
)
RESIDENTS = _of(pb.ResidentsRecord, Residents, days=("on",), usccs=("organisation",), amounts=("residents",))
FOUNDER = _of(
    pb.FounderRecord,
    Founder,
    sealed=_IDENTITY,
    usccs=("organisation", "founder_organisation"),
    together=(("name", "id_number"),),
)
PARTY_ARRANGEMENT = _of(
    pb.PartyArrangementRecord,
    PartyArrangement,
    days=("since", "until"),
    intervals=(("since", "until"),),
    usccs=("organisation", "other"),
)
ORGANISATION_CREDIT = _of(
    pb.OrganisationCreditRecord,
    OrganisationCredit,
    days=("since", "until", "appealed_on", "decided_on"),
    intervals=(("since", "until"),),
    usccs=("organisation",),
    together=(("appeal", "decided_on"),),
)
ENROLMENT = _of(
    pb.EnrolmentRecord,
    Enrolment,
    sealed=_IDENTITY,
    days=("since", "until"),
    intervals=(("since", "until"),),
    together=(("until", "result"),),
)
ROSTER_ENTRY = _of(
    pb.RosterRecord,
    RosterEntry,
    sealed=_IDENTITY,
    days=("since", "until"),
    intervals=(("since", "until"),),
    areas=("area",),
)
DEPARTURE = _of(pb.DepartureRecord, Departure, sealed=_IDENTITY, days=("on",))
DESIGNATION_END = _of(
    pb.DesignationEndRecord, DesignationEnd, sealed=_IDENTITY, days=("since", "until"), intervals=(("since", "until"),)
)
PARTY_MEMBERSHIP = _of(
    pb.PartyMembershipRecord,
    PartyMembership,
    sealed=_IDENTITY,
    days=("since", "until"),
    intervals=(("since", "until"),),
)
HONOUR = _of(pb.HonourRecord, Honour, sealed=(*_IDENTITY, "title"), days=("on",))
CREDIT_EVENT = _of(pb.CreditEventRecord, CreditEvent, sealed=(*_IDENTITY, "reason"), days=("on",), hashes=("evidence",))
WITHDRAWAL = _of(pb.WithdrawalRecord, Withdrawal, amounts=("withdrawn_revision",))
SNAPSHOT = _of(pb.SnapshotRecord, Snapshot, days=("as_of",), usccs=("organisation",), lists=("id_numbers",))
TRAINING_SESSION = _of(
    pb.TrainingSessionRecord,
    TrainingSession,
    days=("since", "last_day"),
    areas=("venue",),
    usccs=("provider",),
    amounts=("minutes",),
)
ATTENDANCE_REVERSAL = _of(
    pb.AttendanceReversalRecord, AttendanceReversal, sealed=_IDENTITY, days=("reversed_on",), amounts=("number",)
)
GRADUATE_COHORT = _of(
    pb.GraduateCohortRecord,
    GraduateCohort,
    days=("graduated_on",),
    areas=("county",),
    usccs=("school",),
    amounts=("graduates",),
)
