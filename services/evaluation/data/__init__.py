"""Reference data as files (data/README.md): read once at start and published as events."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

from services.evaluation.commands.set_reference import SetReference
from services.evaluation.domain.contributions import CONTRIBUTIONS_VERSION
from services.evaluation.domain.reference import (
    Area,
    AreaFacts,
    Indicator,
    IndicatorFacts,
    Population,
    PopulationCount,
    PopulationFacts,
    Target,
    TargetFacts,
    TargetVersion,
    Township,
)
from services.shared.kernel.area import areas

_AREAS_AS_OF = "国家统计局统计用区划代码，截至2023-06-30"
_CENSUS = "第七次全国人口普查"
_DEFINITIONS = "本规划第二章第三节表1及各章分项目标"


def reference_rows() -> list[SetReference]:
    """Areas, populations, definitions and targets, in the order in which they are shown."""
    return [*_areas(), *_populations(), *_indicators(), *_targets()]


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("services.evaluation.data").joinpath(name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def _areas() -> Iterator[SetReference]:
    townships: dict[str, list[Township]] = {}
    for it in areas().values():
        if it.level == "township":
            townships.setdefault(it.parent, []).append(Township(it.code, it.name, it.kind))
    for it in areas().values():
        if it.level != "township":
            facts = AreaFacts(
                code=it.code,
                name=it.name,
                level=it.level,
                parent=it.parent,
                kind=it.kind,
                three_prefectures=it.three_prefectures,
                townships=tuple(townships.get(it.code, ())),
            )
            yield SetReference(Area, f"area/{it.code}", facts, _AREAS_AS_OF, "")


def _populations() -> Iterator[SetReference]:
    counts: dict[str, list[PopulationCount]] = {}
    for row in _rows("populations.csv"):
        count = PopulationCount(row["on"], int(row["residents"]), row["confirmation"])
        counts.setdefault(row["code"], []).append(count)
    for code, own in counts.items():
        own.sort(key=lambda it: it.on)
        facts = PopulationFacts(code, tuple(own))
        yield SetReference(Population, f"population/{code}", facts, _CENSUS, own[-1].on)


def _indicators() -> Iterator[SetReference]:
    for row in _rows("indicators.csv"):
        facts = IndicatorFacts(
            number=row["number"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            unit=row["unit"],
            shape=row["shape"],
            nature=row["nature"],
            direction=row["direction"],
            numerator=row["numerator"],
            denominator=row["denominator"],
            scale_numerator=int(row["scale_numerator"]),
            scale_denominator=int(row["scale_denominator"]),
            clause=row["clause"],
            contributions_version=CONTRIBUTIONS_VERSION,
            fed=row["fed"] == "1",
            accumulation=row["accumulation"],
        )
        yield SetReference(Indicator, f"indicator/{facts.number}", facts, _DEFINITIONS, "")


def _targets() -> Iterator[SetReference]:
    versions: dict[str, list[TargetVersion]] = {}
    for row in _rows("targets.csv"):
        version = TargetVersion(
            value=row["value"],
            baseline=row["baseline"],
            path=row["path"],
            effective_from=row["effective_from"],
            reason=row["reason"],
            approver=row["approver"],
            area=row["area"],
        )
        versions.setdefault(row["number"], []).append(version)
    for number, own in versions.items():
        own.sort(key=lambda it: it.effective_from)
        last = own[-1]
        yield SetReference(
            Target, f"target/{number}", TargetFacts(number, tuple(own)), last.reason, last.effective_from
        )
