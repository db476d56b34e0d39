"""`swtalent indicators`: the plan's indicators of an area and month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from clients.cli.answer import Json, console, print_json, print_table

# Columns that a line needs to hold both names of an indicator.
_BOTH_LANGUAGES = 180


def indicators(
    area: Annotated[str, typer.Option(help="Area code; the province unless given / 行政区划代码")] = "510000",
    month: Annotated[str, typer.Option(help="YYYY-MM; the last full month unless given / 月份")] = "",
    companions: Annotated[bool, typer.Option(help="With sub-targets and companions / 含子目标和伴随指标")] = False,
    json: Json = False,
) -> None:
    """Value, numerator, denominator and target of every indicator / 规划指标一览."""
    from clients.cli.calls import ask
    from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
    from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub

    request = pb.ListIndicatorsRequest(area=area, month=month, with_companions=companions)
    values = ask("evaluation", EvaluationServiceStub, "ListIndicators", request).indicators
    if json:
        print_json([as_object(value) for value in values])
    else:
        show(values)


def show(values: Sequence[Any]) -> None:
    """A table of IndicatorValues of one area and month."""
    shown = f"{values[0].area} · {values[0].month}" if values else ""
    wide = console.width >= _BOTH_LANGUAGES
    print_table(
        ["#>", "指标 / indicator", "value>", "numerator>", "denominator>", "unit", "target>", "% of target>", "nature"],
        [
            (
                value.number,
                f"{value.name_zh} {value.name_en}".strip() if wide else value.name_zh,
                value.value or f"— {value.reason}",
                f"{value.numerator:,}" if not value.reason else "",
                f"{value.denominator:,}" if value.has_denominator else "",
                value.unit,
                value.target,
                value.share_of_target,
                value.nature,
            )
            for value in values
        ],
        title=shown,
    )


def as_object(value: Any) -> dict[str, object]:
    """Null = there is none; `value` and `target` are decimal texts, so that no digit is lost."""
    return {
        "number": value.number,
        "name_zh": value.name_zh,
        "name_en": value.name_en,
        "area": value.area,
        "month": value.month,
        "value": value.value or None,
        "numerator": value.numerator,
        "denominator": value.denominator if value.has_denominator else None,
        "target": value.target or None,
        "share_of_target": value.share_of_target or None,
        "path_value": value.path_value or None,
        "unit": value.unit,
        "nature": value.nature,
        "reason": value.reason or None,
    }
