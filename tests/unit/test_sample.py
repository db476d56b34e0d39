"""The sample's records, counted again from what they say, against the plan's figures."""

from __future__ import annotations

import time
import tracemalloc
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import islice

import pytest

from clients.partner.builders import BUILDERS
from clients.partner.checks import faults_of
from deploy.sample.expected import YEARS, expected
from deploy.sample.invalid import FLAWS
from deploy.sample.province import PARTNERS, Province
from deploy.sample.record import Record
from deploy.sample.spread import Spread, shuffled
from services.registry.domain.identifiers import id_number
from services.registry.domain.person import normalised
from services.shared.kernel.area import area, areas, within
from services.shared.kernel.dates import Day
from services.shared.kernel.partner import partner
from services.shared.kernel.uscc import uscc

TODAY = Day("2026-01-01")
PLAN_2020 = {
    "1": (124_000, 0),
    "2": (124_000, 83_674_866),
    "3": (28_000, 0),
    "3a": (22_000, 0),
    "3b": (5_993, 0),
    "3c": (7, 0),
    "4": (6_000, 0),
    "5a": (3, 0),
    "9": (28_000, 149_973),
    "11": (1_600, 0),
    "15n": (8_000, 0),
    "16": (0, 0),
    "18": (0, 0),
    "S15a": (50_840, 124_000),
    "S15b": (101_680, 124_000),
    "S19": (808, 971),
}
WITHOUT_PERSONS = ("post", "graduate_cohort", "training_session")
PLAYED_BY_GRPC = {"18"}


class Recount:
    """Keeps, per partner and record id, the highest revision; then counts persons by their ID number."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.ids: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._latest: dict[tuple[str, str], Record] = {}
        for record in records:
            key = (record.partner, record.record_id)
            held = self._latest.get(key)
            if held is None or record.revision > held.revision:
                self._latest[key] = record
            elif record.revision == held.revision:
                assert record == held, "one revision, two contents"
        self.of_type: dict[str, list[Record]] = defaultdict(list)
        for record in self._latest.values():
            self.of_type[record.type].append(record)
        self.work: dict[str, list[Record]] = defaultdict(list)
        self.ends: dict[tuple[str, str, str, str], str] = {}
        self.passes: dict[str, list[dict]] = defaultdict(list)
        self.titles: dict[str, list[dict]] = defaultdict(list)
        self.registered: dict[str, str] = {}
        self.learned: dict[str, list[dict]] = defaultdict(list)
        self._seen: dict[str, str] = {}
        for record in self.of_type["talent"]:
            self.work[self.person(record)].append(record)
        for record in self.of_type["affiliation_end"]:
            fields = record.fields
            key = (self.person(record), partner(record.partner).department, fields["organisation"], fields["role"])
            self.ends[key] = fields["until"]
        for record in self.of_type["exam_pass"]:
            self.passes[self.person(record)].append(record.fields)
        for record in self.of_type["designation"]:
            self.titles[self.person(record)].append(record.fields)
        applied = {(self.person(it), it.fields["received_on"]) for it in self.of_type["registration_application"]}
        for record in self.of_type["registration_decision"]:
            person = self.person(record)
            assert (person, record.fields["received_on"]) in applied
            assert self.registered.setdefault(person, record.fields["decided_on"]) == record.fields["decided_on"]
        for record in self.of_type["education"]:
            self.learned[self.person(record)].append(record.fields)

    def person(self, record: Record) -> str:
        number = id_number(record.personal["id_number"], field="", today=TODAY)
        assert number.startswith("519999")
        name = normalised(record.personal["name"])
        assert self._seen.setdefault(number, name) == name, "two names for one person"
        return number

    def until(self, person: str, record: Record) -> str:
        organisation = uscc(record.fields["organisation"], field="")
        key = (person, partner(record.partner).department, organisation, record.fields["role"])
        return record.fields["until"] or self.ends.get(key, "")

    def at(self, on: str) -> dict[str, tuple[int, int]]:
        year = int(on[:4])
        sums: Counter[str] = Counter()
        posts_of_professionals: set[tuple[str, str]] = set()
        reached: set[str] = set()
        for person, records in self.work.items():
            jobs = [it for it in records if holds(it.fields["since"], self.until(person, it), on)]
            recognised = [it.fields["recognised_since"] for it in records if it.fields["recognised_since"]]
            professional = bool(jobs) and bool(recognised) and min(recognised) <= on
            practitioner = any(it.fields["practitioner"] for it in jobs)
            passed = [it for it in self.passes.get(person, []) if it["passed_on"] <= on]
            sums["practitioners"] += practitioner
            sums["certified practitioners"] += practitioner and bool(passed)
            sums["recognised this year"] += bool(recognised) and min(recognised)[:4] == on[:4]
            if not professional:
                continue
            sums["1"] += 1
            pays = {it.fields["pay_fen"] for it in records if it.fields["pay_year"] == year}
            assert len(pays) <= 1, "two pays of one year"
            for fen in pays:
                sums["paid"] += 1
                sums["S15a"] += fen <= 3_000_000
                sums["S15b"] += fen <= 5_000_000
            principal = [it for it in jobs if it.fields["principal"]]
            assert len(principal) == 1
            fields = principal[0].fields
            sums[fields["community_kind"]] += 1
            if fields["community_kind"] == "rural":
                reached.add(fields["place"])
            posts_of_professionals |= {
                (it.fields["organisation"], it.fields["post"]) for it in jobs if it.fields["post"]
            }
        for passes in self.passes.values():
            passed = [it for it in passes if it["passed_on"] <= on]
            levels = {it["level"] for it in passed if it["level"] != "senior"}
            senior = any(it["granted_on"] and it["granted_on"] <= on for it in passed)
            assert not senior or "intermediate" in levels
            sums["3"] += bool(passed)
            sums["3c" if senior else "3b" if "intermediate" in levels else "3a"] += bool(passed)
        for titles in self.titles.values():
            held = {(it["kind"], it["grantor_level"]) for it in titles if holds(it["since"], it["until"], on)}
            sums["5"] += ("high_level", "province") in held
            sums["5a"] += ("leading", "national") in held
            sums["6"] += any(kind == "practice_supervisor" for kind, _ in held)
        sums += self.registered_at(on) + self.agencies_at(on)
        communities = Counter(it.fields["kind"] for it in self.of_type["community"] if it.fields["since"] <= on)
        posts, cohorts, sessions = ([it.fields for it in self.of_type[type_]] for type_ in WITHOUT_PERSONS)
        open_posts = {(it["organisation"], it["post"]) for it in posts if holds(it["created_on"], it["closed_on"], on)}
        assert posts_of_professionals <= open_posts
        institutions, staffed = set(), set()
        for record in self.of_type["organisation"]:
            fields = record.fields
            if fields["kind"] == "public_institution" and fields["civil_affairs"]:
                institutions.add(fields["uscc"])
        staffed = institutions & {organisation for organisation, _ in posts_of_professionals}
        return {
            **{number: (sums[number], 0) for number in ("1", "3", "3a", "3b", "3c", "5", "5a", "6", "16")},
            "2": (sums["1"], 83_674_866),
            "4": (sums["3b"] + sums["3c"], 0),
            "7": (sums["urban"], communities["urban"]),
            "8": (sums["rural"], communities["rural"]),
            "9": (sums["certified practitioners"], sums["practitioners"]),
            "10": (sum(it.fields["since"] <= on for it in self.of_type["accreditation"]), 0),
            "11": (sum(it["graduates"] for it in cohorts if it["graduated_on"][:4] == on[:4]), 0),
            "12": (sums["12"], sums["registered"]),
            "13": (sum(it["minutes"] for it in sessions if it["last_day"][:4] == on[:4]), 0),
            "15": (sum(it["created_on"][:4] == on[:4] for it in posts), 0),
            "15n": (len(open_posts), 0),
            "17": (sums["17"], sums["agencies"]),
            "S12": (sums["S12"], sums["registered"]),
            "S15a": (sums["S15a"], sums["paid"]),
            "S15b": (sums["S15b"], sums["paid"]),
            "S17": (sums["recognised this year"], 0),
            "S18": (len(reached), communities["rural"]),
            "S19": (len(staffed), len(institutions)),
        }

    def registered_at(self, on: str) -> Counter[str]:
        sums: Counter[str] = Counter()
        for person, since in self.registered.items():
            if not holds(since, f"{int(since[:4]) + 3}{since[4:]}", on):
                continue
            minutes = sum(it["minutes"] for it in self.learned[person] if it["last_day"][:4] == on[:4])
            sums["registered"] += 1
            sums["12"] += minutes
            sums["S12"] += minutes >= 25 * 45
        return sums

    def agencies_at(self, on: str) -> Counter[str]:
        sums: Counter[str] = Counter()
        instructed = {it.fields["organisation"]: it.fields["since"] for it in self.of_type["party_arrangement"]}
        for fields in (it.fields for it in self.of_type["organisation"]):
            if fields["kind"] == "private_agency" and holds(fields["registered_on"], fields["closed_on"], on):
                sums["16"] += fields["registered_on"] >= "2021-01-01"
                sums["agencies"] += 1
                sums["17"] += instructed.get(fields["uscc"], "9999") <= on
        return sums


def holds(since: str, until: str, on: str) -> bool:
    return since <= on and (not until or on < until)


def records_of(province: Province, **options) -> Iterable[Record]:
    return (sent.record for sent in province.records(**options))


@pytest.fixture(scope="module")
def small() -> Province:
    return Province(0.01)


@pytest.fixture(scope="module")
def recount(small: Province) -> Recount:
    return Recount(records_of(small))


def test_the_plans_figures_of_2020_are_what_is_expected_at_full_scale():
    at_2020 = expected().indicators()
    assert {number: (at_2020[number].numerator, at_2020[number].denominator) for number in PLAN_2020} == PLAN_2020


@pytest.mark.parametrize("year", [2020, *YEARS])
def test_recounted_records_give_the_expected_sums_in_every_december(recount: Recount, small: Province, year: int):
    counted = recount.at(f"{year}-12-31")
    wanted = {
        number: (value.numerator, value.denominator)
        for number, value in small.sums.indicators(year).items()
        if number not in PLAYED_BY_GRPC
    }
    assert {number: counted[number] for number in wanted} == wanted


def test_persons_are_known_to_one_two_or_three_departments_as_the_figures_say(recount: Recount, small: Province):
    in_force = Counter()
    for person, records in recount.work.items():
        departments = [
            it.partner for it in records if holds(it.fields["since"], recount.until(person, it), "2020-12-31")
        ]
        assert len(set(departments)) == len(departments)
        in_force[len(departments)] += 1
    sums = small.sums
    assert (in_force[2], in_force[3]) == (sums.known_to_two, sums.known_to_three)
    assert in_force[1] + in_force[2] + in_force[3] == sums.practitioners
    of_2020 = [it for records in recount.work.values() for it in records if it.fields["since"] <= "2020-12-31"]
    assert len(of_2020) == sums.talent_records + sums.left_before


def test_posts_were_created_evenly_over_the_five_years_before(recount: Recount, small: Province):
    years = Counter(it.fields["created_on"][:4] for it in recount.of_type["post"] if it.fields["created_on"] < "2021")
    assert set(years) == {"2016", "2017", "2018", "2019", "2020"}
    assert max(years.values()) - min(years.values()) <= 1


def test_every_record_lies_in_its_partners_area(small: Province):
    for record in records_of(small):
        reach = partner(record.partner).area
        for name in ("place", "county", "community", "area"):
            if code := record.fields.get(name):
                assert within(area(code, field=name), reach), record
        if record.partner == "civil_affairs" and (code := record.fields.get("place")):
            assert code[:4] not in ("5101", "5107"), "these have their own system"


def test_a_post_is_reported_by_the_partner_that_registers_its_organisation(recount: Recount):
    registered = {it.fields["uscc"]: it.partner for it in recount.of_type["organisation"]}
    assert all(registered[it.fields["organisation"]] == it.partner for it in recount.of_type["post"])


def test_every_employer_is_a_registered_organisation_that_was_open_then(recount: Recount):
    registered = {it.fields["uscc"]: it.fields for it in recount.of_type["organisation"]}
    for person, records in recount.work.items():
        for record in records:
            organisation = registered[uscc(record.fields["organisation"], field="")]
            assert not organisation["closed_on"] or recount.until(person, record) <= organisation["closed_on"]


def test_every_record_passes_the_checks_of_the_sdk(small: Province):
    types = {builder.__name__: kind for builder, kind in BUILDERS.values()}
    for record in records_of(small):
        arguments = {"record_id": record.record_id, "revision": record.revision, **record.personal, **record.fields}
        assert faults_of(types[record.type].rules, arguments) == []
        assert set(arguments) <= {*types[record.type].types}


def test_communities_lie_in_legal_townships(small: Province):
    codes = [it.fields["community"] for it in records_of(small) if it.type == "community"]
    assert all(areas()[code[:9]].legal_township and len(code) == 12 for code in codes)


def test_people_are_written_differently_by_other_departments(recount: Recount):
    spellings = Counter()
    for records in recount.work.values():
        spellings["names"] += len({it.personal["name"] for it in records}) > 1
        spellings["numbers"] += len({it.personal["id_number"] for it in records}) > 1
        spellings["codes"] += any(it.fields["organisation"] != it.fields["organisation"].upper() for it in records)
        spellings["not yet NFC"] += any(not unicodedata.is_normalized("NFC", it.personal["name"]) for it in records)
    assert min(spellings[it] for it in ("names", "numbers", "codes")) > 5


def test_one_record_in_a_hundred_comes_twice_and_equal(small: Province):
    seen = Counter((it.partner, it.record_id, it.revision) for it in records_of(small))
    assert sum(count - 1 for count in seen.values()) == small.distinct // 100
    assert len(seen) == small.distinct
    assert {partner for partner, _, _ in seen} == set(PARTNERS)


def test_the_same_arguments_give_the_same_records_from_any_position(small: Province):
    whole = list(small.records(deliveries=2, shuffle_seed=3, invalid_share=0.01))
    again = Province(0.01)
    for start, stop in ((0, 500), (4_321, 4_400), (small.total - 10, small.total + 10)):
        part = list(again.records(start=start, stop=stop, deliveries=2, shuffle_seed=3, invalid_share=0.01))
        assert part == [sent for sent in whole if start <= sent.position < stop]


def test_each_delivery_holds_everything_once_in_another_order(small: Province):
    whole = [sent.record for sent in small.records(deliveries=2)]
    first, second = whole[: small.total], whole[small.total :]
    key = lambda it: (it.partner, it.record_id, it.revision)  # noqa: E731
    assert first != second
    assert sorted(first, key=key) == sorted(second, key=key)
    arrival = [it.type for it in islice(first, 1_000)]
    assert len(set(arrival)) >= 6, "types arrive mixed"


def test_one_in_a_hundred_is_invalid_when_asked_and_each_kind_occurs(small: Province):
    sent = list(small.records(invalid_share=0.01))
    refused = Counter(it.refused_as for it in sent if it.refused_as)
    assert sum(refused.values()) == small.total // 100
    assert set(refused) == {flaw.reason for flaw in FLAWS}
    assert [it for it in sent if not it.refused_as] == list(small.records())


@pytest.mark.parametrize("scale", [0.01, 0.017, 0.05, 0.1, 0.25, 0.333, 0.5, 0.77, 1.0])
def test_every_scale_has_consistent_groups(scale: float):
    sums = expected(scale)
    assert sums.talent_records == expected(scale).practitioners + sums.known_to_two + 2 * sums.known_to_three
    assert sums.posts_held <= sums.posts - sum(sums.closed_posts)
    assert sums.posts_held < sums.professionals - sum(sums.departed)
    assert sums.rural_reached <= sums.professionals_in_communities.rural
    reached_later = sums.later_in_communities.rural + sums.new_in_communities.rural
    assert sums.rural_reached_later - sums.rural_reached <= reached_later
    assert sums.rural_reached_later <= sums.rural_communities
    assert sums.agencies_covered + sum(sums.covered_later) <= sums.agencies - sums.agencies_closed_before
    assert all(register <= certified for register, certified in zip(sums.registered, sums.newly_certified, strict=True))


@pytest.mark.parametrize("scale", [0, 0.009, 1.01, -1])
def test_a_scale_outside_the_range_is_refused(scale: float):
    with pytest.raises(ValueError, match="scale"):
        expected(scale)


def test_a_spread_is_a_permutation_with_an_inverse():
    for n in (1, 2, 7, 100, 2_048):
        spread = Spread(n, 5)
        assert sorted(map(spread.at, range(n))) == list(range(n))
        assert all(spread.rank(spread.at(rank)) == rank for rank in range(n))
    assert sorted(shuffled(5_000, 1, 0, 5_000)) == list(range(5_000))
    assert list(shuffled(5_000, 1, 2_000, 2_100)) == list(shuffled(5_000, 1, 0, 5_000))[2_000:2_100]


def test_memory_stays_flat_however_many_records_are_generated():
    province = Province(1.0)
    stream = province.records(deliveries=2)
    tracemalloc.start()
    try:
        for _ in islice(stream, 5_000):
            pass
        before = tracemalloc.get_traced_memory()[0]
        for _ in islice(stream, 20_000):
            pass
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 500_000


def test_a_record_takes_at_most_25_microseconds():
    province = Province(1.0)
    best = min(_seconds(province, start) for start in range(0, 60_000, 10_000))
    assert best / 10_000 < 25e-6


def _seconds(province: Province, start: int) -> float:
    began = time.process_time()
    for _ in province.records(start=start, stop=start + 10_000):
        pass
    return time.process_time() - began


@pytest.mark.long
def test_at_full_scale_the_records_sum_to_the_plans_figures():
    province = Province(1.0)
    recount = Recount(records_of(province))
    for year in (2020, 2023, 2025):
        counted = recount.at(f"{year}-12-31")
        wanted = {
            number: (value.numerator, value.denominator)
            for number, value in province.sums.indicators(year).items()
            if number not in PLAYED_BY_GRPC
        }
        assert {number: counted[number] for number in wanted} == wanted
    assert province.sums.talent_records == 166_470
