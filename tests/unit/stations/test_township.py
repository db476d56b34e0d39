from itertools import permutations

from services.shared.kernel.dates import Day
from services.stations.domain.township import MOST_SERVED_BY, ServedBy, Township, coverage
from tests.builders.stations import TOWNSHIP

MAY = Day("2025-05-01")


def times(station, since="2025-05-01", until=""):
    return (ServedBy(station, Day(since), Day(until)),)


def a_township(*services):
    township = Township.new(TOWNSHIP)
    for station, served in services:
        township.serve(station, served)
    return township


def test_a_township_without_any_station_is_not_covered():
    assert coverage(a_township(), on=MAY).reason == "NO_STATION"


def test_a_planned_station_does_not_cover_yet():
    seen = coverage(a_township(("s1", ())), on=MAY)

    assert (seen.covered, seen.stations, seen.reason) == (False, ("s1",), "NOT_YET_OPERATING")


def test_a_station_covers_from_the_day_it_operates():
    township = a_township(("s1", times("s1")))

    assert coverage(township, on=Day("2025-04-30")).reason == "NOT_YET_OPERATING"
    assert coverage(township, on=MAY).covered
    assert coverage(township, on=MAY).stations == ("s1",)


def test_a_closed_station_covers_no_more():
    township = a_township(("s1", times("s1", until="2025-06-01")), ("s2", ()))

    assert coverage(township, on=Day("2025-05-31")).stations == ("s1",)
    assert coverage(township, on=Day("2025-06-01")).reason == "CLOSED"


def test_a_station_that_names_the_township_no_more_is_forgotten():
    township = a_township(("s1", times("s1")), ("s1", None))

    assert coverage(township, on=MAY).reason == "NO_STATION"
    assert township.facts().served_by == ()


def test_saying_the_same_again_changes_nothing():
    township = a_township(("s1", times("s1")))

    township.serve("s1", times("s1"))

    assert township.version == 1


def test_the_order_in_which_stations_speak_does_not_matter():
    services = [("s1", times("s1", "2025-07-01")), ("s2", times("s2")), ("s3", ())]

    assert len({a_township(*order).facts() for order in permutations(services)}) == 1


def test_a_long_list_tells_the_same_days_as_the_whole_one():
    days = [f"2024-{month:02d}-{day:02d}" for month in range(1, 13) for day in (1, 15)]
    services = [
        (f"s{n:02d}", times(f"s{n:02d}", since, until))
        for n, (since, until) in enumerate(
            [(since, until) for at, since in enumerate(days) for until in days[at + 1 : at + 4]]
        )
    ]

    told = a_township(*services).facts().served_by

    assert len(told) == MOST_SERVED_BY < len(services)
    for day in days:
        assert any(it.since <= day < it.until for it in told) == (days[0] <= day < days[-1])
