"""GetStation: a station with its statuses, operator and staff."""

from __future__ import annotations

from services.shared.kernel import text
from services.shared.kernel.ports import Store
from services.stations.domain.station import Station


async def get_station(station_id: str, *, store: Store) -> Station:
    """Raises STATION_NOT_FOUND."""
    key = text.identifier(station_id, field="station_id")
    station = (await store.get_many(Station, [key]))[key].aggregate
    station.must_exist()
    return station
