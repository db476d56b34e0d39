"""Registrations (登记) of newly certified persons, and their continuing education in the two calendar years after;
trainings of child welfare directors and managers.
"""

from __future__ import annotations

from bisect import bisect_right

from deploy.sample.expected import (
    MINUTES_LEARNED,
    MINUTES_LEARNED_LITTLE,
    YEARS,
    YEARS_REGISTERED,
    Sums,
    year_of,
)
from deploy.sample.jobs import Jobs
from deploy.sample.organisations import Organisations
from deploy.sample.people import People
from deploy.sample.places import Places, civil_affairs_of
from deploy.sample.record import Record
from deploy.sample.spread import mixed
from deploy.sample.titles import Titles

# Role → categories of the trainings that somebody is sent to.
_TRAINED_IN = {"child_welfare_director": ("exam_preparation",), "manager": ("manager", "professional")}
_EDUCATOR = "human_resources"


class Registrations:
    """Who registers in a year are the first of those who pass the assistant level in it. Nobody renews."""

    def __init__(
        self, sums: Sums, people: People, places: Places, organisations: Organisations, titles: Titles
    ) -> None:
        self._sums, self._people, self._places, self._titles = sums, people, places, titles
        self._organisations = organisations
        self.count = sum(sums.registered)
        # A person learns in the years after that of the registration, as far as the sample goes.
        self._learning = [
            (sum(sums.registered[:at]), count, YEARS[at] + later)
            for at, count in enumerate(sums.registered)
            for later in range(1, YEARS_REGISTERED)
            if YEARS[at] + later <= YEARS[-1]
        ]
        self._starts = [sum(count for _, count, _ in self._learning[:at]) for at in range(len(self._learning))]
        self._trained = self._sent_to_trainings(Jobs(sums, places, organisations))
        self.trainings = len(self._trained)
        self.learnings = sum(count for _, count, _ in self._learning)

    def person(self, index: int) -> tuple[int, int]:
        """Who registers, and in which year."""
        year = year_of(index, self._sums.registered)
        at = YEARS.index(year)
        within = index - sum(self._sums.registered[:at])
        return self._titles.later_certified(sum(self._sums.newly_certified[:at]) + within), year

    def application(self, index: int) -> Record:
        person, year = self.person(index)
        county = self._county(person)
        fields = {"level": "assistant", "received_on": _received(person, year), "area": county}
        return Record(
            civil_affairs_of(county), "registration_application", f"application-{person:06d}-{year}", 1,
            self._people.identity(person), fields,
        )  # fmt: skip

    def decision(self, index: int) -> Record:
        person, year = self.person(index)
        fields = {
            "level": "assistant",
            "received_on": _received(person, year),
            "decided_on": f"{year}-11-{1 + person % 28:02d}",
            "granted": True,
        }
        return Record(
            civil_affairs_of(self._county(person)), "registration_decision", f"decision-{person:06d}-{year}", 1,
            self._people.identity(person), fields,
        )  # fmt: skip

    def learning(self, index: int) -> Record:
        """A year's continuing education in one course."""
        at = bisect_right(self._starts, index) - 1
        within = index - self._starts[at]
        first, _, year = self._learning[at]
        person, _ = self.person(first + within)
        day = f"{year}-{3 + person % 7:02d}-{1 + person % 26:02d}"
        fields = {
            "evidence_id": f"course-{person:06d}-{year}",
            "kind": "training",
            "category": "professional",
            "first_day": day,
            "last_day": f"{day[:8]}{int(day[8:]) + 2:02d}",
            "minutes": MINUTES_LEARNED if within % 4 else MINUTES_LEARNED_LITTLE,
            "provider": self._organisations[0].uscc,
        }
        return Record(
            _EDUCATOR, "education", f"education-{person:06d}-{year}", 1, self._people.identity(person), fields
        )

    def training(self, index: int) -> Record:
        """A course of a child welfare director (儿童主任) or of a manager, who need no certificate for it."""
        person, category = self._trained[index]
        day = f"{YEARS[person % len(YEARS)]}-{4 + person % 8:02d}-{1 + person % 28:02d}"
        fields = {
            "evidence_id": f"course-{person:06d}-{category}",
            "kind": "training",
            "category": category,
            "first_day": day,
            "last_day": day,
            "minutes": 360,
            "provider": self._organisations[1].uscc,
        }
        return Record(
            _EDUCATOR, "education", f"training-{person:06d}-{category}", 1, self._people.identity(person), fields
        )

    def _sent_to_trainings(self, jobs: Jobs) -> list[tuple[int, str]]:
        """Two of three; nobody who registers, whose hours are told elsewhere."""
        first, found = self._sums.posts_held, []
        for person in range(first, min(first + self._sums.searched_for_training, jobs.staying)):
            role = jobs.of(person).role
            if role in _TRAINED_IN and person % 3 and not self._titles.passes_later(person):
                found += [(person, category) for category in _TRAINED_IN[role]]
        return found

    def _county(self, person: int) -> str:
        """Where the application is filed."""
        return self._places.counties[self._places.county(mixed(person + 0x60000000))].code


def _received(person: int, year: int) -> str:
    return f"{year}-10-{1 + person % 28:02d}"
