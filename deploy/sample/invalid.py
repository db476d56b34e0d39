"""Records that must be refused: one thing wrong in each, with the reason code that has to come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from deploy.sample.organisations import uscc
from deploy.sample.people import People
from deploy.sample.record import Record

# Persons and organisations of their own, so that a refused record has no good neighbour.
_FIRST_PERSON = 1_000_000
_FIRST_ORGANISATION = 900_000
_MOST_PERSONS = 1_000_000

Change = dict[str, Any]


class _Flaw(NamedTuple):
    """What makes a valid record of `type` invalid: other fields, or other personal data made from the valid ones."""

    reason: str
    type: str = "talent"
    partner: str = "womens_federation"
    fields: Change = {}  # noqa: RUF012 - never changed
    personal: Callable[[dict[str, str]], dict[str, str]] | None = None


def _other_check_digit(it: dict[str, str]) -> dict[str, str]:
    number = it["id_number"]
    return {"id_number": number[:17] + ("0" if number[17] != "0" else "1")}


def _thirteenth_month(it: dict[str, str]) -> dict[str, str]:
    return {"id_number": f"{it['id_number'][:10]}13{it['id_number'][12:]}"}


FLAWS = (
    _Flaw("ID_NUMBER_INVALID", personal=_other_check_digit),
    _Flaw("ID_NUMBER_INVALID", personal=_thirteenth_month),
    _Flaw("AREA_UNKNOWN", fields={"place": "519998"}),
    _Flaw("OUTSIDE_SCOPE", partner="civil_affairs-510700", fields={"place": "510104"}),
    _Flaw("INTERVAL_REVERSED", fields={"since": "2019-05-01", "until": "2019-05-01"}),
    _Flaw("DATE_INVALID", fields={"since": "2019-02-30"}),
    _Flaw("DATE_IN_FUTURE", fields={"since": "2199-01-01"}),
    _Flaw("CODE_UNKNOWN", fields={"role": "wizard"}),
    _Flaw("CODE_UNKNOWN", fields={"field": "astrology"}),
    _Flaw("FIELD_MISSING", fields={"field": ""}),
    _Flaw("FIELD_MISSING", personal=lambda _: {"name": ""}),
    _Flaw("FIELD_TOO_LONG", personal=lambda it: {"name": it["name"] * 40}),
    _Flaw("PHONE_INVALID", personal=lambda _: {"phone": "unknown"}),
    _Flaw("USCC_INVALID", fields={"organisation": "525199990000000000"}),
    _Flaw("AMOUNT_INVALID", fields={"pay_year": 2020, "pay_fen": -1}),
    _Flaw("ID_MALFORMED", fields={"post": "one post"}),
    _Flaw("COMMUNITY_KIND_CONTRADICTS_PLACE", fields={"community_kind": "rural"}),
    _Flaw("NOT_AN_EXAM_AUTHORITY", type="exam_pass"),
    _Flaw(
        "GRANTED_ON_WITHOUT_REVIEW", type="exam_pass", partner="human_resources", fields={"granted_on": "2020-09-01"}
    ),
    _Flaw("AREA_UNKNOWN", type="organisation", partner="civil_affairs", fields={"county": "519998"}),
    _Flaw("INTERVAL_REVERSED", type="organisation", partner="civil_affairs", fields={"closed_on": "2001-01-01"}),
    _Flaw("CODE_UNKNOWN", type="designation", partner="civil_affairs", fields={"grantor_level": "galactic"}),
)


def invalid_record(number: int, people: People) -> tuple[Record, str]:
    """The `number`-th invalid record and the reason by which it must be refused."""
    flaw = FLAWS[number % len(FLAWS)]
    person = _FIRST_PERSON + number % _MOST_PERSONS
    identity = people.identity(person)
    personal: dict[str, str]
    if flaw.type == "organisation":
        personal, fields = {}, _organisation(number)
    elif flaw.type == "exam_pass":
        personal, fields = {**identity, "number": f"SX{number:09d}"}, dict(_PASS)
    elif flaw.type == "designation":
        personal, fields = identity, dict(_DESIGNATION)
    else:
        personal, fields = identity, _talent(number)
    fields.update(flaw.fields)
    if flaw.personal:
        personal.update(flaw.personal(identity))
    return Record(flaw.partner, flaw.type, f"invalid-{number:06d}", 1, personal, fields), flaw.reason


def _talent(number: int) -> Change:
    return {
        "as_of": "2020-12-01",
        "home_county": "510104",
        "organisation": uscc("52", _FIRST_ORGANISATION + number % 90_000),
        "role": "worker",
        "post": "",
        "field": "family",
        "place": "510703",
        "community_kind": "",
        "full_time": True,
        "practitioner": True,
        "principal": True,
        "since": "2019-05-01",
        "until": "",
        "recognised_ground": "department",
        "recognised_since": "2019-05-01",
        "recognised_until": "",
        "pay_year": 0,
        "pay_fen": 0,
    }


def _organisation(number: int) -> Change:
    return {
        "uscc": uscc("52", _FIRST_ORGANISATION + number % 90_000),
        "name": "样例机构",
        "kind": "private_agency",
        "service_kind": "",
        "civil_affairs": False,
        "county": "510303",
        "registered_on": "2021-06-01",
        "closed_on": "",
        "grade": "",
    }


_PASS: Change = {
    "level": "assistant",
    "passed_on": "2019-08-20",
    "granted_on": "",
    "issuing_province": "510000",
    "home_county": "510104",
}
_DESIGNATION: Change = {
    "kind": "practice_supervisor",
    "grade": "",
    "grantor_level": "province",
    "since": "2020-05-01",
    "until": "",
}
