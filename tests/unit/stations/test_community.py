from itertools import permutations

import pytest

from services.shared.kernel.dates import Day, holds
from services.shared.kernel.origin import Origin, RevisionReused
from services.stations.domain.community import (
    MOST_WORKERS,
    Community,
    ElderlyCount,
    KindInForce,
)
from tests.builders.stations import COMMUNITY, TALENT, a_profile, a_worker


def a_community(*profiles):
    community = Community.new(COMMUNITY)
    for profile in profiles:
        community.profile(profile)
    return community


def revision(number, record_id="r1", system="civil_affairs"):
    return Origin(system, record_id, number)


def test_a_stub_is_not_known():
    community = a_community()
    community.employ(TALENT, (a_worker(),))

    assert (community.facts().known, community.facts().workers) == (False, (a_worker(),))


def test_a_profile_makes_it_known():
    facts = a_community(a_profile(elderly=1200, elderly_on=Day("2020-11-01"))).facts()

    assert (facts.known, facts.name) == (True, "水井坊社区")
    assert facts.kinds == (KindInForce("urban", Day("2015-01-01"), Day("")),)
    assert facts.elderly == (ElderlyCount(Day("2020-11-01"), 1200),)


def test_a_higher_revision_replaces_a_lower_one_is_a_repeat():
    community = a_community(a_profile(origin=revision(2), name="新名"), a_profile(origin=revision(1)))

    assert (community.version, community.facts().name) == (1, "新名")


def test_the_same_revision_with_other_content_is_refused():
    community = a_community(a_profile())

    community.profile(a_profile())
    with pytest.raises(RevisionReused):
        community.profile(a_profile(name="别名"))

    assert community.version == 1


def test_a_village_that_becomes_urban_is_never_both():
    rural = a_profile(kind="rural")
    urban = a_profile(origin=revision(1, "r2"), kind="urban", since=Day("2021-07-01"))

    for order in permutations([rural, urban]):
        assert a_community(*order).facts().kinds == (
            KindInForce("rural", Day("2015-01-01"), Day("2021-07-01")),
            KindInForce("urban", Day("2021-07-01"), Day("")),
        )


def test_what_goes_on_unchanged_is_one_interval():
    first = a_profile(until=Day("2021-07-01"))
    second = a_profile(origin=revision(1, "r2"), since=Day("2021-07-01"))

    assert a_community(first, second).facts().kinds == (KindInForce("urban", Day("2015-01-01"), Day("")),)


def test_shuffled_and_repeated_profiles_converge():
    profiles = [
        a_profile(),
        a_profile(origin=revision(2), since=Day("2016-01-01")),
        a_profile(origin=revision(1, "r2"), kind="rural", since=Day("2018-01-01"), until=Day("2019-01-01")),
        a_profile(origin=revision(1, "r1", "civil_affairs-510100"), elderly=900, elderly_on=Day("2020-11-01")),
    ]

    assert len({a_community(*order, *order).facts() for order in permutations(profiles)}) == 1


def test_a_talents_work_is_replaced_as_a_whole_and_removed_by_nothing():
    community = a_community()
    community.employ(TALENT, (a_worker(until=Day("2021-01-01")), a_worker(since=Day("2022-01-01"))))
    community.employ("b2" * 16, (a_worker(talent="b2" * 16),))

    community.employ(TALENT, ())

    assert [it.talent for it in community.facts().workers] == ["b2" * 16]
    community.employ(TALENT, ())
    assert community.version == 3


def test_a_long_list_of_workers_tells_the_days_on_which_a_professional_works_there():
    community = a_community()
    for number in range(120):
        month = f"20{number // 12 + 10}-{number % 12 + 1:02d}"
        until = f"20{(number + 1) // 12 + 10}-{(number + 1) % 12 + 1:02d}"
        talent = f"{number:032d}"
        work = a_worker(talent=talent, professional=number % 4 == 0, since=Day(f"{month}-01"), until=Day(f"{until}-01"))
        community.employ(talent, (work,))

    told = community.facts().workers
    assert len(told) == MOST_WORKERS
    for work in community.state.workers:
        professional = any(it.professional and holds(it.since, it.until, work.since) for it in told)
        assert professional == work.professional
