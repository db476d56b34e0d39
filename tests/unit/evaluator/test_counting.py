"""Series by series, cases counted by hand from the definitions (docs/indicators.md)."""

import pytest

from clients.evaluator.counting import Month, count, values
from swtalent.evaluation.v1 import events_pb2 as evaluation
from swtalent.registry.v1 import events_pb2 as registry
from swtalent.stations.v1 import events_pb2 as stations

JINJIANG, WUHOU, SHEHONG = "510104", "510107", "510981"
URBAN_COMMUNITY = "510104017001"


def work(id_="a", *, place=JINJIANG, since="2018-03-01", until="", **changed):
    flags = {"practitioner": True, "principal": True, **changed}
    return registry.Affiliation(id=id_, place=place, since=since, until=until, **flags)


def recognised(since="2019-06-15", until=""):
    return registry.Recognition(ground="training", since=since, until=until)


def counted(event, facts, month, id_="t") -> dict:
    found: dict = {}
    for series, area, amount in count(event, id_, facts, Month(month)):
        found[series, area] = found.get((series, area), 0) + amount
    return found


def talent(month, **facts) -> dict:
    return counted("TalentEvent", registry.TalentFacts(**facts), month)


def series(found: dict) -> dict:
    return {name: amount for (name, _), amount in found.items()}


# ---- people ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "professional"),
    [("2019-05", 0), ("2019-06", 1), ("2020-11", 1), ("2020-12", 0)],
)
def test_a_professional_counts_on_the_last_day_of_the_month(month, professional):
    found = talent(month, affiliations=[work(until="2020-12-31")], recognitions=[recognised()])

    assert found.get(("1", JINJIANG), 0) == professional


def test_recognition_or_work_alone_make_no_professional():
    assert "1" not in series(talent("2020-12", affiliations=[work()]))
    assert "1" not in series(talent("2020-12", recognitions=[recognised()], home_county=JINJIANG))
    ended = recognised(until="2020-12-31")
    assert "1" not in series(talent("2020-12", affiliations=[work()], recognitions=[ended]))


def test_somebody_in_two_departments_counts_once_where_the_principal_work_is():
    works = [work("a", principal=False, since="2015-01-01"), work("b", place=WUHOU, since="2019-01-01")]

    found = talent("2020-12", affiliations=works, recognitions=[recognised()])

    assert {key: amount for key, amount in found.items() if key[0] == "1"} == {("1", WUHOU): 1}


@pytest.mark.parametrize(
    ("works", "county"),
    [
        ([work("a", principal=False), work("b", principal=False, place=WUHOU, since="2017-01-01")], WUHOU),
        ([work("b", place=WUHOU), work("a")], JINJIANG),
        ([work("a", until="2020-12-01"), work("b", principal=False, place=WUHOU)], WUHOU),
    ],
    ids=["the earliest", "then the smallest id", "one in force before the principal that has ended"],
)
def test_county_of_somebody_with_several_works(works, county):
    assert {area for _, area in talent("2020-12", affiliations=works)} == {county}


def test_who_left_is_certified_where_the_last_work_ended_and_without_any_work_at_home():
    passed = registry.Certificate(level="assistant", passed_on="2019-06-20")
    works = [work("a", until="2019-01-01"), work("b", place=WUHOU, until="2020-01-01")]

    assert talent("2020-12", affiliations=works, certificates=[passed]) == {("3", WUHOU): 1, ("3a", WUHOU): 1}
    assert talent("2020-12", home_county=SHEHONG, certificates=[passed]) == {("3", SHEHONG): 1, ("3a", SHEHONG): 1}
    assert talent("2020-12", certificates=[passed]) == {}


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("2018-12", {"3": 1, "3a": 1}),
        ("2019-06", {"3": 1, "3b": 1, "4": 1}),
        ("2020-06", {"3": 1, "3b": 1, "4": 1}),
        ("2020-12", {"3": 1, "3c": 1, "4": 1}),
        ("2021-06", {"3": 1, "3a": 1}),
    ],
)
def test_the_highest_level_held_counts_and_senior_only_once_granted(month, expected):
    certificates = [
        registry.Certificate(level="assistant", passed_on="2016-06-20"),
        registry.Certificate(level="intermediate", passed_on="2019-06-20", annulled_on="2021-06-30"),
        registry.Certificate(level="senior", passed_on="2020-06-20", granted_on="2020-12-31", annulled_on="2021-06-01"),
    ]

    assert series(talent(month, home_county=JINJIANG, certificates=certificates)) == expected


def test_certified_practitioners_among_practitioners():
    passed = registry.Certificate(level="assistant", passed_on="2019-06-20")
    volunteer = work(practitioner=False)

    assert series(talent("2020-12", affiliations=[work()], certificates=[passed])) == {
        "3": 1,
        "3a": 1,
        "9": 1,
        "9d": 1,
    }
    assert series(talent("2020-12", affiliations=[work()])) == {"9d": 1}
    assert "9" not in series(talent("2020-12", affiliations=[volunteer], certificates=[passed]))


@pytest.mark.parametrize(("kind", "number"), [("urban", "7"), ("rural", "8"), ("", None)])
def test_professionals_in_communities(kind, number):
    works = [work(place=URBAN_COMMUNITY, community_kind=kind)]

    found = series(talent("2020-12", affiliations=works, recognitions=[recognised()]))

    assert {"7", "8"} & found.keys() == ({number} if number else set())


def test_titles_are_held_for_a_time_and_high_level_only_from_the_province_up():
    def titled(month, *, level="province", **interval):
        given = [
            registry.Designation(kind=kind, grantor_level=level, **interval)
            for kind in ("high_level", "leading", "practice_supervisor")
        ]
        return series(talent(month, affiliations=[work()], designations=given))

    assert titled("2020-12", since="2020-12-31") == {"9d": 1, "5": 1, "5a": 1, "6": 1}
    assert titled("2020-12", since="2020-12-31", level="prefecture") == {"9d": 1, "5a": 1, "6": 1}
    assert titled("2020-12", since="2019-01-01", until="2020-12-31") == {"9d": 1}


def test_newly_recognised_in_the_year_stay_in_the_county_of_that_month():
    works = [work("a", until="2019-09-01"), work("b", place=WUHOU, since="2019-09-01")]
    twice = [recognised(), recognised("2021-03-01")]

    def new(month):
        found = talent(month, affiliations=works, recognitions=twice)
        return {area: amount for (name, area), amount in found.items() if name == "S17"}

    assert new("2019-05") == {}
    assert new("2019-06") == new("2019-12") == {JINJIANG: 1}
    assert new("2020-06") == new("2021-12") == {}


def test_pay_of_the_year_counts_once_in_december_by_the_highest_band():
    def paid(month, *bands, until=""):
        pay = [registry.Pay(year=2020, organisation=f"o{at}", band=band) for at, band in enumerate(bands)]
        found = series(talent(month, affiliations=[work(until=until)], recognitions=[recognised()], pay=pay))
        return {name: amount for name, amount in found.items() if name.startswith("S15")}

    assert paid("2020-12", "le_30000") == {"S15d": 1, "S15a": 1, "S15b": 1}
    assert paid("2020-12", "le_30000", "le_50000") == {"S15d": 1, "S15b": 1}
    assert paid("2020-12", "le_50000", "gt_50000") == {"S15d": 1}
    assert paid("2020-12", "unheard of") == {}
    assert paid("2020-11", "le_30000") == paid("2021-12", "le_30000") == paid("2020-12") == {}
    assert paid("2020-12", "le_30000", until="2020-12-31") == {}


def test_a_merged_talent_counts_for_nothing_and_a_disputed_one_as_before():
    facts = {"affiliations": [work()], "recognitions": [recognised()]}

    assert talent("2020-12", **facts, moved_to="other") == {}
    assert talent("2020-12", **facts, disputed=True) == talent("2020-12", **facts)


# ---- organisations --------------------------------------------------------------------------------------------------


def organisation(month, **facts) -> dict:
    facts = {"known": True, "county": JINJIANG, "registered_on": "2015-05-01", **facts}
    return series(counted("OrganisationEvent", registry.OrganisationFacts(**facts), month, id_="o"))


def post(created_on="2020-05-10", closed_on="", **changed):
    return registry.Post(**{"id": "p", "known": True, "created_on": created_on, "closed_on": closed_on, **changed})


def test_posts_created_in_the_year_and_posts_there_are():
    posts = [post(), post("2019-02-01"), post("2020-06-01", "2020-08-01"), post(known=False)]

    assert organisation("2020-05", posts=posts) == {"15": 1, "15n": 2}
    assert organisation("2020-07", posts=posts) == {"15": 2, "15n": 3}
    assert organisation("2020-12", posts=posts) == {"15": 2, "15n": 2}
    assert organisation("2021-01", posts=posts) == {"15n": 2}
    assert organisation("2020-12", posts=posts, known=False) == {}


@pytest.mark.parametrize(
    ("registered_on", "closed_on", "number"),
    [
        ("2020-12-31", "", 0),
        ("2021-01-01", "", 1),
        ("2021-02-28", "", 1),
        ("2021-03-01", "", 0),
        ("2021-01-01", "2021-02-28", 0),
        ("2021-01-01", "2021-03-01", 1),
    ],
)
def test_private_agencies_registered_since_2021(registered_on, closed_on, number):
    found = organisation("2021-02", kind="private_agency", registered_on=registered_on, closed_on=closed_on)

    assert found.get("16", 0) == number
    assert "16" not in organisation("2021-02", kind="hospital", registered_on=registered_on, closed_on=closed_on)


def test_civil_affairs_institutions_with_a_professional_in_a_post():
    def institution(holder, *, civil_affairs=True, **changed):
        held = post(holders=[registry.PostHolder(talent="t", since="2020-06-01", **holder)], **changed)
        return organisation("2020-12", kind="public_institution", civil_affairs=civil_affairs, posts=[held])

    assert institution({"professional": True}) == {"15": 1, "15n": 1, "S19d": 1, "S19": 1}
    assert "S19" not in institution({"professional": False})
    assert "S19" not in institution({"professional": True, "until": "2020-12-31"})
    assert "S19" not in institution({"professional": True}, closed_on="2020-12-01")
    assert not {"S19", "S19d"} & institution({"professional": True}, civil_affairs=False).keys()


# ---- stations, townships, communities -------------------------------------------------------------------------------


def test_stations_and_rooms_operating():
    statuses = [
        stations.StationStatus(status="preparing", since="2020-01-01", until="2020-06-30"),
        stations.StationStatus(status="operating", since="2020-06-30", until="2020-09-30"),
        stations.StationStatus(status="suspended", since="2020-09-30"),
    ]
    station = stations.StationFacts(kind="station", area="510104017", statuses=statuses)

    months = ["2020-05", "2020-06", "2020-08", "2020-09"]
    assert [counted("StationEvent", station, month) for month in months] == [
        {},
        {("18", JINJIANG): 1},
        {("18", JINJIANG): 1},
        {},
    ]


def test_townships_served():
    served = [stations.ServedBy(station=id_, since="2020-06-01") for id_ in ("s1", "s2")]
    facts = stations.TownshipFacts(served_by=served)

    assert counted("TownshipEvent", facts, "2020-06", id_="510104017") == {("19", JINJIANG): 1}
    assert counted("TownshipEvent", facts, "2020-05", id_="510104017") == {}
    assert counted("TownshipEvent", facts, "2020-06", id_="510104401") == {}


def community(month, **facts) -> dict:
    facts = {"known": True, **facts}
    return series(counted("CommunityEvent", stations.CommunityFacts(**facts), month, id_=URBAN_COMMUNITY))


def test_a_community_changes_its_kind_and_is_served_by_professionals():
    kinds = [
        stations.CommunityKind(kind="rural", since="2015-01-01", until="2020-06-15"),
        stations.CommunityKind(kind="urban", since="2020-06-15"),
    ]
    workers = [
        stations.CommunityWorker(talent="t1", since="2016-01-01"),
        stations.CommunityWorker(talent="t2", since="2018-01-01", professional=True),
    ]

    assert community("2017-12", kinds=kinds, workers=workers) == {"8d": 1}
    assert community("2018-01", kinds=kinds, workers=workers) == {"8d": 1, "S18": 1}
    assert community("2020-06", kinds=kinds, workers=workers) == {"7d": 1}
    assert community("2020-06", kinds=kinds, workers=workers, known=False) == {}


def test_more_than_1000_elderly_by_the_latest_count():
    kinds = [stations.CommunityKind(kind="urban", since="2015-01-01")]
    elderly = [
        stations.ElderlyCount(on=on, residents=residents)
        for on, residents in (("2020-01-01", 1001), ("2020-07-01", 1000), ("2020-12-31", 1500))
    ]
    workers = [stations.CommunityWorker(talent="t", since="2020-12-01", professional=True)]
    facts = {"kinds": kinds, "elderly": elderly, "workers": workers}

    assert community("2019-12", **facts) == {"7d": 1}
    assert community("2020-06", **facts) == {"7d": 1, "S3d": 1}
    assert community("2020-11", **facts) == {"7d": 1}
    assert community("2020-12", **facts) == {"7d": 1, "S3d": 1, "S3": 1}


# ---- reference data, areas, ratios ----------------------------------------------------------------------------------


def test_townships_of_a_county_without_the_statistical_ones():
    townships = [evaluation.Township(code="510104017", kind="街道"), evaluation.Township(kind="statistical")]
    area = evaluation.AreaFacts(code=JINJIANG, level="county", townships=townships, since="2000-01-01")

    assert counted("AreaEvent", area, "2020-12") == {("19d", JINJIANG): 1}
    area.until = "2020-12-31"
    assert counted("AreaEvent", area, "2020-12") == {}


def test_residents_as_last_published():
    counts = [
        evaluation.PopulationCount(on=on, residents=number) for on, number in (("2021-11-01", 8), ("2020-11-01", 7))
    ]
    facts = evaluation.PopulationFacts(code="510000", counts=counts)

    months = ("2020-10", "2020-11", "2021-11")
    assert [counted("PopulationEvent", facts, month) for month in months] == [
        {},
        {("2d", "510000"): 7},
        {("2d", "510000"): 8},
    ]


def test_what_nobody_counts_counts_for_nothing():
    assert counted("IdentityCaseEvent", registry.IdentityCaseFacts(), "2020-12") == {}


COUNTS = {
    ("1", JINJIANG): 3,
    ("1", WUHOU): 4,
    ("1", SHEHONG): 5,
    ("1", "510000"): 1,
    ("1", "500101"): 100,
    ("2d", "510000"): 1000,
    ("2d", "510100"): 400,
}


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("510000", {"1": (13, 0), "2": (13, 1000)}),
        ("510100", {"1": (7, 0), "2": (7, 400)}),
        (JINJIANG, {"1": (3, 0), "2": (3, 0)}),
    ],
)
def test_areas_add_up_by_code_but_residents_are_as_published(area, expected):
    definitions = {
        "1": evaluation.IndicatorFacts(number="1", numerator="1", fed=True),
        "2": evaluation.IndicatorFacts(number="2", numerator="1", denominator="2d", fed=True),
        "10": evaluation.IndicatorFacts(number="10", numerator="10"),
    }

    assert values(COUNTS, definitions, area) == expected
