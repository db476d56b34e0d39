"""IN: Kafka → commands. Partners' records become steps on talents and organisations; the registry's own talent events
fill posts and open identity cases (sagas). No rules here.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import msgspec

from services.registry.commands import (
    create_post,
    designate,
    end_affiliation,
    record_pass,
    record_pay,
    record_talent,
    register_organisation,
)
from services.registry.domain.holding import held_posts
from services.registry.domain.identity_case import IdentityCase
from services.registry.domain.organisation import Holder, Organisation
from services.registry.domain.person import Person
from services.shared.kernel.follower import Follower
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.step import Step
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.partner_records import PartnerRecords, Sender
from services.shared.runtime.reader import Changes, Received, Ref, Task
from services.shared.runtime.sealing import SealOpener
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import events_pb2 as events


class Departments:
    """Each record type of partner/v1 that the registry owns, as the command of the same name."""

    def __init__(self, *, keys: KeyRing, opener: SealOpener, clock: Clock) -> None:
        self._keys = keys
        self._opener = opener
        self._clock = clock

    def reader(self) -> PartnerRecords:
        return PartnerRecords(
            "registry",
            {
                "TalentRecord": (records.TalentRecord, self.talent),
                "AffiliationEndRecord": (records.AffiliationEndRecord, self.end),
                "PassRecord": (records.PassRecord, self.passed),
                "DesignationRecord": (records.DesignationRecord, self.designation),
                "PayRecord": (records.PayRecord, self.pay),
                "OrganisationRecord": (records.OrganisationRecord, self.organisation),
                "PostRecord": (records.PostRecord, self.post),
            },
            first_owner=True,
        )

    def _person(self, identity: records.SealedIdentity, sender: Sender) -> Person:
        return Person(*self._opener.session(sender.partner.name, sender.headers).open_identity(identity))

    def talent(self, record: records.TalentRecord, sender: Sender) -> Step:
        return record_talent.step(
            record_talent.RecordTalent(
                person=self._person(record.identity, sender),
                by=sender.partner,
                origin=sender.origin,
                department=sender.partner.department,
                as_of=record.as_of,
                home_county=record.home_county,
                organisation=record.organisation,
                role=record.role,
                post=record.post,
                field=record.field,
                place=record.place,
                community_kind=record.community_kind,
                full_time=record.full_time,
                practitioner=record.practitioner,
                principal=record.principal,
                since=record.since,
                until=record.until,
                recognised_ground=record.recognised_ground,
                recognised_since=record.recognised_since,
                recognised_until=record.recognised_until,
                pay_year=record.pay_year,
                pay_fen=record.pay_fen,
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def end(self, record: records.AffiliationEndRecord, sender: Sender) -> Step:
        return end_affiliation.step(
            end_affiliation.ReportEnd(
                person=self._person(record.identity, sender),
                origin=sender.origin,
                department=sender.partner.department,
                organisation=record.organisation,
                role=record.role,
                until=record.until,
                reason=record.reason,
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def passed(self, record: records.PassRecord, sender: Sender) -> Step:
        sealed = self._opener.session(sender.partner.name, sender.headers)
        return record_pass.step(
            record_pass.RecordPass(
                person=Person(*sealed.open_identity(record.identity)),
                origin=sender.origin,
                department=sender.partner.department,
                level=record.level,
                passed_on=record.passed_on,
                granted_on=record.granted_on,
                issuing_province=record.issuing_province,
                number=sealed.open("number", record.number),
                home_county=record.home_county,
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def designation(self, record: records.DesignationRecord, sender: Sender) -> Step:
        return designate.step(
            designate.ReportDesignation(
                person=self._person(record.identity, sender),
                origin=sender.origin,
                department=sender.partner.department,
                title=designate.Title(
                    kind=record.kind,
                    grade=record.grade,
                    grantor_level=record.grantor_level,
                    since=record.since,
                    until=record.until,
                ),
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def pay(self, record: records.PayRecord, sender: Sender) -> Step:
        return record_pay.step(
            record_pay.ReportPay(
                person=self._person(record.identity, sender),
                origin=sender.origin,
                department=sender.partner.department,
                organisation=record.organisation,
                year=record.year,
                fen=record.fen,
            ),
            keys=self._keys,
            today=self._clock.day(),
        )

    def organisation(self, record: records.OrganisationRecord, sender: Sender) -> Step:
        return register_organisation.step(
            register_organisation.RegisterOrganisation(
                by=sender.partner,
                origin=sender.origin,
                uscc=record.uscc,
                name=record.name,
                kind=record.kind,
                service_kind=record.service_kind,
                civil_affairs=record.civil_affairs,
                county=record.county,
                registered_on=record.registered_on,
                closed_on=record.closed_on,
                grade=record.grade,
            ),
            today=self._clock.day(),
        )

    def post(self, record: records.PostRecord, sender: Sender) -> Step:
        return create_post.step(
            create_post.CreatePost(
                by=sender.partner,
                origin=sender.origin,
                organisation=record.organisation,
                post=record.post,
                title=record.title,
                field=record.field,
                created_on=record.created_on,
                closed_on=record.closed_on,
            ),
            today=self._clock.day(),
        )


class _TalentSeen(msgspec.Struct, frozen=True):
    follower: str
    event: events.TalentEvent


class OwnTalents:
    """Saga on the registry's own talent events: who holds which post, and whose name is reported differently."""

    name = "own-talents"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        if header(record.headers, "ce_type") != events.TalentEvent.DESCRIPTOR.full_name.encode():
            return None
        event = events.TalentEvent.FromString(record.value or b"")
        if event.version == 1 and not any(it.post for it in event.after.affiliations):
            return None  # nobody before it, nothing to do for it: nearly all
        follower = f"posts/{event.id}"
        return Task(((Follower, follower),), _TalentSeen(follower, event))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        seen: _TalentSeen = task.content
        before = changes(Follower, seen.follower).aggregate.state.written_to
        named = {it.organisation for it in seen.event.after.affiliations if it.post}
        needs: list[Ref] = [(Organisation, uscc) for uscc in named.union(before)]
        if seen.event.WhichOneof("change") == "identity_disputed":
            needs.append((IdentityCase, seen.event.identity_disputed.identity_case))
        return needs

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _TalentSeen = task.content
        event = seen.event
        follower = changes(Follower, seen.follower)
        disputed = event.WhichOneof("change") == "identity_disputed"
        if not (follower.aggregate.exists or disputed or any(it.post for it in event.after.affiliations)):
            return
        if not follower.aggregate.is_next(event.version):
            return
        held = held_posts(
            event.id,
            [(it.organisation, it.post, it.since, it.until) for it in event.after.affiliations if it.post],
            [(it.since, it.until) for it in event.after.recognitions],
        )
        for uscc in held.keys() | set(follower.aggregate.state.written_to):
            changes(Organisation, uscc).apply(partial(_hold, talent=event.id, entries=held.get(uscc, ())))
        if disputed:
            why = event.identity_disputed
            changes(IdentityCase, why.identity_case).apply(
                lambda it: it.open(talent=event.id, differing="name", department=why.department)
            )
        follower.apply(lambda it: it.see(event.version, tuple(sorted(held))))


def _hold(organisation: Organisation, *, talent: str, entries: tuple[tuple[str, Holder], ...]) -> None:
    organisation.hold_posts(talent, entries)
