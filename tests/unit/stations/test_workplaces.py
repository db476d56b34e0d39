import pytest

from services.shared.kernel.dates import Day
from services.stations.domain.community import Worker
from services.stations.domain.workplaces import communities_of
from tests.builders.stations import COMMUNITY, TALENT

NEXT = "510104017002"
ALWAYS = [("1990-01-01", "")]


def worker(professional, since, until=""):
    return Worker(TALENT, professional, Day(since), Day(until))


def test_only_a_community_is_a_community():
    assert (
        communities_of(TALENT, [("510104", "2020-01-01", ""), ("510104017", "2020-01-01", "")], recognised=ALWAYS) == {}
    )


@pytest.mark.parametrize(
    ("recognised", "expected"),
    [
        ([], [worker(False, "2020-01-01")]),
        (ALWAYS, [worker(True, "2020-01-01")]),
        ([("2021-06-01", "")], [worker(False, "2020-01-01", "2021-06-01"), worker(True, "2021-06-01")]),
        (
            [("2021-01-01", "2022-01-01")],
            [
                worker(False, "2020-01-01", "2021-01-01"),
                worker(True, "2021-01-01", "2022-01-01"),
                worker(False, "2022-01-01"),
            ],
        ),
        ([("2019-01-01", "2021-01-01"), ("2020-06-01", "")], [worker(True, "2020-01-01")]),
        ([("2010-01-01", "2020-01-01")], [worker(False, "2020-01-01")]),
    ],
    ids=["never", "always", "begins", "for a year", "by two departments", "over before"],
)
def test_work_is_split_where_recognition_begins_or_ends(recognised, expected):
    work = communities_of(TALENT, [(COMMUNITY, "2020-01-01", "")], recognised=recognised)

    assert work == {COMMUNITY: tuple(expected)}


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([("2020-01-01", "2021-01-01"), ("2020-06-01", "2022-01-01")], [("2020-01-01", "2022-01-01")]),
        ([("2020-06-01", "2022-01-01"), ("2020-01-01", "")], [("2020-01-01", "")]),
        ([("2020-01-01", "2021-01-01"), ("2021-01-01", "")], [("2020-01-01", "")]),
        ([("2020-01-01", "2020-06-01"), ("2021-01-01", "")], [("2020-01-01", "2020-06-01"), ("2021-01-01", "")]),
    ],
    ids=["overlap", "inside", "one after the other", "with a pause"],
)
def test_two_affiliations_at_one_place_are_one_person_there(times, expected):
    work = communities_of(TALENT, [(COMMUNITY, *one) for one in times], recognised=ALWAYS)

    assert work == {COMMUNITY: tuple(worker(True, *one) for one in expected)}


def test_each_community_has_its_own():
    work = communities_of(
        TALENT, [(COMMUNITY, "2020-01-01", "2021-01-01"), (NEXT, "2021-01-01", "")], recognised=ALWAYS
    )

    assert work == {COMMUNITY: (worker(True, "2020-01-01", "2021-01-01"),), NEXT: (worker(True, "2021-01-01"),)}
