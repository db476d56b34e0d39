"""Organisation (机构): an employer of social workers, with its posts (岗位) and who holds them."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day, holds
from services.shared.kernel.errors import NotFound
from services.shared.kernel.origin import Origin, held_for, put, supersedes


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


class OrganisationState(msgspec.Struct, frozen=True):
    registrations: tuple[Registration, ...] = ()
    posts: tuple[PostReport, ...] = ()
    holders: tuple[tuple[str, Holder], ...] = ()


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
        posts = _posts(self.state)
        if not self.state.registrations:
            return OrganisationFacts(posts=posts)
        it = max(
            self.state.registrations,
            key=lambda held: (held.origin.revision, held.origin.system),
        )
        return OrganisationFacts(
            True,
            it.name,
            it.kind,
            it.service_kind,
            it.civil_affairs,
            it.county,
            it.registered_on,
            it.closed_on,
            it.grade,
            posts,
        )

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


class Standing(msgspec.Struct, frozen=True):
    """What a purchaser or a station asks of an organisation on a day (plan §4.1)."""

    open: bool
    posts: int
    filled_posts: int
    grade: str
    reasons: tuple[str, ...]


def standing(facts: OrganisationFacts, *, on: Day) -> Standing:
    """Reasons against a contract: NOT_REGISTERED, CLOSED, NO_SOCIAL_WORK_POST."""
    is_open = facts.known and holds(facts.registered_on, facts.closed_on, on)
    posts = [post for post in facts.posts if post.known and holds(post.created_on, post.closed_on, on)]
    filled = [post for post in posts if any(holds(holder.since, holder.until, on) for holder in post.holders)]
    reasons = []
    if not facts.known or on < facts.registered_on:
        reasons.append("NOT_REGISTERED")
    elif not is_open:
        reasons.append("CLOSED")
    if not posts:
        reasons.append("NO_SOCIAL_WORK_POST")
    return Standing(is_open, len(posts), len(filled), facts.grade if is_open else "", tuple(reasons))
