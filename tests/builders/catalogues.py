"""Catalogues of wanted talents, and people's work and certificates as facts; valid by default."""

from __future__ import annotations

from typing import Any

from services.registry.commands.revise_catalogue import ReviseCatalogue
from services.registry.domain.catalogue import CatalogueRow
from services.registry.domain.reports import Affiliation, Certificate
from services.shared.kernel.dates import Day
from services.shared.kernel.principal import Principal
from tests.builders.registry import a_uscc

WANTED = (CatalogueRow("elderly_care", "assistant", 3), CatalogueRow("minors", "senior", 1))


def a_revise_catalogue(**changed: Any) -> ReviseCatalogue:
    values: dict[str, Any] = {
        "by": Principal("officer", frozenset({"officer"}), area="510100"),
        "area": "510100",
        "year": 2025,
        "rows": WANTED,
        "etag": "",
    }
    return ReviseCatalogue(**{**values, **changed})


def an_affiliation(since: str = "2018-03-01", until: str = "", **changed: Any) -> Affiliation:
    values: dict[str, Any] = {
        "id": "a1",
        "department": "civil_affairs",
        "organisation": a_uscc(),
        "role": "worker",
        "post": "",
        "field": "elderly_care",
        "place": "510104",
        "community_kind": "",
        "full_time": True,
        "practitioner": True,
        "principal": False,
    }
    return Affiliation(since=Day(since), until=Day(until), **{**values, **changed})


def a_certificate(
    level: str = "assistant", passed_on: str = "2019-06-16", granted_on: str = "", annulled_on: str = ""
) -> Certificate:
    return Certificate(level, "510000", Day(passed_on), Day(granted_on), Day(annulled_on))
