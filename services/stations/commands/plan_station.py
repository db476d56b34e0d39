"""PlanStation: enter a station or room that is to be (规划站点; plan §5.2)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.shared.kernel import dates, text
from services.shared.kernel.area import COMMUNITY, TOWNSHIP, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.errors import Invalid
from services.shared.kernel.ids import derived_id
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.stations.domain import codes
from services.stations.domain.station import Station, StationFacts

LONGEST_NAME = 100
MOST_TOWNSHIPS = 10


class RoomServesItsCommunity(Invalid):
    reason = "ROOM_SERVES_ITS_COMMUNITY"
    zh, en = "服务室不能服务其他乡镇", "A room serves its own community, no townships"
    fix_zh, fix_en = "请删除其他服务乡镇", "Leave the further townships out"


class TownshipRepeated(Invalid):
    reason = "TOWNSHIP_REPEATED"
    zh, en = "服务乡镇重复", "A township is named twice"


class TownshipsTooMany(Invalid):
    reason = "TOWNSHIPS_TOO_MANY"
    zh, en = "服务乡镇过多", f"A station serves at most {MOST_TOWNSHIPS} further townships"


class PlanStation(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    request_id: str
    name: str
    kind: str
    area: str
    also_serves: Sequence[str]
    path: str
    on: str


async def plan_station(cmd: PlanStation, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Answers the station's id. Raises Invalid, OUTSIDE_SCOPE."""
    kind = text.code(cmd.kind, codes.STATION_KINDS, field="kind")
    place = area(cmd.area, field="area", levels=(TOWNSHIP if kind == "station" else COMMUNITY,))
    cmd.by.must_reach(place, field="area")
    planned = StationFacts(
        kind=kind,
        area=place,
        also_serves=_townships(cmd, kind=kind, own=place),
        path=text.code(cmd.path, codes.PATHS, field="path"),
        name=text.name(cmd.name, field="name", longest=LONGEST_NAME),
    )
    on = dates.day(cmd.on, field="on", not_after=clock.day())
    station_id = derived_id("station", cmd.by.name, cmd.request_id)

    def change(station: Station) -> dict[str, str]:
        station.plan(planned, on=on)
        return {"station_id": station_id}

    return await lanes.update(Station, station_id, change, cause=cause)


def _townships(cmd: PlanStation, *, kind: str, own: str) -> tuple[str, ...]:
    if cmd.also_serves and kind != "station":
        raise RoomServesItsCommunity(field="also_serves")
    if len(cmd.also_serves) > MOST_TOWNSHIPS:
        raise TownshipsTooMany(field="also_serves", most=MOST_TOWNSHIPS)
    townships: list[str] = []
    for index, code in enumerate(cmd.also_serves):
        path = f"also_serves[{index}]"
        township = area(code, field=path, levels=(TOWNSHIP,))
        cmd.by.must_reach(township, field=path)
        if township == own or township in townships:
            raise TownshipRepeated(field=path, township=township)
        townships.append(township)
    return tuple(sorted(townships))
