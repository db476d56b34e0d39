"""OpenProgramme: open a programme of the plan for an area (开设培养项目; plan §3.2, §3.3, §4.5)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.programme import LONGEST_CODE, Opening, Programme, programme_id
from services.shared.kernel import dates, text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.errors import FieldTooLong, Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.text import IdMalformed


class RegionTypeMisplaced(Invalid):
    reason = "REGION_TYPE_MISPLACED"
    zh, en = "仅支持计划填写地区类型", "Only a support plan has a region type"


class OpenProgramme(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    kind: str
    area: str
    code: str
    name: str
    region_type: str
    since: str
    until: str


def step(cmd: OpenProgramme) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    kind = text.code(cmd.kind, codes.PROGRAMMES, field="kind")
    place = area(cmd.area, field="area", levels=(COUNTY,))
    cmd.by.must_reach(place, field="area")
    code = text.identifier(cmd.code, field="code")
    if len(code) > LONGEST_CODE:
        raise FieldTooLong(field="code", longest=LONGEST_CODE)
    if "/" in code:
        raise IdMalformed(field="code")
    supports = kind == "support_plan"
    if cmd.region_type and not supports:
        raise RegionTypeMisplaced(field="region_type")
    region_type = text.code(cmd.region_type, codes.REGION_TYPES, field="region_type", required=supports)
    since, until = dates.interval(cmd.since, cmd.until, field="")
    opening = Opening(kind, text.name(cmd.name, field="name"), place, region_type, since, until)
    key = programme_id(kind, place, code)

    def change(programme: Programme) -> dict[str, str]:
        programme.open(opening)
        return {"programme_id": key}

    return Step(Programme, key, change)


async def open_programme(cmd: OpenProgramme, *, lanes: Lanes, cause: Cause) -> Answer:
    return await lanes.run(step(cmd), cause=cause)
