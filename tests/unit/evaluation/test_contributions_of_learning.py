"""Series 10–13, 17, S2, S4–S6, S12–S14 and open moves: cases counted by hand from docs/indicators.md."""

from __future__ import annotations

from collections import Counter

import pytest

from services.evaluation.domain.contributions import organisation, talent, training
from swtalent.registry.v1 import events_pb2 as registry_pb
from tests.builders.evaluation import (
    JINJIANG,
    WUHOU,
    a_certificate,
    a_recognition,
    a_talent,
    an_affiliation,
    an_organisation,
)


def of(cells, *series: str) -> dict:
    return {key: amount for key, amount in cells.items() if key[0] in series}


def on(cells, month: str, *series: str) -> dict[str, int]:
    """Stocks on the last day of the month, without those of nobody."""
    sums = Counter()
    for (name, _, at), amount in of(cells, *series).items():
        if at <= month:
            sums[name] += amount
    return {name: amount for name, amount in sums.items() if amount}


def person(**facts):
    return talent.contributions("t", a_talent(**facts))


def a_period(since: str = "2020-03-15", until: str = "2023-03-15") -> registry_pb.Registration:
    return registry_pb.Registration(level="assistant", since=since, until=until, basis="first")


def learned(**minutes: int) -> list[registry_pb.Learned]:
    return [registry_pb.Learned(month=month[1:].replace("_", "-"), minutes=n) for month, n in minutes.items()]


def test_registered_persons_count_from_the_first_month_end_to_the_last_inside_the_period():
    assert of(person(registrations=[a_period()]), "12d", "S12d") == {
        ("12d", WUHOU, "2020-03"): 1,
        ("12d", WUHOU, "2023-03"): -1,
        ("S12d", WUHOU, "2020-12"): 1,
        ("S12d", WUHOU, "2021-12"): 1,
        ("S12d", WUHOU, "2022-12"): 1,
    }


def test_a_renewal_without_a_gap_counts_the_person_once_and_on():
    periods = [a_period(), a_period("2023-03-15", "2026-03-15")]
    assert of(person(registrations=periods), "12d") == {("12d", WUHOU, "2020-03"): 1, ("12d", WUHOU, "2026-03"): -1}


def test_minutes_count_in_months_whose_last_day_lies_in_a_registration():
    cells = person(
        registrations=[a_period("2020-03-15", "2021-01-31")],
        learned=learned(m2020_02=100, m2020_03=200, m2020_12=300, m2021_01=400),
    )
    assert of(cells, "12") == {("12", WUHOU, "2020-03"): 200, ("12", WUHOU, "2020-12"): 300}


def test_minutes_count_where_the_person_was_in_that_month():
    works = [an_affiliation(id="a", until="2020-06-10"), an_affiliation(id="b", place=JINJIANG, since="2020-06-10")]
    cells = person(affiliations=works, registrations=[a_period()], learned=learned(m2020_05=45, m2020_06=90))
    assert of(cells, "12") == {("12", WUHOU, "2020-05"): 45, ("12", JINJIANG, "2020-06"): 90}
    assert of(cells, "12d") == {
        ("12d", WUHOU, "2020-03"): 1,
        ("12d", WUHOU, "2020-06"): -1,
        ("12d", JINJIANG, "2020-06"): 1,
        ("12d", JINJIANG, "2023-03"): -1,
    }


@pytest.mark.parametrize(("minutes", "enough"), [(1124, 0), (1125, 1)])
def test_25_credit_hours_of_45_minutes_in_the_calendar_year_are_enough(minutes, enough):
    cells = person(registrations=[a_period()], learned=learned(m2021_01=1000, m2021_11=minutes - 1000, m2022_01=900))
    assert of(cells, "S12") == ({("S12", WUHOU, "2021-12"): 1} if enough else {})


def test_who_is_registered_and_works_nowhere_known_counts_nowhere():
    cells = person(affiliations=[], registrations=[a_period()], learned=learned(m2020_05=45), home_county=WUHOU)
    assert of(cells, "12", "12d", "S12", "S12d") == {}


def test_professionals_and_certified_persons_count_in_the_field_of_their_principal_work():
    works = [
        an_affiliation(id="a", field="minors", until="2020-06-10"),
        an_affiliation(id="b", field="elderly_care", since="2020-06-10"),
        an_affiliation(id="c", field="minors", principal=False),
    ]
    cells = person(affiliations=works, certificates=[a_certificate(passed_on="2019-08-01")])
    fields = ("S4", "S5a", "S5b")
    assert on(cells, "2019-05", *fields) == {}
    assert on(cells, "2019-06", *fields) == {"S5b": 1}
    assert on(cells, "2020-05", *fields) == {"S5a": 1, "S5b": 1}
    assert on(cells, "2020-06", *fields) == {"S4": 1}


@pytest.mark.parametrize("role", ["child_welfare_supervisor", "child_welfare_director"])
def test_child_welfare_workers_are_trained_once_they_prepared_for_the_examination_since_2021(role):
    work = an_affiliation(role=role, since="2019-01-01", until="2023-05-31")
    trained = [
        registry_pb.Trained(category="exam_preparation", on=day) for day in ("2020-12-31", "2021-04-30", "2022-01-01")
    ]
    assert of(person(affiliations=[work], trained=trained), "S6", "S6d") == {
        ("S6d", WUHOU, "2019-01"): 1,
        ("S6d", WUHOU, "2023-05"): -1,
        ("S6", WUHOU, "2021-04"): 1,
        ("S6", WUHOU, "2023-05"): -1,
    }
    assert of(person(affiliations=[work], trained=trained[:1]), "S6") == {}


def test_managers_without_knowledge_need_professional_training_and_those_with_it_management():
    trained = [
        registry_pb.Trained(category="vocational", on="2021-02-01"),
        registry_pb.Trained(category="manager", on="2021-03-01"),
    ]
    cells = person(
        affiliations=[an_affiliation(role="manager", since="2020-01-01")],
        certificates=[a_certificate(passed_on="2021-06-20", annulled_on="2021-09-01")],
        trained=trained,
    )
    managers = ("S14a", "S14ad", "S14b", "S14bd")
    assert on(cells, "2021-01", *managers) == {"S14ad": 1}
    assert on(cells, "2021-05", *managers) == {"S14a": 1, "S14ad": 1}
    assert on(cells, "2021-06", *managers) == {"S14b": 1, "S14bd": 1}
    assert on(cells, "2021-09", *managers) == {"S14a": 1, "S14ad": 1}


def test_a_degree_is_knowledge_and_a_training_is_none():
    degree = registry_pb.Recognition(ground="degree", since="2020-01-01", until="2020-07-01")
    cells = person(affiliations=[an_affiliation(role="manager")], recognitions=[degree, a_recognition("2018-01-01")])
    assert on(cells, "2019-12", "S14ad", "S14bd") == {"S14ad": 1}
    assert on(cells, "2020-06", "S14ad", "S14bd") == {"S14bd": 1}
    assert on(cells, "2020-07", "S14ad", "S14bd") == {"S14ad": 1}


def test_a_talent_that_moves_is_told_whatever_else_it_counts_for_and_wherever():
    assert talent.contributions("t", registry_pb.TalentFacts(moving=True, moved_to="w")) == {
        ("~moving", "510000", ""): 1
    }
    assert person(moving=True) == person() | {("~moving", "510000", ""): 1}


def test_bases_count_while_accredited_and_open_each_kind_once():
    def base(kind: str, since: str, until: str = "") -> registry_pb.Accreditation:
        return registry_pb.Accreditation(kind=kind, since=since, until=until)

    held = [
        base("training_base", "2021-03-01", "2022-03-31"),
        base("training_base", "2022-01-01"),
        base("practice_base", "2021-05-31"),
        base("innovation_space", "2021-01-01"),
    ]
    cells = organisation.contributions("o", an_organisation(accreditations=held, closed_on="2024-02-29"))
    assert of(cells, "10") == {
        ("10", WUHOU, "2021-03"): 1,
        ("10", WUHOU, "2021-05"): 1,
        ("10", WUHOU, "2024-02"): -2,
    }


def test_party_cover_counts_for_open_private_agencies():
    cover = [
        registry_pb.PartyCover(fits=False, since="2021-02-10", until="2021-07-01", reason="NO_ARRANGEMENT"),
        registry_pb.PartyCover(fits=True, since="2021-07-01", until="2022-05-20", reason="INSTRUCTOR"),
        registry_pb.PartyCover(fits=False, since="2022-05-20", reason="JOINT_BRANCH_NEEDED"),
    ]
    assert of(organisation.contributions("o", an_organisation(party_cover=cover)), "17", "17d") == {
        ("17d", WUHOU, "2021-02"): 1,
        ("17", WUHOU, "2021-07"): 1,
        ("17", WUHOU, "2022-05"): -1,
    }
    assert of(organisation.contributions("o", an_organisation(kind="hospital", party_cover=cover)), "17", "17d") == {}


def test_large_elderly_care_institutions_need_a_filled_post_or_a_contract():
    holder = registry_pb.PostHolder(talent="a", professional=False, since="2021-06-01", until="2022-01-01")
    facts = an_organisation(
        kind="elderly_care_institution",
        registered_on="2015-01-01",
        residents=[
            registry_pb.ResidentCount(on="2020-12-31", residents=100),
            registry_pb.ResidentCount(on="2021-03-01", residents=101),
            registry_pb.ResidentCount(on="2023-08-01", residents=90),
        ],
        posts=[registry_pb.Post(id="1", created_on="2021-01-01", known=True, holders=[holder])],
        contracts=[registry_pb.ServiceContract(contract="c", since="2022-04-01", until="2023-04-01")],
    )
    assert of(organisation.contributions("o", facts), "S2", "S2d") == {
        ("S2d", WUHOU, "2021-03"): 1,
        ("S2d", WUHOU, "2023-08"): -1,
        ("S2", WUHOU, "2021-06"): 1,
        ("S2", WUHOU, "2022-01"): -1,
        ("S2", WUHOU, "2022-04"): 1,
        ("S2", WUHOU, "2023-04"): -1,
    }


def a_session(**changed) -> registry_pb.TrainingSessionFacts:
    values = {
        "venue": f"{WUHOU}001",
        "since": "2021-03-30",
        "last_day": "2021-04-02",
        "minutes": 900,
        "category": "vocational",
        "status": "held",
        "attendees": 40,
        "person_minutes": 35_000,
    }
    return registry_pb.TrainingSessionFacts(**{**values, **changed})


def test_a_held_session_counts_once_by_its_last_day_and_venue():
    counted = {("13", WUHOU, "2021-04"): 900, ("S13a", WUHOU, "2021-04"): 40, ("S13b", WUHOU, "2021-04"): 35_000}
    assert training.session("s", a_session()) == counted
    assert training.session("s", a_session(category="professional")) == counted
    assert training.session("s", a_session(attendees=0, person_minutes=0)) == {("13", WUHOU, "2021-04"): 900}


@pytest.mark.parametrize(
    "changed", [{"status": "planned"}, {"status": "cancelled"}, {"category": "popular"}, {"venue": "500101"}]
)
def test_other_sessions_do_not_count(changed):
    assert training.session("s", a_session(**changed)) == {}


def test_graduates_in_social_work_count_by_the_month_of_graduation():
    def cohort(**changed):
        values = {
            "county": WUHOU, "major": "social_work", "level": "junior_college",
            "graduated_on": "2020-06-30", "graduates": 48,
        }  # fmt: skip
        return training.cohort("c", registry_pb.GraduateCohortFacts(**{**values, **changed}))

    assert cohort() == cohort(level="doctor") == {("11", WUHOU, "2020-06"): 48}
    assert cohort(major="related") == cohort(county="500101") == cohort(graduates=0) == {}
