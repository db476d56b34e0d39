"""Roster entries and call-ups; valid by default."""

from __future__ import annotations

from typing import Any

from services.registry.commands.issue_call_up import IssueCallUp
from services.registry.commands.record_roster_entry import ReportRosterEntry
from services.registry.domain.call_up import CallUp, Mandate
from services.registry.domain.reports import RosterReport
from services.shared.kernel.dates import Day
from services.shared.kernel.principal import Principal
from tests.builders.registry import PERSON, an_origin


def a_roster_report(record: str = "r1", *, revision: int = 1, **changed: Any) -> RosterReport:
    values: dict[str, Any] = {"area": "510100", "since": Day("2024-01-01"), "until": Day("")}
    return RosterReport(an_origin(record, revision), None, **{**values, **changed})


def a_report_roster_entry(**changed: Any) -> ReportRosterEntry:
    values: dict[str, Any] = {
        "person": PERSON,
        "origin": an_origin("r1"),
        "department": "emergency_management",
        "area": "510100",
        "since": "2024-01-01",
        "until": "",
    }
    return ReportRosterEntry(**{**values, **changed})


def a_mandate(**changed: Any) -> Mandate:
    values: dict[str, Any] = {
        "department": "emergency_management",
        "area": "510104",
        "disaster": "泸定地震",
        "since": Day("2024-09-05"),
        "until": Day(""),
    }
    return Mandate(**{**values, **changed})


def a_call_up(*talents: str, **changed: Any) -> CallUp:
    call_up = CallUp.new("c1")
    call_up.issue(a_mandate(**changed), talents or ("t1", "t2"))
    return call_up


def an_issue_call_up(**changed: Any) -> IssueCallUp:
    values: dict[str, Any] = {
        "by": Principal("officer", frozenset(), area="510100", department="emergency_management"),
        "request_id": "q1",
        "department": "emergency_management",
        "area": "510104",
        "disaster": "泸定地震",
        "since": "2024-09-05",
        "until": "",
    }
    return IssueCallUp(**{**values, **changed})
