"""Organisation (机构): an employer of social workers, with its posts (岗位) and who holds them."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from services.registry.domain.organisation_reports import (
    Accreditation,
    AccreditationNotFound,
    AccreditationReport,
    Accredited,
    ArrangementNotFound,
    ArrangementReport,
    Certified,
    CreditReport,
    Ended,
    FounderReport,
    OrganisationPrivateChanged,
    PartyCoverChanged,
    ResidentCount,
    ResidentsCounted,
    ResidentsReport,
    ServiceContract,
    ServiceContracted,
    accreditations,
    arrangements,
    contracts_told,
    must_have_begun,
    resident_counts,
)
from services.registry.domain.party import (
    Branch,
    Member,
    Neighbour,
    PartyCover,
    Place,
    party_cover,
    told,
)
from services.registry.domain.party_rules import JOINT_BRANCH, OWN_BRANCH
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import NotFound
from services.shared.kernel.origin import Origin, Report, held_for, put, supersedes

# View of registered organisations by county, prefecture and province, alone and with "/<kind>".
BY_AREA = "area"


class OrganisationNotFound(NotFound):
    reason = "ORGANISATION_NOT_FOUND"
    zh, en = "没有此机构", "No such organisation"


class Registration(msgspec.Struct, frozen=True):
    """An organisation as one system registered it."""

    origin: Origin
    name: str
    kind: str
    service_kind: str
    civil_affairs: bool
    county: str
    registered_on: Day
    closed_on: Day
    grade: str


class PostReport(msgspec.Struct, frozen=True):
    """A social-work post as one system reported it."""

    origin: Origin
    post: str
    title: str
    field: str
    created_on: Day
    closed_on: Day


class Holder(msgspec.Struct, frozen=True):
    """Somebody holds the post in [since, until); professional = recognised in that time."""

    talent: str
    professional: bool
    since: Day
    until: Day


class Post(msgspec.Struct, frozen=True):
    """`known` is false when a talent's affiliation names a post that nobody has reported."""

    id: str
    title: str = ""
    field: str = ""
    created_on: Day = Day("")
    closed_on: Day = Day("")
    known: bool = False
    holders: tuple[Holder, ...] = ()


class OrganisationFacts(msgspec.Struct, frozen=True):
    known: bool = False
    name: str = ""
    kind: str = ""
    service_kind: str = ""
    civil_affairs: bool = False
    county: str = ""
    registered_on: Day = Day("")
    closed_on: Day = Day("")
    grade: str = ""
    posts: tuple[Post, ...] = ()
    accreditations: tuple[Accreditation, ...] = ()
    residents: tuple[ResidentCount, ...] = ()
    party_cover: tuple[PartyCover, ...] = ()
    contracts: tuple[ServiceContract, ...] = ()


class OrganisationState(msgspec.Struct, frozen=True):
    """Reports by origin; below them what sagas write down of talents, contracts and other organisations."""

    registrations: tuple[Registration, ...] = ()
    posts: tuple[PostReport, ...] = ()
    holders: tuple[tuple[str, Holder], ...] = ()
    accreditations: tuple[AccreditationReport, ...] = ()
    accreditation_ends: tuple[Ended, ...] = ()
    residents: tuple[ResidentsReport, ...] = ()
    founders: tuple[FounderReport, ...] = ()
    arrangements: tuple[ArrangementReport, ...] = ()
    arrangement_ends: tuple[Ended, ...] = ()
    credit: tuple[CreditReport, ...] = ()
    members: tuple[Member, ...] = ()
    staff: tuple[Certified, ...] = ()
    contracts: tuple[ServiceContract, ...] = ()
    # The other organisations of the arrangements, and the organisations in whose arrangements this one is the other.
    neighbours: tuple[Neighbour, ...] = ()
    dependants: tuple[str, ...] = ()
    # Of which version of its subject a saga wrote here last (kernel/follower.py).
    heard: dict[str, int] = {}


class OrganisationRegistered(msgspec.Struct, frozen=True):
    kind: str


class PostCreated(msgspec.Struct, frozen=True):
    post: str


class PostHeld(msgspec.Struct, frozen=True):
    post: str
    talent: str


class Organisation(Aggregate[OrganisationState]):
    """Id = unified social credit code (GB 32100). Exists as a stub (`known` false) as soon as somebody refers to it.

    Invariant: facts do not depend on the order in which registrations, posts and holders arrive. Plan §3.1, §4.1.
    """

    kind = "organisation"
    __slots__ = ()

    @classmethod
    def blank(cls) -> OrganisationState:
        return OrganisationState()

    def facts(self) -> OrganisationFacts:
        state = self.state
        it = self.registration
        facts = OrganisationFacts(
            posts=_posts(state),
            accreditations=accreditations(state.accreditations, state.accreditation_ends),
            residents=resident_counts(state.residents),
            contracts=contracts_told(state.contracts),
        )
        if it is None:
            return facts
        return msgspec.structs.replace(
            facts,
            known=True,
            name=it.name,
            kind=it.kind,
            service_kind=it.service_kind,
            civil_affairs=it.civil_affairs,
            county=it.county,
            registered_on=it.registered_on,
            closed_on=it.closed_on,
            grade=it.grade,
            party_cover=told(self.party_cover()),
        )

    @property
    def registration(self) -> Registration | None:
        """The one that counts: the highest revision, then the greater system."""
        return max(
            self.state.registrations,
            key=lambda held: (held.origin.revision, held.origin.system),
            default=None,
        )

    def party_cover(self) -> tuple[PartyCover, ...]:
        """Since the registration, whole; of private agencies, and of others that have an arrangement or members."""
        state, it = self.state, self.registration
        if it is None or not (it.kind == "private_agency" or state.arrangements or state.members):
            return ()
        return party_cover(
            Place(it.county, self._fields(it), it.registered_on, it.closed_on),
            state.members,
            arrangements(state.arrangements, state.arrangement_ends),
            state.neighbours,
        )

    def others(self) -> set[str]:
        """The other organisations of its party arrangements."""
        return {it.other for it in self.state.arrangements if it.other}

    def as_neighbour(self) -> Neighbour:
        """What the coverage of organisations that are joined to this one, or led by it, depends on."""
        it = self.registration
        if it is None:
            return Neighbour(self.id, "", (), Day(""), Day(""), ())
        held = arrangements(self.state.arrangements, self.state.arrangement_ends)
        branches = {Branch(one.kind, one.since, one.until) for one in held if one.kind in (OWN_BRANCH, JOINT_BRANCH)}
        kept = tuple(sorted(branches, key=msgspec.structs.astuple))
        return Neighbour(self.id, it.county, self._fields(it), it.registered_on, it.closed_on, kept)

    def _fields(self, registration: Registration) -> tuple[str, ...]:
        """What it works in: the fields of its posts and its kind of service."""
        return tuple(sorted({it.field for it in self.state.posts} | ({registration.service_kind} - {""})))

    def register(self, registration: Registration) -> bool:
        """Take a registration; False when it is a repeat. Raises REVISION_REUSED."""
        state = self.state
        if not supersedes(registration, held_for(state.registrations, registration.origin)):
            return False
        kept = put(state.registrations, registration)
        self._record(
            OrganisationRegistered(registration.kind),
            msgspec.structs.replace(state, registrations=kept),
        )
        return True

    def create_post(self, post: PostReport) -> bool:
        """Take a post; False when it is a repeat. Raises REVISION_REUSED."""
        state = self.state
        if not supersedes(post, held_for(state.posts, post.origin)):
            return False
        self._record(
            PostCreated(post.post),
            msgspec.structs.replace(state, posts=put(state.posts, post)),
        )
        return True

    def hold_posts(self, talent: str, held: tuple[tuple[str, Holder], ...]) -> bool:
        """Say which posts a talent holds and when, replacing what was said of it before; False when nothing changed."""
        state = self.state
        others = [entry for entry in state.holders if entry[1].talent != talent]
        holders = tuple(
            sorted(
                (*others, *held),
                key=lambda entry: (entry[0], msgspec.structs.astuple(entry[1])),
            )
        )
        if holders == state.holders:
            return False
        named = held[0][0] if held else next(post for post, holder in state.holders if holder.talent == talent)
        self._record(PostHeld(named, talent), msgspec.structs.replace(state, holders=holders))
        return True

    def accredit(self, report: AccreditationReport) -> bool:
        """Take an accreditation; False when it is a repeat. Raises REVISION_REUSED, as all reports do."""
        return self._take("accreditations", report, Accredited(report.kind, report.since))

    def end_accreditation(self, end: Ended) -> bool:
        """Raises ACCREDITATION_NOT_FOUND, INTERVAL_REVERSED."""
        must_have_begun(self.state.accreditations, end, AccreditationNotFound)
        return self._take("accreditation_ends", end, Accredited(end.of.partition("/")[0], end.until))

    def count_residents(self, report: ResidentsReport) -> bool:
        return self._take("residents", report, ResidentsCounted(report.on))

    def founded_by(self, report: FounderReport) -> bool:
        return self._take("founders", report, OrganisationPrivateChanged())

    def note_credit(self, report: CreditReport) -> bool:
        return self._take("credit", report, OrganisationPrivateChanged())

    def arrange_party_work(self, report: ArrangementReport) -> bool:
        return self._take("arrangements", report, None)

    def end_arrangement(self, end: Ended) -> bool:
        """Raises ARRANGEMENT_NOT_FOUND, INTERVAL_REVERSED."""
        must_have_begun(self.state.arrangements, end, ArrangementNotFound)
        return self._take("arrangement_ends", end, None)

    def employ(self, talent: str, members: tuple[Member, ...], staff: tuple[Certified, ...]) -> bool:
        """Say when a talent works here as a formal member and as certified, replacing what was said of it before."""
        state = self.state
        return self._write(
            members=_with(talent, members, state.members),
            staff=_with(talent, staff, state.staff),
        )

    def beside(self, neighbours: tuple[Neighbour, ...]) -> bool:
        """Write down the other organisations of the arrangements, all of them."""
        kept = sorted(neighbours, key=lambda it: it.organisation)
        return self._write(neighbours=tuple(kept))

    def depended_on(self, organisation: str, *, depends: bool) -> bool:
        """Remember, or forget, that the coverage of another organisation depends on this one."""
        others = set(self.state.dependants) - {organisation}
        return self._write(dependants=tuple(sorted(others | {organisation} if depends else others)))

    def contracted(self, contract: str, held: ServiceContract | None) -> bool:
        """Say when a contract serves the organisation, None = no longer; False when nothing changed."""
        kept = [it for it in self.state.contracts if it.contract != contract] + ([held] if held else [])
        kept.sort(key=lambda it: it.contract)
        return self._write(ServiceContracted(contract), contracts=tuple(kept))

    def _take(self, into: str, report: Report, event: object | None) -> bool:
        held: tuple[Report, ...] = getattr(self.state, into)
        if not supersedes(report, held_for(held, report.origin)):
            return False
        return self._write(event, **{into: put(held, report)})

    def _write(self, event: object | None = None, **changed: tuple[object, ...]) -> bool:
        """Without an event of its own a change is told as that of the party cover, or as one that facts do not tell."""
        before = self.state
        state = msgspec.structs.replace(before, **changed)
        if state == before:
            return False
        if event is None:
            covered = self.party_cover()
            self.state = state
            cover = self.party_cover()
            changes = bool(cover) and cover != covered
            event = PartyCoverChanged(cover[-1].fits, cover[-1].since) if changes else OrganisationPrivateChanged()
        self._record(event, state)
        return True


T = TypeVar("T", bound=Member | Certified)


def _with(talent: str, said: tuple[T, ...], held: tuple[T, ...]) -> tuple[T, ...]:
    kept: list[T] = [it for it in held if it.talent != talent]
    return tuple(sorted([*kept, *said], key=msgspec.structs.astuple))


def _posts(state: OrganisationState) -> tuple[Post, ...]:
    reports: dict[str, PostReport] = {}
    for report in state.posts:
        held = reports.get(report.post)
        if held is None or (held.origin.revision, held.origin.system) < (
            report.origin.revision,
            report.origin.system,
        ):
            reports[report.post] = report
    holders: dict[str, list[Holder]] = {}
    for post, holder in state.holders:
        holders.setdefault(post, []).append(holder)
    return tuple(
        Post(
            post,
            it.title,
            it.field,
            it.created_on,
            it.closed_on,
            True,
            tuple(holders.get(post, ())),
        )
        if (it := reports.get(post))
        else Post(post, holders=tuple(holders[post]))
        for post in sorted(reports.keys() | holders.keys())
    )
