"""Departments' records (partner/v1) become steps: each type as the command of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from services.registry.commands import (
    accredit,
    annul_certificate,
    apply_registration,
    count_residents,
    create_post,
    decide_registration,
    designate,
    end_affiliation,
    end_designation,
    end_registration,
    grant_honour,
    record_credit_event,
    record_departure,
    record_education,
    record_enrolment,
    record_founder,
    record_organisation_credit,
    record_party_arrangement,
    record_party_membership,
    record_pass,
    record_pay,
    record_roster_entry,
    record_talent,
    register_organisation,
    report_snapshot,
    reverse_education,
    review_senior,
    withdraw_record,
)
from services.registry.consumers.lists import Lists
from services.registry.domain.person import Person, protect
from services.registry.domain.snapshot import MOST_LISTED, ListTooLong
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.step import ClaimStep, Step
from services.shared.runtime.filled import filled
from services.shared.runtime.partner_records import Handler, PartnerRecords, Sender
from services.shared.runtime.sealing import SealOpener
from swtalent.partner.v1 import records_pb2 as records

# What a command takes from the sender of its record, if it has a field of that name.
_OF_SENDER: Mapping[str, Callable[[Sender], object]] = {
    "by": lambda sender: sender.partner,
    "department": lambda sender: sender.partner.department,
    "origin": lambda sender: sender.origin,
    "etag": lambda _: "",
}


class Departments:
    """Each record type of partner/v1 that the registry owns, as the command of the same name."""

    def __init__(self, *, keys: KeyRing, opener: SealOpener, clock: Clock) -> None:
        self._keys = keys
        self._opener = opener
        self._clock = clock

    def reader(self) -> PartnerRecords:
        person, organisation = self._of_person, self._of_organisation
        lists = Lists(keys=self._keys, opener=self._opener, clock=self._clock)
        handlers: dict[str, Handler] = {
            "TalentRecord": person(record_talent.step, record_talent.RecordTalent),
            "AffiliationEndRecord": person(end_affiliation.step, end_affiliation.ReportEnd),
            "PassRecord": person(record_pass.step, record_pass.RecordPass, sealed="number"),
            "ReviewRecord": person(review_senior.step, review_senior.ReportReview),
            "AnnulmentRecord": person(annul_certificate.step, annul_certificate.ReportAnnulment),
            "RegistrationApplicationRecord": person(apply_registration.step, apply_registration.ReportApplication),
            "RegistrationDecisionRecord": person(decide_registration.step, decide_registration.ReportDecision),
            "RegistrationEndRecord": person(end_registration.step, end_registration.ReportRegistrationEnd),
            "EducationRecord": person(record_education.step, record_education.ReportEducation),
            "EducationReversalRecord": person(reverse_education.step, reverse_education.ReportEducationReversal),
            "DesignationRecord": self.designation,
            "DesignationEndRecord": person(end_designation.step, end_designation.ReportDesignationEnd),
            "PayRecord": person(record_pay.step, record_pay.ReportPay),
            "PartyMembershipRecord": person(
                record_party_membership.step, record_party_membership.ReportPartyMembership
            ),
            "HonourRecord": person(grant_honour.step, grant_honour.ReportHonour, sealed="title"),
            "CreditEventRecord": person(
                record_credit_event.step, record_credit_event.ReportCreditEvent, sealed="reason"
            ),
            "EnrolmentRecord": person(record_enrolment.step, record_enrolment.ReportEnrolment),
            "RosterRecord": person(record_roster_entry.step, record_roster_entry.ReportRosterEntry),
            "DepartureRecord": person(record_departure.step, record_departure.ReportDeparture),
            "WithdrawalRecord": self.withdrawal,
            "SnapshotRecord": self.snapshot,
            "OrganisationRecord": organisation(register_organisation.step, register_organisation.RegisterOrganisation),
            "PostRecord": organisation(create_post.step, create_post.CreatePost),
            "AccreditationRecord": organisation(accredit.step, accredit.Accredit),
            "ResidentsRecord": organisation(count_residents.step, count_residents.CountResidents),
            "FounderRecord": self.founder,
            "PartyArrangementRecord": organisation(
                record_party_arrangement.step, record_party_arrangement.RecordPartyArrangement
            ),
            "OrganisationCreditRecord": organisation(
                record_organisation_credit.step, record_organisation_credit.RecordOrganisationCredit
            ),
            "TrainingSessionRecord": lists.session,
            "AttendanceRecord": lists.attendance,
            "AttendanceReversalRecord": lists.reversal,
            "ExamResultsRecord": lists.results,
            "GraduateCohortRecord": lists.graduates,
        }
        return PartnerRecords("registry", handlers, first_owner=True)

    def _of_person(self, step: Callable[..., Step], command: type[msgspec.Struct], *, sealed: str = "") -> Handler:
        """Records about a person whose fields are those of the command; `sealed` names one that comes sealed."""
        of_sender = _taken(command)

        def handle(record: Any, sender: Sender) -> Step:
            opened = self._opener.session(sender.partner.name, sender.headers)
            given = {name: take(sender) for name, take in of_sender}
            given["person"] = Person(*opened.open_identity(record.identity))
            if sealed:
                given[sealed] = opened.open(sealed, getattr(record, sealed))
            return step(filled(command, record, **given), keys=self._keys, today=self._clock.day())

        return handle

    def _of_organisation(self, step: Callable[..., Step], command: type[msgspec.Struct]) -> Handler:
        """Records about an organisation whose fields are those of the command."""
        of_sender = _taken(command)

        def handle(record: Any, sender: Sender) -> Step:
            given = {name: take(sender) for name, take in of_sender}
            return step(filled(command, record, **given), today=self._clock.day())

        return handle

    def _person(self, identity: records.SealedIdentity, sender: Sender) -> Person:
        return Person(*self._opener.session(sender.partner.name, sender.headers).open_identity(identity))

    def designation(self, record: records.DesignationRecord, sender: Sender) -> Step:
        return designate.step(
            filled(
                designate.ReportDesignation,
                record,
                person=self._person(record.identity, sender),
                origin=sender.origin,
                department=sender.partner.department,
                title=filled(designate.Title, record),
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def founder(self, record: records.FounderRecord, sender: Sender) -> Step:
        talent = ""
        if record.HasField("identity"):
            person = self._person(record.identity, sender)
            if person != Person("", ""):
                talent = protect(
                    person, department=sender.partner.department, keys=self._keys, today=self._clock.day()
                ).talent
        return record_founder.step(
            filled(
                record_founder.RecordFounder,
                record,
                by=sender.partner,
                origin=sender.origin,
                founder_talent=talent,
                etag="",
            ),
            today=self._clock.day(),
        )

    def withdrawal(self, record: records.WithdrawalRecord, sender: Sender) -> ClaimStep:
        return withdraw_record.step(
            filled(withdraw_record.ReportWithdrawal, record, origin=sender.origin, department=sender.partner.department)
        )

    def snapshot(self, record: records.SnapshotRecord, sender: Sender) -> Step:
        if len(record.id_numbers) > MOST_LISTED:
            raise ListTooLong(field="id_numbers", count=len(record.id_numbers))
        sealed = self._opener.session(sender.partner.name, sender.headers)
        return report_snapshot.step(
            filled(
                report_snapshot.ReportList,
                record,
                origin=sender.origin,
                department=sender.partner.department,
                area=sender.partner.area,
                id_numbers=tuple(sealed.open("id_numbers", number) for number in record.id_numbers),
            ),
            keys=self._keys,
            today=self._clock.day(),
        )


def _taken(command: type[msgspec.Struct]) -> list[tuple[str, Callable[[Sender], object]]]:
    return [(name, take) for name, take in _OF_SENDER.items() if name in command.__struct_fields__]
