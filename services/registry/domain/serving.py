"""What departments do for high-level talents (高层次人才联系服务; plan §3.1, §6.3): for whom, and at what time."""

from __future__ import annotations

from collections.abc import Sequence

from services.registry.domain.combine import TalentFacts
from services.registry.domain.reports import Designation, ServiceReport
from services.registry.domain.talent import Talent
from services.shared.kernel.dates import Day, holds
from services.shared.kernel.errors import IntervalReversed, NotFound, RuleBroken

# View of talents who ever held such a designation, by county and the areas above it.
BY_HIGH_LEVEL = "high-level"
# Whom the plan wants served: 高层次人才, 领军人才 (inferred).
SERVED = frozenset({"high_level", "leading"})


class NotHighLevel(RuleBroken):
    reason = "NOT_A_HIGH_LEVEL_TALENT"
    zh, en = "此人当日不是高层次人才", "Not a high-level talent on that day"
    fix_zh, fix_en = "请先登记其高层次或领军人才称号", "Record the designation first"


class ServiceOverlaps(RuleBroken):
    reason = "SERVICE_OVERLAPS"
    zh, en = "本部门该项服务在该时段已登记", "The department offers this at that time already"
    fix_zh, fix_en = "请先结束原有服务", "End the one before first"


class ServiceNotFound(NotFound):
    reason = "SERVICE_NOT_FOUND"
    zh, en = "没有此项服务", "The department offered no such service on that day"


def designated(facts: TalentFacts, on: Day) -> list[Designation]:
    """The designations by which somebody is a high-level talent on the day."""
    return [it for it in facts.designations if it.kind in SERVED and holds(it.since, it.until, on)]


def services_of(talent: Talent) -> Sequence[ServiceReport]:
    """Whatever was offered to the person, under any number, by its first day; what is told of this number wins."""
    found = {
        (it.since, it.department, it.kind): it
        for it in (*talent.all_reports, *talent.state.reports)
        if isinstance(it, ServiceReport)
    }
    return [found[key] for key in sorted(found)]


def must_be_offerable(talent: Talent, report: ServiceReport) -> None:
    """Raises NOT_A_HIGH_LEVEL_TALENT; SERVICE_OVERLAPS, but for the same service told again."""
    if not designated(talent.facts(), report.since):
        raise NotHighLevel(field="since", since=report.since)
    for held in services_of(talent):
        if held.origin == report.origin or (held.department, held.kind) != (report.department, report.kind):
            continue
        if (not held.until or report.since < held.until) and (not report.until or held.since < report.until):
            raise ServiceOverlaps(field="since", since=held.since, until=held.until)


def ended(talent: Talent, *, department: str, kind: str, since: Day, until: Day) -> ServiceReport:
    """The report that ends a service in place of the one offering it. Raises SERVICE_NOT_FOUND, INTERVAL_REVERSED."""
    if until <= since:
        raise IntervalReversed(field="until", since=since, until=until)
    for held in services_of(talent):
        if (held.department, held.kind, held.since) == (department, kind, since):
            return ServiceReport(held.origin, held.name, department, kind, held.text, since, until)
    raise ServiceNotFound(field="since", department=department, kind=kind, since=since)
