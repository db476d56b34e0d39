"""What may happen to a talent, named as the messages of `TalentEvent` (registry/v1/events.proto)."""

from __future__ import annotations

import msgspec

from services.shared.kernel.dates import Day


class TalentReported(msgspec.Struct, frozen=True, gc=False):
    affiliation: str
    department: str


class AffiliationEnded(msgspec.Struct, frozen=True, gc=False):
    affiliation: str
    until: Day
    reason: str


class PassRecorded(msgspec.Struct, frozen=True, gc=False):
    level: str
    passed_on: Day


class Designated(msgspec.Struct, frozen=True, gc=False):
    kind: str
    since: Day


class PayRecorded(msgspec.Struct, frozen=True, gc=False):
    year: int
    band: str


class SeniorReviewed(msgspec.Struct, frozen=True, gc=False):
    granted_on: Day


class CertificateAnnulled(msgspec.Struct, frozen=True, gc=False):
    level: str
    annulled_on: Day


class RegistrationApplied(msgspec.Struct, frozen=True, gc=False):
    level: str
    received_on: Day


class RegistrationDecided(msgspec.Struct, frozen=True, gc=False):
    level: str
    received_on: Day
    decided_on: Day
    granted: bool


class RegistrationEnded(msgspec.Struct, frozen=True, gc=False):
    level: str
    ended_on: Day
    reason: str


class RegistrationLapsed(msgspec.Struct, frozen=True, gc=False):
    level: str
    on: Day


class EducationRecorded(msgspec.Struct, frozen=True, gc=False):
    kind: str
    month: str


class EducationReversed(msgspec.Struct, frozen=True, gc=False):
    # Of the entry that is taken back; "" when it has not been reported yet.
    month: str


class IdentityDisputed(msgspec.Struct, frozen=True, gc=False):
    department: str
    identity_case: str


class TalentDeparted(msgspec.Struct, frozen=True, gc=False):
    departure: str
    on: Day


class DesignationEnded(msgspec.Struct, frozen=True, gc=False):
    kind: str
    until: Day


class RecordWithdrawn(msgspec.Struct, frozen=True, gc=False):
    department: str


class IdentityErased(msgspec.Struct, frozen=True, gc=False):
    pass


class TalentCorrected(msgspec.Struct, frozen=True, gc=False):
    correction: str
    field: str


class PrivateChanged(msgspec.Struct, frozen=True, gc=False):
    """Something changed that facts do not tell: party membership, honours, credit, contact."""


TalentChange = (
    TalentReported
    | AffiliationEnded
    | PassRecorded
    | Designated
    | PayRecorded
    | IdentityDisputed
    | SeniorReviewed
    | CertificateAnnulled
    | RegistrationApplied
    | RegistrationDecided
    | RegistrationEnded
    | RegistrationLapsed
    | EducationRecorded
    | EducationReversed
    | PrivateChanged
    | TalentDeparted
    | DesignationEnded
    | RecordWithdrawn
    | TalentCorrected
)
