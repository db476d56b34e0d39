"""Valid by default; a test overrides what it is about. Fictitious people: area 519999 does not exist."""

from __future__ import annotations

import hashlib
from typing import Any

from services.registry.commands.record_pass import RecordPass
from services.registry.commands.record_talent import RecordTalent
from services.registry.domain.organisation import Holder, PostReport, Registration
from services.registry.domain.person import Person
from services.shared.kernel.dates import Day
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import partner

TODAY = Day("2026-11-24")
PERSON = Person("李明", "519999199602290050", "013900000001")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class PlainKeys:
    """A KeyRing of the shape of the real one, readable in a failing test; protects nothing."""

    def blind_index(self, purpose: str, value: str) -> str:
        return hashlib.sha256(f"{purpose}/{value}".encode()).hexdigest()[:32]

    def seal(self, *, origin: str, fields: dict[str, str]) -> bytes:
        return hashlib.sha256(repr((origin, sorted(fields.items()))).encode()).digest()

    def unseal(self, sealed: bytes, *, origin: str) -> dict[str, str]:
        raise AssertionError("nothing is read back in these tests")


KEYS = PlainKeys()


def an_id_number(born: str = "19900101", sequence: int = 1) -> str:
    first = f"519999{born}{sequence:03d}"
    return first + "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, first, strict=True)) % 11]


def a_uscc(number: int = 1) -> str:
    """A valid invented code of area 519999."""
    inner = f"{number:08d}"
    inner += "0X987654321"[sum(w * int(d) for w, d in zip((3, 7, 9, 10, 5, 8, 4, 2), inner, strict=True)) % 11]
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    first = f"52519999{inner}"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    return first + alphabet[(31 - sum(w * alphabet.index(c) for w, c in zip(weights, first, strict=True)) % 31) % 31]


AGENCY = a_uscc()


def an_origin(record_id: str = "r1", revision: int = 1, system: str = "civil_affairs") -> Origin:
    return Origin(system, record_id, revision)


def a_record_talent(**changed: Any) -> RecordTalent:
    values: dict[str, Any] = {
        "person": PERSON,
        "by": partner("civil_affairs"),
        "origin": an_origin(),
        "department": "civil_affairs",
        "as_of": "2020-12-31",
        "home_county": "510104",
        "organisation": a_uscc(),
        "role": "worker",
        "post": "",
        "field": "elderly_care",
        "place": "510104",
        "community_kind": "",
        "full_time": True,
        "practitioner": True,
        "principal": True,
        "since": "2018-03-01",
        "until": "",
        "recognised_ground": "training",
        "recognised_since": "2019-06-01",
        "recognised_until": "",
        "pay_year": 2020,
        "pay_fen": 4_200_000,
    }
    return RecordTalent(**{**values, **changed})


def a_record_pass(**changed: Any) -> RecordPass:
    values: dict[str, Any] = {
        "person": PERSON,
        "origin": an_origin("p1", system="human_resources"),
        "department": "human_resources",
        "level": "assistant",
        "passed_on": "2019-06-16",
        "granted_on": "",
        "issuing_province": "510000",
        "number": "",
        "home_county": "510104",
    }
    return RecordPass(**{**values, **changed})


def a_registration(**changed: Any) -> Registration:
    values: dict[str, Any] = {
        "origin": an_origin("o1"),
        "name": "天府社工服务中心",
        "kind": "private_agency",
        "service_kind": "",
        "civil_affairs": False,
        "county": "510104",
        "registered_on": Day("2015-01-01"),
        "closed_on": Day(""),
        "grade": "3A",
    }
    return Registration(**{**values, **changed})


def a_post(post: str = "post-1", **changed: Any) -> PostReport:
    values: dict[str, Any] = {
        "origin": an_origin(f"post/{post}"),
        "post": post,
        "title": "社工",
        "field": "elderly_care",
        "created_on": Day("2017-01-01"),
        "closed_on": Day(""),
    }
    return PostReport(**{**values, **changed})


def a_holder(**changed: Any) -> Holder:
    values: dict[str, Any] = {"talent": "t1", "professional": True, "since": Day("2018-01-01"), "until": Day("")}
    return Holder(**{**values, **changed})
