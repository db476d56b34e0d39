"""Two codes, one meaning: the platform's sums of contributions and the outsider's direct count, on random facts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.evaluator.counting import Month, count
from services.evaluation.domain.contributions import network, organisation, reference, talent, training
from swtalent.evaluation.v1 import events_pb2 as evaluation
from swtalent.registry.v1 import events_pb2 as registry
from swtalent.stations.v1 import events_pb2 as stations

YEAR_SERIES = {"11", "12", "13", "15", "S12", "S12d", "S13a", "S13b", "S15d", "S15a", "S15b", "S17"}
ROLES = ["", "manager", "child_welfare_supervisor", "child_welfare_director", "committee_member"]
CATEGORIES = ["professional", "vocational", "manager", "exam_preparation", "ethics"]
MONTHS = [f"{year}-{number:02d}" for year in range(2018, 2023) for number in (1, 2, 6, 11, 12)]
PLACES = ["510104", "510104017", "510104017001", "510703", "510703001002", "500101", "510000"]

days = st.builds(
    "{:04d}-{:02d}-{:02d}".format, st.integers(2017, 2022), st.sampled_from([1, 2, 6, 12]), st.sampled_from([1, 15, 28])
)
month_ends = st.sampled_from(["2019-01-31", "2020-02-29", "2020-12-31", "2021-01-01", "2021-03-01"])
some_day = days | month_ends


@st.composite
def intervals(draw):
    since = draw(some_day)
    until = draw(st.just("") | some_day)
    return {"since": since, "until": until if until > since else ""}


@st.composite
def affiliations(draw, number):
    place = draw(st.sampled_from(PLACES))
    return registry.Affiliation(
        id=f"a{number}",
        place=place,
        community_kind=draw(st.sampled_from(["urban", "rural"])) if len(place) == 12 else "",
        practitioner=draw(st.booleans()),
        principal=draw(st.booleans()),
        role=draw(st.sampled_from(ROLES)),
        field=draw(st.sampled_from(["", "elderly_care", "minors", "school"])),
        **draw(intervals()),
    )


@st.composite
def talents(draw):
    facts = registry.TalentFacts(
        home_county=draw(st.sampled_from(["", "510104", "330106"])),
        disputed=draw(st.booleans()),
        moved_to=draw(st.sampled_from(["", "", "", "other"])),
        moving=draw(st.booleans()),
    )
    for _ in range(draw(st.integers(0, 2))):
        facts.registrations.add(level="assistant", basis="first", **draw(intervals()))
    for month in sorted(draw(st.sets(some_day, max_size=4))):
        facts.learned.add(month=month[:7], minutes=draw(st.sampled_from([45, 1080, 1124, 1125])))
    for on in draw(st.lists(some_day, max_size=3)):
        facts.trained.add(category=draw(st.sampled_from(CATEGORIES)), on=on)
    for number in range(draw(st.integers(0, 3))):
        facts.affiliations.append(draw(affiliations(number)))
    for _ in range(draw(st.integers(0, 2))):
        facts.recognitions.add(ground=draw(st.sampled_from(["training", "degree"])), **draw(intervals()))
    for level in draw(st.sets(st.sampled_from(["assistant", "intermediate", "senior"]))):
        passed = draw(some_day)
        granted = draw(st.just("") | some_day) if level == "senior" else ""
        annulled = draw(st.sampled_from(["", "", "2021-03-01"]))
        facts.certificates.add(
            level=level,
            passed_on=passed,
            granted_on=granted if granted >= passed else "",
            annulled_on=annulled if annulled > passed else "",
        )
    for kind in draw(st.lists(st.sampled_from(["high_level", "leading", "practice_supervisor"]), max_size=3)):
        facts.designations.add(
            kind=kind, grantor_level=draw(st.sampled_from(["national", "province", "county"])), **draw(intervals())
        )
    for number in range(draw(st.integers(0, 3))):
        facts.pay.add(
            year=draw(st.integers(2018, 2021)),
            organisation=f"o{number}",
            band=draw(st.sampled_from(["le_30000", "le_50000", "gt_50000"])),
        )
    return facts


@st.composite
def organisations(draw):
    facts = registry.OrganisationFacts(
        known=draw(st.sampled_from([True, True, False])),
        kind=draw(st.sampled_from(["private_agency", "public_institution", "elderly_care_institution"])),
        civil_affairs=draw(st.booleans()),
        county=draw(st.sampled_from(["510104", "510703"])),
        registered_on=draw(some_day),
    )
    closed = draw(st.just("") | some_day)
    facts.closed_on = closed if closed > facts.registered_on else ""
    for number in range(draw(st.integers(0, 3))):
        interval = draw(intervals())
        post = facts.posts.add(
            id=f"p{number}",
            known=draw(st.sampled_from([True, True, False])),
            created_on=interval["since"],
            closed_on=interval["until"],
        )
        for _ in range(draw(st.integers(0, 2))):
            post.holders.add(talent="t", professional=draw(st.booleans()), **draw(intervals()))
    for kind in draw(st.lists(st.sampled_from(["training_base", "practice_base", "innovation_space"]), max_size=3)):
        facts.accreditations.add(kind=kind, **draw(intervals()))
    for on in sorted(draw(st.sets(some_day, max_size=3))):
        facts.residents.add(on=on, residents=draw(st.sampled_from([0, 99, 100, 101, 300])))
    for _ in range(draw(st.integers(0, 3))):
        facts.party_cover.add(fits=draw(st.booleans()), **draw(intervals()))
    for number in range(draw(st.integers(0, 2))):
        facts.contracts.add(contract=f"c{number}", **draw(intervals()))
    return facts


@st.composite
def sessions(draw):
    return registry.TrainingSessionFacts(
        venue=draw(st.sampled_from(PLACES)),
        last_day=draw(some_day),
        minutes=draw(st.sampled_from([0, 45, 2_700])),
        category=draw(st.sampled_from(CATEGORIES)),
        status=draw(st.sampled_from(["planned", "held", "held", "cancelled"])),
        attendees=draw(st.integers(0, 50)),
        person_minutes=draw(st.integers(0, 9_000)),
    )


@st.composite
def cohorts(draw):
    return registry.GraduateCohortFacts(
        county=draw(st.sampled_from(["510104", "510703", "500101"])),
        major=draw(st.sampled_from(["social_work", "social_work", "related"])),
        level=draw(st.sampled_from(["junior_college", "bachelor", "master", "doctor", "secondary"])),
        graduated_on=draw(some_day),
        graduates=draw(st.integers(0, 40)),
    )


@st.composite
def communities(draw):
    facts = stations.CommunityFacts(known=draw(st.sampled_from([True, True, False])))
    for since, until, kind in draw(
        st.sampled_from(
            [
                [],
                [("2017-05-01", "", "urban")],
                [("2018-03-01", "2020-06-15", "rural"), ("2020-06-15", "", "urban")],
                [("2018-03-01", "2021-01-01", "rural")],
            ]
        )
    ):
        facts.kinds.add(kind=kind, since=since, until=until)
    for on in sorted(draw(st.sets(some_day, max_size=3))):
        facts.elderly.add(on=on, residents=draw(st.sampled_from([900, 1000, 1001, 5000])))
    for number in range(draw(st.integers(0, 3))):
        facts.workers.add(talent=f"t{number}", professional=draw(st.booleans()), **draw(intervals()))
    return facts


@st.composite
def station_facts(draw):
    facts = stations.StationFacts(kind="station", area="510104017")
    for status in draw(st.lists(st.sampled_from(["planned", "operating", "suspended"]), max_size=3)):
        facts.statuses.add(status=status, **draw(intervals()))
    return facts


@st.composite
def township_facts(draw):
    facts = stations.TownshipFacts()
    for number in range(draw(st.integers(0, 3))):
        facts.served_by.add(station=f"s{number}", **draw(intervals()))
    return facts


def summed(cells, month: str) -> Counter:
    """What the platform's cells come to in the month."""
    found: Counter = Counter()
    for (series, county, at), amount in cells.items():
        if at <= month and (series not in YEAR_SERIES or at[:4] == month[:4]):
            found[(series, county)] += amount
    return Counter({key: amount for key, amount in found.items() if amount})


def counted(event: str, id_: str, facts, month: str) -> Counter:
    found: Counter = Counter()
    for series, county, amount in count(event, id_, facts, Month(month)):
        if county.startswith("51") and amount:
            found[(series, county)] += amount
    return found


MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(talents())
def test_talents(facts):
    cells = talent.contributions("t", facts)
    for month in MONTHS:
        assert counted("TalentEvent", "t", facts, month) == summed(cells, month), month


@MANY
@given(organisations())
def test_organisations(facts):
    cells = organisation.contributions("o", facts)
    for month in MONTHS:
        assert counted("OrganisationEvent", "o", facts, month) == summed(cells, month), month


@MANY
@given(sessions(), cohorts())
def test_training_and_graduates(session, cohort):
    for month in MONTHS:
        assert counted("TrainingSessionEvent", "s", session, month) == summed(training.session("s", session), month)
        assert counted("GraduateCohortEvent", "c", cohort, month) == summed(training.cohort("c", cohort), month)


@MANY
@given(communities())
def test_communities(facts):
    cells = network.community("510104017001", facts)
    for month in MONTHS:
        assert counted("CommunityEvent", "510104017001", facts, month) == summed(cells, month), month


@MANY
@given(station_facts(), township_facts(), st.sampled_from(["510104017", "510104401"]))
def test_stations_and_townships(station, township, code):
    for month in MONTHS:
        assert counted("StationEvent", "s", station, month) == summed(network.station("s", station), month)
        assert counted("TownshipEvent", code, township, month) == summed(network.township(code, township), month)


@pytest.mark.parametrize("month", MONTHS)
def test_reference_data(month):
    area = evaluation.AreaFacts(code="510104", level="county", name="锦江区")
    area.townships.add(code="510104017", kind="街道")
    area.townships.add(code="510104401", kind="statistical")
    people = evaluation.PopulationFacts(code="510000")
    people.counts.add(on="2020-11-01", residents=83_674_866)
    people.counts.add(on="2021-11-01", residents=83_720_000)

    assert counted("AreaEvent", "area/510104", area, month) == summed(reference.area("area/510104", area), month)
    assert counted("PopulationEvent", "population/510000", people, month) == summed(
        reference.population("population/510000", people), month
    )
