"""Valid by default; a test overrides what it is about. Agencies of area 519999 do not exist."""

from __future__ import annotations

from typing import Any

import msgspec

from services.funding.commands.appropriate import Appropriate
from services.funding.commands.sign_contract import PlannedMilestone, SignContract
from services.funding.domain.budget_line import BudgetLine, LineTerms
from services.funding.domain.contract import ContractTerms, Leg, Milestone
from services.shared.kernel.dates import Day
from services.shared.kernel.money import Fen, yuan
from services.shared.kernel.principal import Principal

TODAY = Day("2025-06-30")
COUNTY, OTHER_COUNTY = "510104", "510703"
LINE = "2025/civil_affairs/social-work"
PROVIDER, OTHER_PROVIDER = "52519999000000019J", "52519999000000027D"
OFFICER = Principal("officer-510104", frozenset({"officer"}), area=COUNTY)
LINE_TERMS = LineTerms(2025, "county", "civil_affairs", COUNTY, "购买社会工作服务", "annual")


def a_line(*, appropriated: int = 0, earmarks: dict[str, int] | None = None) -> BudgetLine:
    """Amounts in fen; earmarks by reference. Nothing pending."""
    line = BudgetLine.new(LINE)
    if appropriated:
        line.appropriate(LINE_TERMS, reference="budget-2025", fen=Fen(appropriated), on=Day("2025-01-10"))
    for reference, fen in (earmarks or {}).items():
        line.earmark(reference=reference, fen=Fen(fen), on=Day("2025-02-01"))
    line.pending.clear()
    return line


def some_terms(*, earmark: str = "", value: int = yuan(90_000), **changed: Any) -> ContractTerms:
    first = value // 2
    terms = ContractTerms(
        purchaser="civil_affairs",
        area=COUNTY,
        provider=PROVIDER,
        title="乡镇社会工作服务站运营",
        value=Fen(value),
        signed_on=Day("2025-03-01"),
        since=Day("2025-04-01"),
        until=Day("2026-04-01"),
        legs=(Leg(LINE, earmark, Fen(value)),),
        milestones=(
            Milestone("m1", "中期评估", Day("2025-10-01"), Fen(first)),
            Milestone("m2", "末期评估", Day("2026-04-15"), Fen(value - first)),
        ),
    )
    return msgspec.structs.replace(terms, **changed)


def an_appropriate(**changed: Any) -> Appropriate:
    values: dict[str, Any] = {
        "by": OFFICER,
        "line": LINE,
        "fiscal_year": 2025,
        "source": "county",
        "owner": "civil_affairs",
        "area": COUNTY,
        "purpose": "购买社会工作服务",
        "basis": "annual",
        "fen": yuan(100_000),
        "reference": "budget-2025",
        "on": "2025-01-10",
    }
    return Appropriate(**{**values, **changed})


def a_sign_contract(**changed: Any) -> SignContract:
    values: dict[str, Any] = {
        "by": OFFICER,
        "request_id": "r-1",
        "line": LINE,
        "earmark": "e-1",
        "purchaser": "civil_affairs",
        "area": COUNTY,
        "provider": PROVIDER,
        "title": "乡镇社会工作服务站运营",
        "value": yuan(90_000),
        "signed_on": "2025-03-01",
        "since": "2025-04-01",
        "until": "2026-04-01",
        "milestones": [
            a_milestone(id="m1", due="2025-10-01", fen=yuan(45_000)),
            a_milestone(id="m2", due="2026-04-15", fen=yuan(45_000)),
        ],
    }
    return SignContract(**{**values, **changed})


def a_milestone(**changed: Any) -> PlannedMilestone:
    values: dict[str, Any] = {"id": "m1", "title": "评估", "due": "2025-10-01", "fen": yuan(90_000)}
    return PlannedMilestone(**{**values, **changed})
