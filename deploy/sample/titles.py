"""PassRecords of the examination authority and DesignationRecords: who is certified, leads, supervises."""

from __future__ import annotations

from deploy.sample.expected import LEADING, NEW_SENIORS, SENIORS, Sums, year_of
from deploy.sample.people import People
from deploy.sample.places import Places
from deploy.sample.record import Record
from deploy.sample.spread import Spread, mixed

EXAM_AUTHORITY = "human_resources"
GRANTOR = "civil_affairs"


class Titles:
    """Certified persons by their rank among the professionals who stay: seniors, other intermediates, assistants.

    Assistants who pass the next level later come first among these; behind them come those who pass after 2020. Some of
    those who leave and some practitioners who are not recognised hold the assistant level too.
    """

    def __init__(self, sums: Sums, people: People, places: Places) -> None:
        self._sums, self._people, self._places = sums, people, places
        staying = sums.professionals - sum(sums.departed)
        self._ranks = Spread(staying, 41)
        self._staying = staying
        self._unrecognised = sums.professionals + sum(sums.later_recognised)
        self._certified = sums.certified - sums.certified_leaving - sums.certified_unrecognised
        self.assistants = sums.certified - sums.intermediate_or_above
        self.intermediates = sums.intermediate_or_above
        self.both = sums.intermediate_or_above // 2  # intermediates who had passed the assistant level before
        self.later_assistants = sum(sums.newly_certified)
        self.later_intermediates = sum(sums.new_intermediates)
        self.seniors = SENIORS + sum(NEW_SENIORS)
        self.supervisors = sum(sums.supervisors)
        self.high_level = sum(sums.high_level)
        self.leading = LEADING

    def assistant(self, index: int) -> Record:
        among_staying = self._certified - self.intermediates
        if index < among_staying:
            person = self._ranks.at(self.intermediates + index)
        elif index < among_staying + self._sums.certified_leaving:
            person = self._staying + index - among_staying
        else:
            person = self._unrecognised + index - among_staying - self._sums.certified_leaving
        return self._pass("assistant", person, 2009 + mixed(person) % 12)

    def assistant_before(self, index: int) -> Record:
        return self._pass("assistant", self._ranks.at(index), 2009 + index % 4)

    def intermediate(self, index: int) -> Record:
        """Seniors passed this level by 2016."""
        year = 2014 + index % 3 if index < self.seniors else 2014 + index % 7
        record = self._pass("intermediate", self._ranks.at(index), year)
        if index < self.seniors:
            record.fields["passed_on"] = f"{year}-08-20"
        return record

    def later_assistant(self, index: int) -> Record:
        year = year_of(index, self._sums.newly_certified)
        return self._pass("assistant", self.later_certified(index), year)

    def passes_later(self, person: int) -> bool:
        """Whether a professional who stays passes the assistant level after 2020."""
        return self._certified <= self._ranks.rank(person) < self._certified + self.later_assistants

    def later_certified(self, index: int) -> int:
        """The person who passes as the `index`-th after 2020."""
        return self._ranks.at(self._certified + index)

    def later_intermediate(self, index: int) -> Record:
        year = year_of(index, self._sums.new_intermediates)
        return self._pass("intermediate", self._ranks.at(self.intermediates + index), year)

    def senior(self, index: int) -> Record:
        """Passed in the year before, granted by review; those of 2020 were the first."""
        granted = 2020 if index < SENIORS else year_of(index - SENIORS, NEW_SENIORS)
        record = self._pass("senior", self._ranks.at(index), granted - 1)
        record.fields["passed_on"] = f"{granted - 1}-08-20"
        record.fields["granted_on"] = f"{granted}-11-{1 + index % 28:02d}"
        return record

    def _pass(self, level: str, person: int, year: int) -> Record:
        """Exams are held in June, in 2020 in October (put off); results follow some weeks later."""
        bits, personal = mixed(person + 0x30000000), self._people.identity(person)
        if year <= 2020:  # passed at twenty or later
            year = min(2020, max(year, int(personal["id_number"][6:10]) + 20))
        month = 11 if year == 2020 else 8
        fields: dict[str, object] = {
            "level": level,
            "passed_on": f"{year}-{month:02d}-{10 + bits % 15:02d}",
            "granted_on": "",
            "issuing_province": "510000",
            "home_county": self._places.home(person),
        }
        personal["phone"] = ""
        personal["number"] = f"SC{year}{'AIS'['ais'.index(level[0])]}{person:07d}"
        return Record(EXAM_AUTHORITY, "exam_pass", f"pass-{level}-{person:06d}", 1, personal, fields)

    # --- designations

    def leader(self, index: int) -> Record:
        return self._designation("leading", self._ranks.at(index), "national", f"{2016 + index}-12-01")

    def supervisor(self, index: int) -> Record:
        year = year_of(index, self._sums.supervisors)
        level = "province" if index % 5 == 0 else "prefecture"
        return self._designation("practice_supervisor", self._ranks.at(index + SENIORS), level, _in(year, index))

    def top(self, index: int) -> Record:
        year = year_of(index, self._sums.high_level)
        return self._designation("high_level", self._ranks.at(index), "province", _in(year, index + 5))

    def _designation(self, kind: str, person: int, grantor_level: str, since: str) -> Record:
        fields = {"kind": kind, "grade": "", "grantor_level": grantor_level, "since": since, "until": ""}
        return Record(GRANTOR, "designation", f"{kind}-{person:06d}", 1, self._people.identity(person), fields)


def _in(year: int, index: int) -> str:
    return f"{year}-{3 + index % 9:02d}-{1 + index % 28:02d}"
