"""ReviseCatalogue: what an area wants in a year, by field and level (制定重点培养目录; plan §3.3)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.registry.domain import codes
from services.registry.domain.catalogue import CatalogueFacts, CatalogueRow, RegionalCatalogue, catalogue_id, known_year
from services.shared.kernel import text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.codes import PRACTICE_FIELDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid, Exhausted, FieldMissing, Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step

MOST_WANTED = 1_000_000
MOST_ROWS = len(PRACTICE_FIELDS) * len(codes.LEVELS)


class CatalogueRowTwice(Invalid):
    reason = "CATALOGUE_ROW_TWICE"
    zh, en = "同一领域和级别重复出现", "A field and level is there twice"


class ReviseCatalogue(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    area: str
    year: int
    rows: Sequence[CatalogueRow]
    etag: str


def step(cmd: ReviseCatalogue, *, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    place = area(cmd.area, field="area", levels=(COUNTY,))
    cmd.by.must_reach(place, field="area")
    revised = CatalogueFacts(place, known_year(cmd.year, today=today), _rows(cmd.rows))

    def change(catalogue: RegionalCatalogue) -> None:
        catalogue.must_match(cmd.etag)
        catalogue.revise(revised)

    return Step(RegionalCatalogue, catalogue_id(place, cmd.year), change)


def _rows(given: Sequence[CatalogueRow]) -> tuple[CatalogueRow, ...]:
    if not given:
        raise FieldMissing(field="rows")
    if len(given) > MOST_ROWS:
        raise Exhausted(field="rows", limit=MOST_ROWS)
    rows: dict[tuple[str, str], CatalogueRow] = {}
    for number, it in enumerate(given):
        at = f"rows[{number}]"
        field = text.code(it.field, PRACTICE_FIELDS, field=f"{at}.field")
        level = text.code(it.level, codes.LEVELS, field=f"{at}.level")
        if not 0 < it.wanted <= MOST_WANTED:
            raise AmountInvalid(field=f"{at}.wanted", wanted=it.wanted)
        if (field, level) in rows:
            raise CatalogueRowTwice(field=at)
        rows[field, level] = CatalogueRow(field, level, it.wanted)
    return tuple(row for _, row in sorted(rows.items()))


async def revise_catalogue(cmd: ReviseCatalogue, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
