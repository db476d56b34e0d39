"""What contributions read of the facts in events. The wire's messages fit as they are; tests may use plain values.

Only fields that count are named. Days are YYYY-MM-DD, "" = none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Dated(Protocol):
    """In [since, until)."""

    @property
    def since(self) -> str: ...
    @property
    def until(self) -> str: ...


class Affiliation(Dated, Protocol):
    @property
    def id(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def community_kind(self) -> str: ...
    @property
    def practitioner(self) -> bool: ...
    @property
    def principal(self) -> bool: ...


class Certificate(Protocol):
    @property
    def level(self) -> str: ...
    @property
    def passed_on(self) -> str: ...
    @property
    def granted_on(self) -> str: ...
    @property
    def annulled_on(self) -> str: ...


class Designation(Dated, Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def grantor_level(self) -> str: ...


class Pay(Protocol):
    @property
    def year(self) -> int: ...
    @property
    def band(self) -> str: ...


class TalentFacts(Protocol):
    @property
    def home_county(self) -> str: ...
    @property
    def affiliations(self) -> Iterable[Affiliation]: ...
    @property
    def recognitions(self) -> Iterable[Dated]: ...
    @property
    def certificates(self) -> Iterable[Certificate]: ...
    @property
    def designations(self) -> Iterable[Designation]: ...
    @property
    def pay(self) -> Iterable[Pay]: ...
    @property
    def moved_to(self) -> str: ...


class Worker(Dated, Protocol):
    """Somebody who holds a post or works in a community; professional = recognised in that time."""

    @property
    def professional(self) -> bool: ...


class Post(Protocol):
    @property
    def known(self) -> bool: ...
    @property
    def created_on(self) -> str: ...
    @property
    def closed_on(self) -> str: ...
    @property
    def holders(self) -> Iterable[Worker]: ...


class OrganisationFacts(Protocol):
    @property
    def known(self) -> bool: ...
    @property
    def kind(self) -> str: ...
    @property
    def civil_affairs(self) -> bool: ...
    @property
    def county(self) -> str: ...
    @property
    def registered_on(self) -> str: ...
    @property
    def closed_on(self) -> str: ...
    @property
    def posts(self) -> Iterable[Post]: ...


class Status(Dated, Protocol):
    @property
    def status(self) -> str: ...


class StationFacts(Protocol):
    @property
    def area(self) -> str: ...
    @property
    def statuses(self) -> Iterable[Status]: ...


class TownshipFacts(Protocol):
    @property
    def served_by(self) -> Iterable[Dated]: ...


class CommunityKind(Dated, Protocol):
    @property
    def kind(self) -> str: ...


class ElderlyCount(Protocol):
    @property
    def on(self) -> str: ...
    @property
    def residents(self) -> int: ...


class CommunityFacts(Protocol):
    @property
    def known(self) -> bool: ...
    @property
    def kinds(self) -> Iterable[CommunityKind]: ...
    @property
    def elderly(self) -> Iterable[ElderlyCount]: ...
    @property
    def workers(self) -> Iterable[Worker]: ...


class Township(Protocol):
    @property
    def kind(self) -> str: ...


class AreaFacts(Dated, Protocol):
    @property
    def code(self) -> str: ...
    @property
    def townships(self) -> Iterable[Township]: ...


class PopulationCount(Protocol):
    @property
    def on(self) -> str: ...
    @property
    def residents(self) -> int: ...


class PopulationFacts(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def counts(self) -> Iterable[PopulationCount]: ...
