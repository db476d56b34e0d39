"""Services for high-level talents; valid by default."""

from __future__ import annotations

from typing import Any

from services.registry.domain.reports import Designation, DesignationReport, ServiceReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import Designated, PrivateChanged
from services.shared.kernel.dates import Day
from services.shared.kernel.origin import Origin
from tests.builders.registry import an_origin


def a_designation(kind: str = "high_level", since: str = "2022-01-01", until: str = "") -> Designation:
    return Designation(kind, "", "province", Day(since), Day(until))


def a_service(kind: str = "housing", since: str = "2023-01-01", until: str = "", **changed: Any) -> ServiceReport:
    department = changed.pop("department", "human_resources")
    values: dict[str, Any] = {"name": None, "department": department, "text": "index"}
    origin = Origin(department, f"service/{kind}/{since}")
    return ServiceReport(origin, kind=kind, since=Day(since), until=Day(until), **{**values, **changed})


def a_high_level_talent(*services: ServiceReport, talent: str = "t1", designation: Designation | None = None) -> Talent:
    it = Talent.new(talent)
    title = designation or a_designation()
    report = DesignationReport(an_origin("title"), None, title)
    it.report(report, None, Designated(title.kind, title.since))
    for service in services:
        it.report(service, None, PrivateChanged())
    return it
