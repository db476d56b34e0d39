"""Administrative areas: six digits for province, prefecture and county, nine for a township, twelve for a community.

The table is the statistics bureau's of 2023-06-30 (`data/areas.csv`); codes of communities are not in it, theirs are
known by their township. An area directly under the province or a prefecture has the bucket of that code.
"""

from __future__ import annotations

import csv
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple, NewType

from services.shared.kernel.errors import AreaUnknown, FieldMissing

AreaCode = NewType("AreaCode", str)

PROVINCE = AreaCode("510000")
COUNTY, TOWNSHIP, COMMUNITY = 6, 9, 12
# First two digits of every province of the country (GB/T 2260).
PROVINCES = frozenset(
    str(first + number)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for number in range(last - first + 1)
)


class Area(NamedTuple):
    code: str
    name: str
    level: str
    parent: str
    kind: str
    three_prefectures: bool

    @property
    def legal_township(self) -> bool:
        """Ten rows of the table are forest bureaus, farms and the like, not townships."""
        return self.level == "township" and self.kind != "statistical"


@cache
def areas() -> dict[str, Area]:
    """All areas of the table by code, province first."""
    text = files("services.shared.kernel").joinpath("data/areas.csv").read_text(encoding="utf-8")
    return {
        row["code"]: Area(
            row["code"],
            row["name"],
            row["level"],
            row["parent_code"],
            row["kind"],
            row["three_prefectures"] == "1",
        )
        for row in csv.DictReader(text.splitlines())
    }


@lru_cache(maxsize=65536)
def _known(code: str) -> bool:
    if len(code) == COMMUNITY:
        return code.isascii() and code.isdigit() and code[:TOWNSHIP] in areas()
    return code in areas()


def area(code: str, *, field: str, required: bool = True, levels: tuple[int, ...] = ()) -> AreaCode:
    """A known code of the province; `levels` (COUNTY, TOWNSHIP, COMMUNITY) restricts its length."""
    if not code:
        if required:
            raise FieldMissing(field=field)
        return AreaCode("")
    if not _known(code) or (levels and len(code) not in levels):
        raise AreaUnknown(field=field, code=code[:12])
    return AreaCode(code)


def home(code: str, *, field: str) -> AreaCode:
    """A home county: any six digits of the country; only those of the province must be in the table."""
    if not code:
        return AreaCode("")
    if len(code) != COUNTY or not code.isascii() or not code.isdigit() or (code[:2] == "51" and not _known(code)):
        raise AreaUnknown(field=field, code=code[:12])
    return AreaCode(code)


def county_of(code: str) -> AreaCode:
    return AreaCode(code[:COUNTY])


def prefecture_of(code: str) -> AreaCode:
    return AreaCode(f"{code[:4]}00")


def township_of(code: str) -> AreaCode:
    return AreaCode(code[:TOWNSHIP])


@lru_cache(maxsize=4096)
def subtree_prefix(code: str) -> str:
    """The digits that every code of the subtree begins with."""
    if len(code) > COUNTY:
        return code
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def within(code: str, subtree: str) -> bool:
    return code.startswith(subtree_prefix(subtree))
