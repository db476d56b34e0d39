"""Departments' records (partner/v1) become steps: each type as the command of the same name."""

from __future__ import annotations

from collections.abc import Callable
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


class Departments:
    """Each record type of partner/v1 that the registry owns, as the command of the same name."""

    def __init__(self, *, keys: KeyRing, opener: SealOpener, clock: Clock) -> None:
        self._keys = keys
        self._opener = opener
        self._clock = clock

    def reader(self) -> PartnerRecords:
        ended = self._of_person(end_affiliation.step, end_affiliation.ReportEnd)
        paid = self._of_person(record_pay.step, record_pay.ReportPay)
        reviewed = self._of_person(review_senior.step, review_senior.ReportReview)
        annulled = self._of_person(annul_certificate.step, annul_certificate.ReportAnnulment)
        decided = self._of_person(decide_registration.step, decide_registration.ReportDecision)
        unregistered = self._of_person(end_registration.step, end_registration.ReportRegistrationEnd)
        learned = self._of_person(record_education.step, record_education.ReportEducation)
        unlearned = self._of_person(reverse_education.step, reverse_education.ReportEducationReversal)
        enrolled = self._of_person(record_enrolment.step, record_enrolment.ReportEnrolment)
        ready = self._of_person(record_roster_entry.step, record_roster_entry.ReportRosterEntry)
        departed = self._of_person(record_departure.step, record_departure.ReportDeparture)
        title_ended = self._of_person(end_designation.step, end_designation.ReportDesignationEnd)
        member = self._of_person(record_party_membership.step, record_party_membership.ReportPartyMembership)
        lists = Lists(keys=self._keys, opener=self._opener, clock=self._clock)
        return PartnerRecords(
            "registry",
            {
                "TalentRecord": (records.TalentRecord, self.talent),
                "AffiliationEndRecord": (records.AffiliationEndRecord, ended),
                "PassRecord": (records.PassRecord, self.passed),
                "DesignationRecord": (records.DesignationRecord, self.designation),
                "PayRecord": (records.PayRecord, paid),
                "OrganisationRecord": (records.OrganisationRecord, self.organisation),
                "PostRecord": (records.PostRecord, self.post),
                "ReviewRecord": (records.ReviewRecord, reviewed),
                "AnnulmentRecord": (records.AnnulmentRecord, annulled),
                "RegistrationApplicationRecord": (records.RegistrationApplicationRecord, self.application),
                "RegistrationDecisionRecord": (records.RegistrationDecisionRecord, decided),
                "RegistrationEndRecord": (records.RegistrationEndRecord, unregistered),
                "EducationRecord": (records.EducationRecord, learned),
                "EducationReversalRecord": (records.EducationReversalRecord, unlearned),
                "AccreditationRecord": (
                    records.AccreditationRecord,
                    self._of_organisation(accredit.step, accredit.Accredit),
                ),
                "ResidentsRecord": (
                    records.ResidentsRecord,
                    self._of_organisation(count_residents.step, count_residents.CountResidents),
                ),
                "FounderRecord": (records.FounderRecord, self.founder),
                "PartyArrangementRecord": (
                    records.PartyArrangementRecord,
                    self._of_organisation(
                        record_party_arrangement.step, record_party_arrangement.RecordPartyArrangement
                    ),
                ),
                "OrganisationCreditRecord": (records.OrganisationCreditRecord, self.organisation_credit),
                "EnrolmentRecord": (records.EnrolmentRecord, enrolled),
                "RosterRecord": (records.RosterRecord, ready),
                "DepartureRecord": (records.DepartureRecord, departed),
                "DesignationEndRecord": (records.DesignationEndRecord, title_ended),
                "PartyMembershipRecord": (records.PartyMembershipRecord, member),
                "HonourRecord": (records.HonourRecord, self.honour),
                "CreditEventRecord": (records.CreditEventRecord, self.credit),
                "SnapshotRecord": (records.SnapshotRecord, self.snapshot),
                "WithdrawalRecord": (records.WithdrawalRecord, self.withdrawal),
                "TrainingSessionRecord": (records.TrainingSessionRecord, lists.session),
                "AttendanceRecord": (records.AttendanceRecord, lists.attendance),
                "AttendanceReversalRecord": (records.AttendanceReversalRecord, lists.reversal),
                "ExamResultsRecord": (records.ExamResultsRecord, lists.results),
                "GraduateCohortRecord": (records.GraduateCohortRecord, lists.graduates),
            },
            first_owner=True,
        )

    def _person(self, identity: records.SealedIdentity, sender: Sender) -> Person:
        return Person(*self._opener.session(sender.partner.name, sender.headers).open_identity(identity))

    def _of_person(self, step: Callable[..., Step], command: type[msgspec.Struct]) -> Handler:
        """Records about a person whose fields are those of the command."""

        def handle(record: Any, sender: Sender) -> Step:
            filled_in = filled(
                command,
                record,
                person=self._person(record.identity, sender),
                origin=sender.origin,
                department=sender.partner.department,
            )
            return step(filled_in, keys=self._keys, today=self._clock.day())

        return handle

    def talent(self, record: records.TalentRecord, sender: Sender) -> Step:
        return record_talent.step(
            filled(
                record_talent.RecordTalent,
                record,
                person=self._person(record.identity, sender),
                by=sender.partner,
                origin=sender.origin,
                department=sender.partner.department,
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def passed(self, record: records.PassRecord, sender: Sender) -> Step:
        sealed = self._opener.session(sender.partner.name, sender.headers)
        return record_pass.step(
            filled(
                record_pass.RecordPass,
                record,
                person=Person(*sealed.open_identity(record.identity)),
                origin=sender.origin,
                department=sender.partner.department,
                number=sealed.open("number", record.number),
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

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

    def organisation(self, record: records.OrganisationRecord, sender: Sender) -> Step:
        return register_organisation.step(
            filled(register_organisation.RegisterOrganisation, record, by=sender.partner, origin=sender.origin),
            today=self._clock.day(),
        )

    def post(self, record: records.PostRecord, sender: Sender) -> Step:
        return create_post.step(
            filled(create_post.CreatePost, record, by=sender.partner, origin=sender.origin),
            today=self._clock.day(),
        )

    def application(self, record: records.RegistrationApplicationRecord, sender: Sender) -> Step:
        return apply_registration.step(
            filled(
                apply_registration.ReportApplication,
                record,
                person=self._person(record.identity, sender),
                origin=sender.origin,
                department=sender.partner.department,
                by=sender.partner,
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def _of_organisation(self, step: Callable[..., Step], command: type[msgspec.Struct]) -> Handler:
        """Records about an organisation whose fields are those of the command."""

        def handle(record: Any, sender: Sender) -> Step:
            return step(
                filled(command, record, by=sender.partner, origin=sender.origin, etag=""), today=self._clock.day()
            )

        return handle

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

    def organisation_credit(self, record: records.OrganisationCreditRecord, sender: Sender) -> Step:
        return record_organisation_credit.step(
            filled(
                record_organisation_credit.RecordOrganisationCredit,
                record,
                by=sender.partner,
                origin=sender.origin,
                department=sender.partner.department,
                etag="",
            ),
            today=self._clock.day(),
        )

    def honour(self, record: records.HonourRecord, sender: Sender) -> Step:
        sealed = self._opener.session(sender.partner.name, sender.headers)
        return grant_honour.step(
            filled(
                grant_honour.ReportHonour,
                record,
                person=Person(*sealed.open_identity(record.identity)),
                origin=sender.origin,
                department=sender.partner.department,
                title=sealed.open("title", record.title),
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def credit(self, record: records.CreditEventRecord, sender: Sender) -> Step:
        sealed = self._opener.session(sender.partner.name, sender.headers)
        return record_credit_event.step(
            filled(
                record_credit_event.ReportCreditEvent,
                record,
                person=Person(*sealed.open_identity(record.identity)),
                origin=sender.origin,
                department=sender.partner.department,
                reason=sealed.open("reason", record.reason),
            ),
            keys=self._keys,
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
