from services.shared.kernel.dates import Day
from services.shared.kernel.origin import Origin
from services.shared.kernel.text import LONGEST_ID
from services.shared.runtime.store.kind import LARGEST_FACTS, Stamp
from services.stations import publisher
from services.stations.commands import open_station, plan_station, profile_community
from services.stations.domain.community import MOST_COUNTS, MOST_KINDS, MOST_WORKERS, Community
from services.stations.domain.township import MOST_SERVED_BY, ServedBy, Township
from swtalent.stations.v1 import events_pb2 as pb
from tests.builders.stations import (
    COMMUNITY,
    TOWNSHIP,
    a_contract_seen,
    a_profile,
    a_station,
    a_worker,
    an_agreement,
    an_opening,
    an_operator_seen,
    some_staff,
)

STAMP = Stamp("2025-06-30T04:00:00.000Z")
WIDEST = "𠀀"  # four bytes in UTF-8


def test_the_largest_station_fits_into_an_event():
    station = a_station(
        name=WIDEST * plan_station.LONGEST_NAME,
        also_serves=tuple(f"51010401{n}" for n in range(plan_station.MOST_TOWNSHIPS)),
        path="civil_affairs_facility",
    )
    staff = tuple(some_staff(talent=f"{n:032d}") for n in range(open_station.MOST_STAFF))
    evidence = tuple(
        an_agreement(id=f"{n:0>{LONGEST_ID}}", held_by=WIDEST * open_station.LONGEST_HOLDER)
        for n in range(open_station.MOST_EVIDENCE)
    )
    opening = an_opening(staff=staff, evidence=evidence)

    station.open(opening, contract=a_contract_seen(), operator=an_operator_seen())

    (message,) = publisher.station_messages(station.id, station.pending[-1], STAMP)
    event = pb.StationEvent.FromString(message.value)
    assert len(message.value) <= LARGEST_FACTS
    assert (message.topic, message.key) == ("stations.events.v1", station.id.encode())
    assert (event.version, event.WhichOneof("change"), len(event.after.staff)) == (2, "station_opened", len(staff))


def test_a_township_with_very_many_stations_fits_into_an_event():
    township = Township.new(TOWNSHIP)
    for number in range(2 * MOST_SERVED_BY):
        station = f"{number:032d}"
        township.serve(station, (ServedBy(station, Day("2025-05-01"), Day("2026-05-01")),))

    (message,) = publisher.township_messages(TOWNSHIP, township.pending[-1], STAMP)

    assert len(message.value) <= LARGEST_FACTS
    assert pb.TownshipEvent.FromString(message.value).township_service_changed.station == f"{number:032d}"


def test_a_community_with_very_many_workers_and_profiles_fits_into_an_event():
    community = Community.new(COMMUNITY)
    for number in range(3 * MOST_COUNTS):
        community.profile(
            a_profile(
                origin=Origin("civil_affairs", f"r{number}", 1),
                name=WIDEST * profile_community.LONGEST_NAME,
                kind="urban" if number % 2 else "rural",
                since=Day(f"{1970 + number}-01-01"),
                elderly=1_000_000,
                elderly_on=Day(f"{1970 + number}-01-01"),
            )
        )
    for number in range(2 * MOST_WORKERS):
        work = a_worker(talent=f"{number:032d}", until=Day("2025-01-01"))
        community.employ(work.talent, (work,))

    (message,) = publisher.community_messages(COMMUNITY, community.pending[-1], STAMP)

    after = pb.CommunityEvent.FromString(message.value).after
    assert len(message.value) <= LARGEST_FACTS
    assert (len(after.kinds), len(after.elderly), len(after.workers)) == (MOST_KINDS, MOST_COUNTS, MOST_WORKERS)
