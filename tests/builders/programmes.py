"""Programmes, enrolments and what is recorded of them; valid by default."""

from __future__ import annotations

from typing import Any

from services.registry.commands.open_programme import OpenProgramme
from services.registry.commands.record_enrolment import ReportEnrolment
from services.registry.domain.programme import Opening, Pairing, Programme
from services.registry.domain.reports import EnrolmentReport
from services.shared.kernel.dates import Day
from services.shared.kernel.principal import Principal
from tests.builders.registry import PERSON, a_uscc, an_origin

PROGRAMME = "empowerment/510100/2024-1"
OFFICER = Principal("officer", frozenset({"officer"}), area="510100")


def an_open_programme(**changed: Any) -> OpenProgramme:
    values: dict[str, Any] = {
        "by": OFFICER,
        "kind": "empowerment",
        "area": "510100",
        "code": "2024-1",
        "name": "天府社工增能计划（2024年）",
        "region_type": "",
        "since": "2024-01-01",
        "until": "2025-01-01",
    }
    return OpenProgramme(**{**values, **changed})


def an_opening(**changed: Any) -> Opening:
    values: dict[str, Any] = {
        "kind": "empowerment",
        "name": "天府社工增能计划（2024年）",
        "area": "510100",
        "since": Day("2024-01-01"),
        "until": Day("2025-01-01"),
    }
    return Opening(**{**values, **changed})


def a_programme(programme: str = PROGRAMME, **changed: Any) -> Programme:
    it = Programme.new(programme)
    it.open(an_opening(**changed))
    return it


def a_pairing(since: str = "2024-02-01", until: str = "2024-06-01", **changed: Any) -> Pairing:
    values: dict[str, Any] = {"supporter": a_uscc(1), "supported": a_uscc(2)}
    return Pairing(since=Day(since), until=Day(until), **{**values, **changed})


def an_enrolment(record: str = "e1", *, revision: int = 1, system: str = "civil_affairs", **changed: Any) -> Any:
    values: dict[str, Any] = {"programme": PROGRAMME, "since": Day("2024-03-01"), "until": Day(""), "result": ""}
    return EnrolmentReport(an_origin(record, revision, system), None, **{**values, **changed})


def a_report_enrolment(**changed: Any) -> ReportEnrolment:
    values: dict[str, Any] = {
        "person": PERSON,
        "origin": an_origin("e1"),
        "department": "civil_affairs",
        "programme_id": PROGRAMME,
        "since": "2024-03-01",
        "until": "2024-06-01",
        "result": "passed",
    }
    return ReportEnrolment(**{**values, **changed})
