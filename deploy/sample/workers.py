"""TalentRecords and AffiliationEndRecords: who works where since when, as each department reports it."""

from __future__ import annotations

from typing import Any

from deploy.sample.expected import YEARS, Sums, year_of
from deploy.sample.jobs import WIDE, Job, Jobs
from deploy.sample.organisations import Organisations
from deploy.sample.people import People, respelt
from deploy.sample.places import Places
from deploy.sample.record import Record
from deploy.sample.spread import Spread, mixed

_WIDE = tuple(WIDE)


class Workers:
    """Records by index within each kind; every method is a pure function of its index."""

    def __init__(self, sums: Sums, places: Places, organisations: Organisations, people: People) -> None:
        self._sums, self._places, self._organisations, self._people = sums, places, organisations, people
        self._jobs = Jobs(sums, places, organisations)
        self._staying, self._newcomers = self._jobs.staying, self._jobs.newcomers
        self._twice = sums.known_to_two + sums.known_to_three
        self._seconds = Spread(sums.practitioners - sum(sums.departed), 31)
        self._corrections = Spread(self._staying, 32)
        self._pays = Spread(sums.professionals, 33)
        self.seconds = self._twice + sums.known_to_three
        self.superseded = sum(sums.later_recognised) + sums.corrected

    # --- records

    def first(self, person: int) -> Record:
        """The final revision of a practitioner's record by the first department."""
        sums, job, bits = self._sums, self._jobs.of(person), mixed(person + 0x10000000)
        identity = self._people.identity(person)
        since = _since(identity["id_number"], bits, not_before=job.post_since)
        recognised, pay, revision, as_of = "", 0, 1, f"2020-12-{1 + bits % 28:02d}"
        if person < sums.professionals:
            if not self._recognised_by_second_only(person):
                recognised = _between(since, bits >> 20)
            pay = self._pay(person)
            if person < self._staying and self._corrections.rank(person) < sums.corrected:
                revision = 2
        elif person < self._jobs.unrecognised:
            year = year_of(person - sums.professionals, sums.later_recognised)
            recognised = as_of = f"{year}-{1 + (bits >> 8) % 11:02d}-{1 + (bits >> 16) % 28:02d}"
            revision = 2
        return _talent(
            job,
            person,
            identity,
            revision,
            as_of,
            bits,
            since,
            recognised=recognised,
            pay=pay,
            home=self._places.home(person),
        )

    def superseded_first(self, index: int) -> Record:
        """An earlier revision: of those recognised later without recognition, of some others with another place."""
        later = sum(self._sums.later_recognised)
        if index < later:
            record = self.first(self._sums.professionals + index)
            changed = {"recognised_ground": "", "recognised_since": "", "as_of": "2020-12-31"}
        else:
            record = self.first(self._corrections.at(index - later))
            county = record.fields["place"][:6]
            changed = {"place": county, "community_kind": "", "field": "social_assistance", "as_of": "2020-11-30"}
        return record._replace(revision=1, fields={**record.fields, **changed})

    def second(self, index: int) -> Record:
        """A second or third department reports a person, in its own spelling, at the same or another employer."""
        rank, ordinal = (index, 1) if index < self._twice else (index - self._twice, 2)
        person = self._seconds.at(rank)
        if person >= self._staying:
            person += sum(self._sums.departed)
        job, bits = self._jobs.of(person), mixed(person + (ordinal << 32))
        department = self._other_department(person, job.department, ordinal)
        identity = self._people.identity(person)
        same = bits & 7 < 5
        county = job.place[:6]
        organisation = (
            job.organisation if same else self._organisations.other(self._jobs.county_index[county], bits >> 8)
        )
        fields = WIDE[department]
        since = _since(identity["id_number"], bits)
        professional = person < self._sums.professionals
        recognised = ""
        if professional and (bits >> 12 & 3 == 0 or (ordinal == 1 and self._recognised_by_second_only(person))):
            recognised = _between(since, bits >> 20)
        pay = self._pay(person) if professional and same and bits >> 14 & 1 else 0
        other = job._replace(
            partner=department,
            department=department,
            organisation=organisation,
            role=job.role if same else "worker",
            post="",
            field=fields[(bits >> 16) % len(fields)],
            place=county,
            community_kind="",
        )
        record = _talent(
            other, person, respelt(identity, bits >> 30), 1, f"2020-12-{1 + bits % 15:02d}", bits, since,
            recognised=recognised, pay=pay, home=self._places.home(person),
        )  # fmt: skip
        record.fields["principal"] = False
        if bits >> 52 & 3 == 0:
            record.fields["organisation"] = f" {record.fields['organisation'].lower()}"
        return record

    def left(self, index: int) -> Record:
        """Somebody who left again before 2020-12; of every other one the department says so by an end record."""
        person = self._sums.practitioners + index
        job, bits = self._jobs.of(person), mixed(person + 0x10000000)
        identity = self._people.identity(person)
        since, until = _past_stay(identity["id_number"], bits)
        record = _talent(
            job, person, identity, 1, since, bits, since,
            recognised=since if bits >> 30 & 1 else "", pay=0, home=self._places.home(person),
        )  # fmt: skip
        record.fields["until"] = "" if index & 1 else until
        return record

    def left_end(self, index: int) -> Record:
        person = self._sums.practitioners + 2 * index + 1
        return self._end(person, _past_stay(self._people.id_number(person), mixed(person + 0x10000000))[1])

    def departure(self, index: int) -> Record:
        person = self._staying + index
        bits = mixed(person + 0x10000000)
        year = year_of(index, self._sums.departed)
        return self._end(person, f"{year}-{1 + (bits >> 40) % 12:02d}-{1 + (bits >> 48) % 28:02d}")

    def newcomer(self, index: int) -> Record:
        """Somebody who joins and is recognised in the same year, with the pay of that year."""
        sums, person = self._sums, self._newcomers + index
        year = year_of(index, sums.new_professionals)
        at = YEARS.index(year)
        within, group = index - sum(sums.new_professionals[:at]), sums.new_professionals[at]
        job, bits = self._jobs.of(person), mixed(person + 0x10000000)
        since = f"{year}-{7 + (bits >> 8) % 4:02d}-{1 + (bits >> 16) % 28:02d}"
        recognised = f"{year}-{11 + (bits >> 24) % 2}-{1 + (bits >> 28) % 28:02d}"
        if within < group * 3 // 10:
            pay = 1_800_000 + bits % 1_200_001
        elif within < group * 3 // 4:
            pay = 3_000_001 + bits % 2_000_000
        else:
            pay = 5_000_001 + bits % 6_000_000
        record = _talent(
            job,
            person,
            self._people.identity(person),
            1,
            f"{year}-12-31",
            bits,
            since,
            recognised=recognised,
            pay=pay,
            home=self._places.home(person),
        )
        record.fields["pay_year"] = year
        return record

    def _end(self, person: int, until: str) -> Record:
        job = self._jobs.of(person)
        fields = {
            "organisation": job.organisation.uscc,
            "role": job.role,
            "until": until,
            "reason": "离职",
        }
        return Record(job.partner, "affiliation_end", f"end-{person:06d}", 1, self._people.identity(person), fields)

    # --- parts

    def _recognised_by_second_only(self, person: int) -> bool:
        if person >= self._staying:
            return False
        rank = self._seconds.rank(person)
        return rank < self._twice and rank & 3 == 0

    def _other_department(self, person: int, first: str, ordinal: int) -> str:
        at = mixed(person + 0x20000000) % len(_WIDE)
        others = [name for name in (*_WIDE[at:], *_WIDE[:at]) if name != first]
        return others[ordinal - 1]

    def _pay(self, person: int) -> int:
        """Pay of 2020 in fen."""
        rank = self._pays.rank(person)
        if rank < self._sums.pay_to_30000:
            return 1_800_000 + rank * 1009 % 1_200_001
        if rank < self._sums.pay_to_50000:
            return 3_000_001 + rank * 1009 % 2_000_000
        return 5_000_001 + rank * 1009 % 7_000_000


def _since(id_number: str, bits: int, *, not_before: str = "") -> str:
    """A day of the years from the 21st birthday (2004 at the earliest) to 2020-11."""
    earliest = max(2004, int(id_number[6:10]) + 21) if len(id_number) == 18 else 2020
    year = 2020 - (bits >> 40) % (2021 - earliest)
    since = f"{year}-{1 + (bits >> 8) % 11:02d}-{1 + (bits >> 16) % 28:02d}"
    return max(since, not_before)


def _between(since: str, bits: int) -> str:
    """A day from `since` to 2020-11."""
    year = int(since[:4])
    chosen = year + bits % (2021 - year)
    return since if chosen == year else f"{chosen}-{1 + (bits >> 8) % 11:02d}-{1 + (bits >> 16) % 28:02d}"


def _past_stay(id_number: str, bits: int) -> tuple[str, str]:
    """An interval that ends in 2020-11 at the latest."""
    earliest = min(2019, max(2005, int(id_number[6:10]) + 21))
    year = 2019 - (bits >> 40) % (2020 - earliest)
    end = year + 1 + (bits >> 32) % (2020 - year)
    month_and_day = f"{1 + (bits >> 8) % 11:02d}-{1 + (bits >> 16) % 28:02d}"
    return f"{year}-{month_and_day}", f"{end}-{month_and_day}"


def _talent(
    job: Job,
    person: int,
    identity: dict[str, str],
    revision: int,
    as_of: str,
    bits: int,
    since: str,
    *,
    recognised: str,
    pay: int,
    home: str,
) -> Record:
    fields: dict[str, Any] = {
        "as_of": as_of,
        "home_county": home,
        "organisation": job.organisation.uscc,
        "role": job.role,
        "post": job.post,
        "field": job.field,
        "place": job.place,
        "community_kind": job.community_kind,
        "full_time": bits >> 60 != 0,
        "practitioner": True,
        "principal": True,
        "since": since,
        "until": "",
        "recognised_ground": ("degree", "training", "department", "certificate")[bits >> 58 & 3] if recognised else "",
        "recognised_since": recognised,
        "recognised_until": "",
        "pay_year": 2020 if pay else 0,
        "pay_fen": pay,
    }
    return Record(job.partner, "talent", f"talent-{person:06d}", revision, identity, fields)
