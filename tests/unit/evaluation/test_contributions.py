from __future__ import annotations

import time
from collections import Counter

import pytest

from services.evaluation.domain.contributions import network, organisation, reference, talent
from services.evaluation.domain.table import Table
from swtalent.evaluation.v1 import events_pb2 as evaluation_pb
from swtalent.registry.v1 import events_pb2 as registry_pb
from swtalent.stations.v1 import events_pb2 as stations_pb
from tests.builders.evaluation import (
    JINJIANG,
    SHEHONG,
    WUHOU,
    a_certificate,
    a_community,
    a_recognition,
    a_talent,
    an_affiliation,
    an_organisation,
)


def counted(cells, month: str) -> dict[str, str]:
    """The stock series in which somebody counts at the end of the month, with the county."""
    sums: Counter[tuple[str, str]] = Counter()
    for (series, county, at), amount in cells.items():
        if at <= month and not series.startswith(("S15", "S17")) and series != "15":
            sums[series, county] += amount
    assert set(sums.values()) <= {0, 1}
    return {series: county for (series, county), amount in sums.items() if amount}


def person(**facts):
    return talent.contributions("t", a_talent(**facts))


def test_a_practitioner_is_no_professional_before_being_recognised():
    cells = person()
    assert counted(cells, "2018-02") == {}
    assert counted(cells, "2018-03") == {"9d": WUHOU}
    assert counted(cells, "2019-05") == {"9d": WUHOU}
    assert counted(cells, "2019-06") == {"9d": WUHOU, "1": WUHOU}


@pytest.mark.parametrize(
    ("until", "last_month"),
    [
        ("2020-02-29", "2020-01"),  # ends before the last day of February
        ("2020-03-01", "2020-02"),  # 29 February is still inside
        ("2020-03-31", "2020-02"),
        ("2020-04-01", "2020-03"),
        ("2020-04-30", "2020-03"),
    ],
)
def test_what_counts_is_the_last_day_of_the_month(until, last_month):
    cells = person(affiliations=[an_affiliation(until=until)])
    months = [f"2020-{month:02d}" for month in range(1, 7)]
    assert [month for month in months if "9d" in counted(cells, month)] == [m for m in months if m <= last_month]


def test_an_affiliation_inside_one_month_counts_on_no_last_day():
    assert person(affiliations=[an_affiliation(since="2020-02-03", until="2020-02-29")], recognitions=[]) == {}


def test_who_moves_counts_in_the_new_county_from_that_month_on():
    cells = person(
        affiliations=[
            an_affiliation(id="a", until="2020-05-10"),
            an_affiliation(id="b", place=f"{JINJIANG}001", since="2020-05-10"),
        ]
    )
    assert counted(cells, "2020-04")["1"] == WUHOU
    assert counted(cells, "2020-05") == {"1": JINJIANG, "9d": JINJIANG}


def test_the_flagged_affiliation_gives_the_county_then_the_earliest_then_the_smaller_id():
    early = an_affiliation(id="b", principal=False, since="2018-01-01")
    flagged = an_affiliation(id="c", place=JINJIANG, since="2018-06-01")
    same_day = an_affiliation(id="a", place=SHEHONG, principal=False, since="2018-01-01")
    assert counted(person(affiliations=[early, flagged]), "2019-12")["9d"] == JINJIANG
    assert counted(person(affiliations=[early, flagged]), "2018-03")["9d"] == WUHOU
    assert counted(person(affiliations=[early, same_day]), "2019-12")["9d"] == SHEHONG


def test_once_certified_a_person_stays_counted_where_they_worked_last():
    cells = person(
        affiliations=[
            an_affiliation(id="a", until="2020-03-31"),
            an_affiliation(id="b", place=JINJIANG, principal=False, since="2018-01-01", until="2020-02-10"),
        ],
        certificates=[a_certificate()],
        home_county=SHEHONG,
    )
    assert counted(cells, "2020-02") == {"1": WUHOU, "3": WUHOU, "3a": WUHOU, "9": WUHOU, "9d": WUHOU}
    assert counted(cells, "2021-12") == {"3": WUHOU, "3a": WUHOU}


def test_without_any_work_only_certificates_count_at_home():
    facts = {
        "affiliations": [],
        "certificates": [a_certificate("intermediate")],
        "designations": [registry_pb.Designation(kind="practice_supervisor", since="2020-01-01")],
    }
    assert counted(person(home_county=SHEHONG, **facts), "2020-12") == {"3": SHEHONG, "3b": SHEHONG, "4": SHEHONG}
    assert person(home_county="500103", **facts) == {}
    assert person(home_county="", **facts) == {}


def test_work_that_has_not_begun_gives_no_county_yet():
    cells = person(
        affiliations=[an_affiliation(since="2021-01-01")], certificates=[a_certificate()], home_county=SHEHONG
    )
    assert counted(cells, "2020-12")["3"] == SHEHONG
    assert counted(cells, "2021-01")["3"] == WUHOU


def test_the_highest_level_counts_and_the_senior_exam_alone_is_intermediate():
    cells = person(
        certificates=[
            a_certificate("assistant", "2012-06-01"),
            a_certificate("intermediate", "2015-06-01"),
            a_certificate("senior", "2019-06-01", granted_on="2020-10-01"),
        ],
        home_county=SHEHONG,
    )
    assert {"3a", "3b", "3c", "4"} & counted(cells, "2018-12").keys() == {"3b", "4"}
    assert {"3a", "3b", "3c", "4"} & counted(cells, "2020-09").keys() == {"3b", "4"}
    assert {"3a", "3b", "3c", "4"} & counted(cells, "2020-10").keys() == {"3c", "4"}
    assert {"3a", "4"} & counted(cells, "2014-12").keys() == {"3a"}
    exam_only = person(certificates=[a_certificate("senior", "2019-06-01")])
    assert {"3b", "4"} <= counted(exam_only, "2019-06").keys()


def test_annulment_removes_from_its_month_on():
    cells = person(certificates=[a_certificate(annulled_on="2020-06-30")])
    assert "3" in counted(cells, "2020-05")
    assert {"3", "3a", "9"} & counted(cells, "2020-06").keys() == set()


def test_recognition_that_ends_takes_the_professional_away():
    cells = person(recognitions=[a_recognition("2019-06-15", "2020-06-30"), a_recognition("2020-09-01")])
    assert [
        month for month in ("2019-06", "2020-05", "2020-06", "2020-08", "2020-09") if "1" in counted(cells, month)
    ] == [
        "2019-06",
        "2020-05",
        "2020-09",
    ]
    assert [key for key in cells if key[0] == "S17"] == [("S17", WUHOU, "2019-06")]


def test_designations_count_by_kind_and_grantor():
    def titled(**designation):
        given = registry_pb.Designation(since="2020-01-01", until="2020-07-01", **designation)
        return counted(person(designations=[given]), "2020-06").keys() & {"5", "5a", "6"}

    assert titled(kind="practice_supervisor", grantor_level="county") == {"6"}
    assert titled(kind="high_level", grantor_level="province") == {"5"}
    assert titled(kind="high_level", grantor_level="prefecture") == set()
    assert titled(kind="leading", grantor_level="national") == {"5a"}
    assert titled(kind="dual_certificate") == set()


def test_professionals_of_communities_count_by_their_principal_place():
    cells = person(affiliations=[an_affiliation(place=f"{WUHOU}001001", community_kind="urban")])
    assert counted(cells, "2020-12") == {"1": WUHOU, "7": WUHOU, "9d": WUHOU}
    assert "7" not in counted(cells, "2018-12")
    rural = person(affiliations=[an_affiliation(place=f"{SHEHONG}101201", community_kind="rural")])
    assert counted(rural, "2020-12")["8"] == SHEHONG


def test_pay_is_judged_in_december_of_its_year_by_the_highest_band():
    def pay(*bands: str, **facts):
        given = [registry_pb.Pay(year=2020, organisation=str(n), band=band) for n, band in enumerate(bands)]
        return {key: n for key, n in person(pay=given, **facts).items() if key[0].startswith("S15")}

    december = (WUHOU, "2020-12")
    assert pay("le_30000") == {(series, *december): 1 for series in ("S15a", "S15b", "S15d")}
    assert pay("le_50000") == {(series, *december): 1 for series in ("S15b", "S15d")}
    assert pay("gt_50000") == {("S15d", *december): 1}
    assert pay("le_30000", "gt_50000") == {("S15d", *december): 1}
    assert pay("le_30000", recognitions=[]) == {}
    assert pay("le_30000", affiliations=[an_affiliation(until="2020-12-31")]) == {}


def test_a_disputed_person_counts_once_and_one_who_was_merged_away_not_at_all():
    assert person(disputed=True) == person()
    assert talent.contributions("t", registry_pb.TalentFacts(moved_to="other", affiliations=[an_affiliation()])) == {}


def test_posts_count_by_year_of_creation_and_net_as_a_stock():
    posts = [
        registry_pb.Post(id="1", created_on="2020-03-02", known=True),
        registry_pb.Post(id="2", created_on="2020-03-20", closed_on="2020-09-30", known=True),
        registry_pb.Post(id="3", known=False),
    ]
    cells = organisation.contributions("o", an_organisation(kind="hospital", posts=posts))
    assert cells == {("15", WUHOU, "2020-03"): 2, ("15n", WUHOU, "2020-03"): 2, ("15n", WUHOU, "2020-09"): -1}


@pytest.mark.parametrize(
    ("registered_on", "counts"), [("2020-12-31", False), ("2021-01-01", True), ("2021-02-10", True)]
)
def test_private_agencies_count_from_2021_on(registered_on, counts):
    cells = organisation.contributions("o", an_organisation(registered_on=registered_on, closed_on="2023-05-31"))
    always = {("17d", WUHOU, registered_on[:7]): 1, ("17d", WUHOU, "2023-05"): -1}
    assert cells == always | ({("16", WUHOU, registered_on[:7]): 1, ("16", WUHOU, "2023-05"): -1} if counts else {})


def test_an_organisation_that_nobody_registered_counts_nowhere():
    post = registry_pb.Post(id="1", holders=[registry_pb.PostHolder(talent="t", professional=True, since="2020-01-01")])
    assert organisation.contributions("o", registry_pb.OrganisationFacts(posts=[post])) == {}


def test_an_institution_counts_while_a_professional_holds_one_of_its_posts():
    holders = [
        registry_pb.PostHolder(talent="a", professional=False, since="2018-01-01", until="2019-01-01"),
        registry_pb.PostHolder(talent="a", professional=True, since="2019-01-01", until="2020-03-31"),
        registry_pb.PostHolder(talent="b", professional=True, since="2020-02-01", until="2020-07-15"),
    ]
    post = registry_pb.Post(id="1", created_on="2018-01-01", closed_on="2020-06-30", known=True, holders=holders)
    facts = an_organisation(kind="public_institution", civil_affairs=True, registered_on="2010-01-01", posts=[post])
    cells = {key: n for key, n in organisation.contributions("o", facts).items() if key[0].startswith("S19")}
    assert cells == {
        ("S19d", WUHOU, "2010-01"): 1,
        ("S19", WUHOU, "2019-01"): 1,
        ("S19", WUHOU, "2020-06"): -1,
    }
    facts.civil_affairs = False
    assert not [key for key in organisation.contributions("o", facts) if key[0].startswith("S19")]


def test_a_station_counts_while_it_operates():
    statuses = [
        stations_pb.StationStatus(status="planned", since="2020-01-01", until="2020-05-05"),
        stations_pb.StationStatus(status="operating", since="2020-05-05", until="2021-01-31"),
        stations_pb.StationStatus(status="suspended", since="2021-01-31", until="2021-03-01"),
        stations_pb.StationStatus(status="operating", since="2021-03-01"),
    ]
    cells = network.station("s", stations_pb.StationFacts(area=f"{WUHOU}001", statuses=statuses))
    assert cells == {("18", WUHOU, "2020-05"): 1, ("18", WUHOU, "2021-01"): -1, ("18", WUHOU, "2021-03"): 1}


def test_a_township_is_served_while_any_station_serves_it():
    served = [
        stations_pb.ServedBy(station="a", since="2020-05-05", until="2020-10-31"),
        stations_pb.ServedBy(station="b", since="2020-08-01", until="2020-12-31"),
        stations_pb.ServedBy(station="c", since="2020-08-01", until="2020-09-01"),
    ]
    facts = stations_pb.TownshipFacts(served_by=served)
    assert network.township(f"{WUHOU}001", facts) == {("19", WUHOU, "2020-05"): 1, ("19", WUHOU, "2020-12"): -1}
    assert network.township(f"{WUHOU}401", facts) == {}  # a forest bureau is no township


def test_communities_count_by_kind_and_by_who_works_there():
    facts = a_community(
        kinds=[
            stations_pb.CommunityKind(kind="rural", since="2015-01-01", until="2020-06-30"),
            stations_pb.CommunityKind(kind="urban", since="2020-06-30"),
        ],
        elderly=[
            stations_pb.ElderlyCount(on="2019-01-10", residents=1000),
            stations_pb.ElderlyCount(on="2020-01-10", residents=1001),
        ],
        workers=[
            stations_pb.CommunityWorker(talent="a", professional=True, since="2020-03-01"),
            stations_pb.CommunityWorker(talent="b", professional=False, since="2016-01-01"),
        ],
    )
    assert network.community(f"{WUHOU}001001", facts) == {
        ("8d", WUHOU, "2015-01"): 1,
        ("8d", WUHOU, "2020-06"): -1,
        ("7d", WUHOU, "2020-06"): 1,
        ("S18", WUHOU, "2020-03"): 1,
        ("S18", WUHOU, "2020-06"): -1,
        ("S3d", WUHOU, "2020-01"): 1,
        ("S3", WUHOU, "2020-03"): 1,
    }
    facts.known = False
    assert network.community(f"{WUHOU}001001", facts) == {}


def test_denominators_come_from_reference_data():
    townships = [
        evaluation_pb.Township(code=f"{WUHOU}001", kind="街道"),
        evaluation_pb.Township(code=f"{WUHOU}101", kind="镇"),
        evaluation_pb.Township(code=f"{WUHOU}401", kind="statistical"),
    ]
    facts = evaluation_pb.AreaFacts(code=WUHOU, townships=townships)
    assert reference.area("a", facts) == {("19d", WUHOU, ""): 2}
    facts.until = "2024-05-01"
    assert reference.area("a", facts)["19d", WUHOU, "2024-05"] == -2
    counts = [
        evaluation_pb.PopulationCount(on="2022-12-31", residents=990),
        evaluation_pb.PopulationCount(on="2020-11-01", residents=1000),
    ]
    table = Table()
    table.add(reference.population("p", evaluation_pb.PopulationFacts(code="510100", counts=counts)))
    on = [table.on("2d", "510100", month) for month in ("2020-10", "2020-11", "2022-11", "2022-12")]
    assert on == [0, 1000, 1000, 990]
    assert table.on("2d", "510000", "2022-12") == 0  # the province publishes its own


def test_areas_outside_the_province_are_no_denominator():
    facts = evaluation_pb.AreaFacts(code="500101", townships=[evaluation_pb.Township(code="500101001", kind="街道")])
    assert reference.area("a", facts) == {}
    counts = [evaluation_pb.PopulationCount(on="2020-11-01", residents=1000)]
    assert reference.population("p", evaluation_pb.PopulationFacts(code="500000", counts=counts)) == {}


def test_contributions_of_an_everyday_talent_are_cheap():
    facts = a_talent(pay=[registry_pb.Pay(year=2020, organisation="A", band="le_30000")])
    best = 1.0
    for _ in range(5):
        began = time.process_time()
        for _ in range(2000):
            talent.contributions("t", facts)
        best = min(best, (time.process_time() - began) / 2000)
    assert best < 40e-6


def test_a_community_that_nobody_counted_the_elderly_of_counts_as_a_community_all_the_same():
    cells = network.community("510107001001", a_community())

    assert cells == {("8d", "510107", "2015-01"): 1}
