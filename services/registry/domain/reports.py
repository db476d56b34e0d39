"""What departments report of a person, one value per record; a talent's facts are combined from them (talent.py).

Stored by position (`array_like`), which halves the document: new fields go to the end, with a default.
"""

from __future__ import annotations

import msgspec

from services.shared.kernel.dates import Day
from services.shared.kernel.origin import Origin


class NameSeen(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The name as a keyed pseudonym of its normalised form: enough to see that two reports differ."""

    index: str
    department: str


class Affiliation(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Work of a person for an organisation in [since, until), as its department reports it."""

    id: str
    department: str
    organisation: str
    role: str
    post: str
    field: str
    place: str
    community_kind: str
    full_time: bool
    practitioner: bool
    principal: bool
    since: Day
    until: Day


class Recognition(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Recognised as social-work professional (社会工作专业人才) in [since, until)."""

    ground: str
    since: Day
    until: Day
    department: str


class Certificate(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A passed level (职业水平). `senior` is held from `granted_on`, by review."""

    level: str
    issuing_province: str
    passed_on: Day
    granted_on: Day = Day("")
    annulled_on: Day = Day("")


class Designation(msgspec.Struct, frozen=True, gc=False, array_like=True):
    kind: str
    grade: str
    grantor_level: str
    since: Day
    until: Day


class Pay(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Pay of a calendar year from one employer; the band is public, the amount is not."""

    year: int
    organisation: str
    band: str


class Registration(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A granted registration period (登记) of a level in [since, until); never changed, only ended early."""

    level: str
    since: Day
    until: Day
    basis: str
    ended_on: Day = Day("")


class Learned(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Minutes of continuing education (继续教育) that count, of one month."""

    month: str
    minutes: int


class Trained(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """First day of training of a category in a year."""

    category: str
    on: Day


class WorkReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="work"):
    origin: Origin
    name: NameSeen
    area: str
    as_of: Day
    home_county: str
    affiliation: Affiliation
    recognition: Recognition | None
    pay: Pay | None
    pay_fen: int
    # Keyed pseudonym of normalised name, birth and employer: equal for two people who may be one.
    match_index: str = ""


class EndReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="end"):
    """May arrive before the report of the affiliation it ends."""

    origin: Origin
    name: NameSeen | None
    affiliation: str
    department: str
    until: Day
    reason: str


class PassReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="pass"):
    origin: Origin
    name: NameSeen
    home_county: str
    certificate: Certificate
    # Keyed pseudonym of the certificate number: unique in the nation; "" = not reported.
    number_index: str


class DesignationReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="designation"):
    origin: Origin
    name: NameSeen | None
    designation: Designation
    # Who gave it and may end it.
    department: str = ""


class PayReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="pay"):
    origin: Origin
    name: NameSeen | None
    pay: Pay
    pay_fen: int
    department: str = ""


class DepartureReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="departure"):
    """Death, or left the province or the field, on a day; ends what is then in force."""

    origin: Origin
    name: NameSeen | None
    departure: str
    on: Day
    department: str = ""


class DesignationEndReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="designation_end"):
    """May arrive before the report of the designation it ends: the department's own of this kind and beginning."""

    origin: Origin
    name: NameSeen | None
    department: str
    kind: str
    since: Day
    until: Day


class HonourReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="honour"):
    """An honour given on a day; `text` = index of its title. Never published."""

    origin: Origin
    name: NameSeen | None
    text: str
    grantor_level: str
    on: Day
    department: str = ""


class CreditReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="credit"):
    """A credit event of a day, with the hash of the document that proves it; `text` = index of its reason. Never
    published.
    """

    origin: Origin
    name: NameSeen | None
    department: str
    kind: str
    on: Day
    text: str
    evidence: str


class AppealReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="appeal"):
    """The person objects to a credit event (its id) on a day; `text` = index of the grounds."""

    origin: Origin
    name: NameSeen | None
    credit: str
    text: str
    on: Day


class AppealDecision(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="appeal_decision"):
    """An appeal granted strikes its credit event; decided by somebody else than who recorded the event. `text` = index
    of the reason.
    """

    origin: Origin
    name: NameSeen | None
    credit: str
    granted: bool
    text: str
    on: Day


class Withdrawn(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="withdrawn"):
    """A department took its record back: stands in the record's place, under a higher revision."""

    origin: Origin
    name: NameSeen | None
    department: str


class CorrectionReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="correction"):
    """What two persons agreed on: where the reports say `old`, the facts say `new`. Applied in the order of `at`."""

    origin: Origin
    name: NameSeen | None
    # Affiliation id, certificate level, or "" for home_county.
    target: str
    field: str
    old: str
    new: str
    # The instant of the approval.
    at: str


class ReviewReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="review"):
    """The senior level granted by review (评审); counts once the examination it rests on is reported."""

    origin: Origin
    name: NameSeen | None
    granted_on: Day
    department: str = ""


class AnnulmentReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="annulment"):
    """Annuls what was passed on or before `annulled_on`."""

    origin: Origin
    name: NameSeen | None
    level: str
    annulled_on: Day
    reason: str
    department: str = ""


class ApplicationReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="application"):
    """An application for registration, received on a day; `area` is where it was filed."""

    origin: Origin
    name: NameSeen | None
    level: str
    received_on: Day
    area: str
    department: str = ""


class DecisionReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="decision"):
    """The decision on the application of this level that was received on this day."""

    origin: Origin
    name: NameSeen | None
    level: str
    received_on: Day
    decided_on: Day
    granted: bool
    department: str = ""


class RegistrationEndReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="registration_end"):
    """Ends the period of the level that is running on `ended_on`."""

    origin: Origin
    name: NameSeen | None
    level: str
    ended_on: Day
    reason: str
    department: str = ""


class EducationReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="education"):
    """Continuing education proven by a document: the same `evidence_id` is one entry, whoever reports it."""

    origin: Origin
    name: NameSeen | None
    department: str
    evidence_id: str
    # training, degree (completed) or study (unfinished; its passed courses).
    kind: str
    category: str
    first_day: Day
    # Inclusive; the entry counts on this day. Of a degree: the date of the diploma.
    last_day: Day
    minutes: int
    provider: str


class EducationReversalReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="education_reversal"):
    """Takes an entry back; counts for entries that the same department reported too."""

    origin: Origin
    name: NameSeen | None
    department: str
    evidence_id: str
    reversed_on: Day
    # "" = the whole document; otherwise only what this record of the same system says of it.
    record_id: str = ""


class PartyReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="party"):
    """Party membership in [since, until): formal, probationary or recommended; private."""

    origin: Origin
    name: NameSeen | None
    status: str
    since: Day
    until: Day
    department: str = ""


class EnrolmentReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="enrolment"):
    """Takes part in a programme (培养项目) in [since, until); private."""

    origin: Origin
    name: NameSeen | None
    programme: str
    since: Day
    until: Day
    # "" while taking part; left, passed or excellent.
    result: str
    department: str = ""


class RosterReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="roster"):
    """Can be called up for disasters (灾害社工) anywhere in `area`, in [since, until); private."""

    origin: Origin
    name: NameSeen | None
    area: str
    since: Day
    until: Day
    department: str = ""


class ServiceReport(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="service"):
    """A department does something for a high-level talent (联系服务) in [since, until); private."""

    origin: Origin
    name: NameSeen | None
    department: str
    kind: str
    # Index of the sealed text that says what or who.
    text: str
    since: Day
    until: Day


Report = (
    WorkReport
    | EndReport
    | PassReport
    | DesignationReport
    | PayReport
    | CorrectionReport
    | ReviewReport
    | AnnulmentReport
    | ApplicationReport
    | DecisionReport
    | RegistrationEndReport
    | EducationReport
    | EducationReversalReport
    | PartyReport
    | EnrolmentReport
    | RosterReport
    | ServiceReport
    | DepartureReport
    | DesignationEndReport
    | HonourReport
    | CreditReport
    | AppealReport
    | AppealDecision
    | Withdrawn
)  # fmt: skip

# Reports that refer to a sealed text of the talent by its index.
TEXTUAL = (HonourReport, CreditReport, AppealReport, AppealDecision, ServiceReport)


def reported_by(report: Report) -> str:
    """The department that a report comes from; "" when it is not known."""
    if isinstance(report, WorkReport):
        return report.affiliation.department
    department: str = getattr(report, "department", "")
    return department or (report.name.department if report.name else "")


def affiliation_id(*, department: str, organisation: str, role: str) -> str:
    """One affiliation per department, organisation and role: `civil_affairs/51519999…/worker`."""
    return f"{department}/{organisation}/{role}"


def department_of(affiliation: str) -> str:
    """The department that owns an affiliation, by its id."""
    return affiliation.partition("/")[0]
