"""The whole sample as one numbered row of items, played in any order from any position."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from deploy.sample.expected import Sums, expected
from deploy.sample.invalid import invalid_record
from deploy.sample.jobs import WIDE
from deploy.sample.network import Network
from deploy.sample.organisations import Organisations
from deploy.sample.people import People
from deploy.sample.places import OWN_SYSTEMS, Places
from deploy.sample.record import Record
from deploy.sample.registrations import Registrations
from deploy.sample.spread import Spread, shuffled
from deploy.sample.stations_plan import StationsPlan
from deploy.sample.titles import Titles
from deploy.sample.workers import Workers

PARTNERS = ("civil_affairs", *(f"civil_affairs-{code}" for code in OWN_SYSTEMS), *WIDE)
# The builders of the SDK by which all of it is sent.
RECORD_TYPES = (
    "talent", "affiliation_end", "exam_pass", "designation", "registration_application", "registration_decision",
    "education", "organisation", "post", "accreditation", "party_arrangement", "training_session",
    "graduate_cohort", "community", "appropriation",
)  # fmt: skip
_SENT_TWICE = 100  # one in a hundred


class Sent(NamedTuple):
    """A record at its position; `refused_as` is the reason that must come back, "" for good records."""

    position: int
    record: Record
    refused_as: str = ""


class Province:
    """The sample at one scale. Memory is bounded by places and organisations, never by persons or records."""

    def __init__(self, scale: float = 1.0) -> None:
        self.sums: Sums = expected(scale)
        people = People(self.sums.practitioners + self.sums.left_before)
        places = Places(self.sums)
        organisations = Organisations(self.sums, places)
        workers = Workers(self.sums, places, organisations, people)
        titles = Titles(self.sums, people, places)
        network = Network(self.sums, places, organisations)
        registrations = Registrations(self.sums, people, places, organisations, titles)
        self._people, self._places, self._organisations = people, places, organisations
        kinds: list[tuple[int, Callable[[int], Record]]] = [
            (network.communities, network.community),
            (network.organisations, network.organisation),
            (self.sums.posts, network.post),
            (sum(self.sums.closed_posts), network.closed_post),
            (sum(self.sums.new_posts), network.new_post),
            (network.appropriations, network.appropriation),
            (self.sums.practitioners, workers.first),
            (workers.superseded, workers.superseded_first),
            (workers.seconds, workers.second),
            (self.sums.left_before, workers.left),
            (self.sums.left_before // 2, workers.left_end),
            (sum(self.sums.departed), workers.departure),
            (sum(self.sums.new_professionals), workers.newcomer),
            (titles.assistants, titles.assistant),
            (titles.both, titles.assistant_before),
            (titles.intermediates, titles.intermediate),
            (titles.later_assistants, titles.later_assistant),
            (titles.later_intermediates, titles.later_intermediate),
            (titles.seniors, titles.senior),
            (titles.leading, titles.leader),
            (titles.supervisors, titles.supervisor),
            (titles.high_level, titles.top),
            (network.bases, network.base),
            (network.covered, network.cover),
            (network.new_covered, network.new_cover),
            (network.sessions, network.session),
            (network.cohorts, network.cohort),
            (registrations.count, registrations.application),
            (registrations.count, registrations.decision),
            (registrations.learnings, registrations.learning),
            (registrations.trainings, registrations.training),
        ]
        self._makers = [maker for _, maker in kinds]
        self._starts = [sum(count for count, _ in kinds[:at]) for at in range(len(kinds))]
        self.distinct = sum(count for count, _ in kinds)
        self._again = Spread(self.distinct, 51)
        self.total = self.distinct + self.distinct // _SENT_TWICE

    def stations(self) -> StationsPlan:
        """The stations that are opened through gRPC once the records are in."""
        return StationsPlan(self.sums, self._places, self._organisations)

    def item(self, index: int) -> Record:
        """The record of an item; items from `distinct` on are some of the others once more."""
        if index >= self.distinct:
            index = self._again.at(index - self.distinct)
        kind = bisect_right(self._starts, index) - 1
        return self._makers[kind](index - self._starts[kind])

    def records(
        self,
        *,
        start: int = 0,
        stop: int | None = None,
        deliveries: int = 1,
        shuffle_seed: int = 0,
        invalid_share: float = 0.0,
    ) -> Iterator[Sent]:
        """Positions `start` … `stop` of the whole input, delivered `deliveries` times, each time in another order.

        The same arguments give the same records; `start` costs nothing. With `invalid_share` a record that must be
        refused follows every so many good ones, at the position of the good one before it.
        """
        end = deliveries * self.total if stop is None else min(stop, deliveries * self.total)
        every = round(1 / invalid_share) if invalid_share else 0
        item = self.item
        position = start
        while position < end:
            delivery, first = divmod(position, self.total)
            last = min(self.total, first + end - position)
            for index in shuffled(self.total, shuffle_seed * 1009 + delivery, first, last):
                yield Sent(position, item(index))
                position += 1
                if every and position % every == 0:
                    record, reason = invalid_record(position // every, self._people)
                    yield Sent(position - 1, record, reason)
