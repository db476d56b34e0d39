"""Where the sample plays: the real counties and townships, weighted by the census, and invented communities in them."""

from __future__ import annotations

from typing import NamedTuple

from deploy.sample.expected import Sums
from deploy.sample.spread import Spread, mixed
from services.shared.kernel.area import Area, areas

# Prefectures whose civil-affairs department reports by its own system.
OWN_SYSTEMS = ("510100", "510700")
_CELLS = 8192
_ELSEWHERE = ("500101", "520102", "530102", "610102")

# Residents of the census of 2020-11-01 in thousands: how many persons work in a prefecture.
_RESIDENTS = {
    "510100": 20_938, "510300": 2_489, "510400": 1_212, "510500": 4_254, "510600": 3_456, "510700": 4_868,
    "510800": 2_306, "510900": 2_814, "511000": 3_141, "511100": 3_160, "511300": 5_608, "511400": 2_955,
    "511500": 4_589, "511600": 3_255, "511700": 5_385, "511800": 1_435, "511900": 2_713, "512000": 2_309,
    "513200": 823, "513300": 1_107, "513400": 4_858,
}  # fmt: skip


def civil_affairs_of(county: str) -> str:
    """The partner by which civil affairs of a county reports."""
    prefecture = f"{county[:4]}00"
    return f"civil_affairs-{prefecture}" if prefecture in OWN_SYSTEMS else "civil_affairs"


class Community(NamedTuple):
    code: str
    name: str
    kind: str


class Places:
    """Counties to draw from, and communities by index; memory grows with the area table only."""

    def __init__(self, sums: Sums) -> None:
        self.counties = [it for it in areas().values() if it.level == "county"]
        self._townships: dict[str, list[Area]] = {county.code: [] for county in self.counties}
        for it in areas().values():
            if it.legal_township:
                self._townships[it.parent].append(it)
        self.cells = self._weighted()
        townships = [it for found in self._townships.values() for it in found]
        self._urban = _scattered([it for it in townships if it.kind in ("街道", "镇")], 21)
        self._rural = _scattered([it for it in townships if it.kind != "街道"], 22)
        self.urban, self.rural = sums.urban_communities, sums.rural_communities

    def _weighted(self) -> list[int]:
        """County indexes, each as often as its share of the residents (by townships within its prefecture)."""
        of_prefecture: dict[str, int] = {}
        for county in self.counties:
            of_prefecture[county.parent] = of_prefecture.get(county.parent, 0) + len(self._townships[county.code])
        everybody = sum(_RESIDENTS.values())
        cells = []
        for index, county in enumerate(self.counties):
            share = _RESIDENTS[county.parent] / everybody * len(self._townships[county.code])
            cells += [index] * max(1, round(share / of_prefecture[county.parent] * _CELLS))
        return cells

    def county(self, bits: int) -> int:
        """Index of a county for 16 bits of chance."""
        return self.cells[(bits & 0xFFFF) % len(self.cells)]

    def home(self, person: int) -> str:
        """Home county of a person; one in sixteen comes from another province."""
        bits = mixed(person + 0x50000000)
        return _ELSEWHERE[bits >> 60 & 3] if bits >> 56 & 15 == 0 else self.counties[self.county(bits)].code

    def townships(self, county: str) -> list[Area]:
        return self._townships[county]

    def urban_code(self, index: int) -> str:
        turn, at = divmod(index, len(self._urban))
        return f"{self._urban[at].code}{turn + 1:03d}"

    def rural_code(self, index: int) -> str:
        turn, at = divmod(index, len(self._rural))
        return f"{self._rural[at].code}{turn + 201:03d}"

    def community(self, index: int) -> Community:
        """Urban ones first, then rural ones."""
        if index < self.urban:
            turn, at = divmod(index, len(self._urban))
            return Community(self.urban_code(index), f"{self._urban[at].name}第{turn + 1}社区", "urban")
        turn, at = divmod(index - self.urban, len(self._rural))
        return Community(self.rural_code(index - self.urban), f"{self._rural[at].name}第{turn + 1}村", "rural")


def _scattered(townships: list[Area], seed: int) -> list[Area]:
    spread = Spread(len(townships), seed)
    return [townships[spread.at(rank)] for rank in range(len(townships))]
