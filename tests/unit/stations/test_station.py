import pytest

from services.shared.kernel.dates import Day
from services.shared.kernel.errors import IntervalReversed
from services.stations.domain.station import (
    AlreadyOperating,
    ContractNotInForce,
    ContractOfOtherProvider,
    NoCertifiedStaff,
    NoContract,
    OperatorNotOpen,
    OperatorWithoutPost,
    Station,
    StationNotFound,
    Status,
    townships_served,
)
from tests.builders.stations import (
    NEXT_TOWNSHIP,
    OTHER_OPERATOR,
    TOWNSHIP,
    a_contract_seen,
    a_station,
    an_agreement,
    an_opening,
    an_operator_seen,
    some_staff,
)

MAY = Day("2025-05-01")


def opened(station, opening=None, contract=..., operator=None):
    station.open(
        opening or an_opening(),
        contract=a_contract_seen() if contract is ... else contract,
        operator=operator or an_operator_seen(),
    )
    return station


def refused(rule, station=None, **given):
    station = station or a_station()
    before = station.state
    with pytest.raises(rule) as raised:
        opened(station, **given)
    assert (station.state, station.pending) == (before, [])
    return raised.value


def test_a_planned_station_opens_and_its_plan_ends_on_that_day():
    station = opened(a_station())

    assert station.facts().statuses == (
        Status("planned", Day("2025-02-01"), MAY),
        Status("operating", MAY, Day("")),
    )
    assert station.facts().operator == an_opening().operator


def test_a_station_may_open_on_the_day_of_its_plan():
    station = opened(a_station(planned_on="2025-05-01"))

    assert station.facts().statuses == (Status("operating", MAY, Day("")),)


def test_the_event_says_what_the_neighbours_answered():
    event = opened(a_station()).pending[-1].event

    assert (event.contract_version, event.operator_version) == (1, 7)


def test_nothing_opens_that_nobody_planned():
    with pytest.raises(StationNotFound):
        opened(Station.new("5" * 32))


def test_a_station_opens_once():
    refused(AlreadyOperating, opened_before())


def opened_before():
    station = opened(a_station())
    station.pending.clear()
    return station


def test_a_station_does_not_open_before_it_was_planned():
    refused(IntervalReversed, opening=an_opening(on=Day("2025-01-31")))


@pytest.mark.parametrize("path", ["provincial_grant", "pooled_departments", "existing_venue"])
def test_without_contract_and_agreement_nothing_opens(path):
    refused(NoContract, a_station(path=path), contract=None)


def test_an_agreement_stands_for_the_contract_on_the_path_of_existing_venues_only():
    refused(NoContract, a_station(), opening=an_opening(evidence=(an_agreement(),)), contract=None)

    station = a_station(path="existing_venue")
    opened(station, an_opening(contract="", evidence=(an_agreement(),)), contract=None)

    assert station.facts().contract == ""
    assert station.pending[-1].event.contract_version == 0


def test_another_evidence_is_no_agreement():
    photograph = an_opening(contract="", evidence=(an_agreement(kind="photograph"),))

    refused(NoContract, a_station(path="existing_venue"), opening=photograph, contract=None)


def test_the_contracts_provider_is_the_operator():
    refused(ContractOfOtherProvider, contract=a_contract_seen(provider=OTHER_OPERATOR))


@pytest.mark.parametrize(("since", "until"), [("2025-05-02", "2026-05-02"), ("2024-05-01", "2025-05-01")])
def test_the_contract_holds_on_the_day_of_opening(since, until):
    refused(ContractNotInForce, contract=a_contract_seen(since=Day(since), until=Day(until)))


def test_the_operator_is_open_on_the_day():
    refused(OperatorNotOpen, operator=an_operator_seen(open=False))


def test_the_operator_has_a_social_work_post():
    refused(OperatorWithoutPost, operator=an_operator_seen(posts=0))


@pytest.mark.parametrize(
    "staff",
    [
        (),
        (some_staff(full_time=False),),
        (some_staff(certified=False),),
        (some_staff(certified=False), some_staff(talent="b2" * 16, full_time=False)),
        (some_staff(since=Day("2025-05-02")),),
    ],
    ids=["nobody", "part-time", "without certificate", "neither is both", "begins later"],
)
def test_a_station_needs_one_who_is_full_time_and_certified(staff):
    refused(NoCertifiedStaff, opening=an_opening(staff=staff))


def test_a_station_serves_its_township_and_those_it_names_a_room_none():
    assert townships_served(kind="station", area=TOWNSHIP, also_serves=[NEXT_TOWNSHIP]) == (TOWNSHIP, NEXT_TOWNSHIP)
    assert townships_served(kind="room", area=f"{TOWNSHIP}001", also_serves=[]) == ()
