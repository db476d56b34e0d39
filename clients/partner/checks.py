"""What is plainly wrong is found before it is sent, under the codes that the platform would refuse it with.

The platform checks everything again and more: code tables, areas, scope, the rules of each field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from operator import mul
from typing import Any, NamedTuple

# Code → what it means and what to do, in Chinese and English.
TEXTS = {
    "FIELD_MISSING": ("缺少必填字段，请补充", "a required field is missing: fill it in"),
    "FIELD_TOO_LONG": ("字段过长，请缩短", "too long: shorten it"),
    "ID_MALFORMED": ("编号只能含字母、数字和 . _ : / -", "an id holds letters, digits and . _ : / - only"),
    "REVISION_INVALID": ("版本号应为不小于1的整数", "a revision is a whole number from 1"),
    "DATE_INVALID": ("日期应为有效的 YYYY-MM-DD", "a date is a calendar date YYYY-MM-DD"),
    "INTERVAL_REVERSED": ("结束日期应晚于开始日期", "the end must lie after the start"),
    "AREA_UNKNOWN": ("行政区划代码应为6、9或12位数字", "an area code has 6, 9 or 12 digits"),
    "AMOUNT_INVALID": ("金额或数量应为正整数（金额以分为单位）", "a positive whole number (money in fen)"),
    "ID_NUMBER_INVALID": ("身份证号码无效，请核对", "not a valid resident ID number: check it against the document"),
    "USCC_INVALID": ("统一社会信用代码应为18位，请核对", "a unified social credit code has 18 characters: check it"),
    "COLUMN_UNKNOWN": ("没有这一列，请对照字段名", "no such column: compare with the field names"),
    "REVISION_REUSED": (
        "同一编号和版本号已用于其他内容，更正时请提高版本号",
        "this record id and revision is used for other content: raise the revision to correct it",
    ),
    "VALUE_INVALID": ("内容不符合该字段的类型", "not a value of this field's type"),
}


class Fault(NamedTuple):
    code: str
    field: str

    def __str__(self) -> str:
        zh, en = TEXTS[self.code]
        return f"{self.code} {self.field}: {zh} / {en}"


class RecordInvalid(ValueError):
    """The record was not sent; `faults` names every field that is wrong, by the platform's codes."""

    def __init__(self, record_id: str, faults: Iterable[Fault]) -> None:
        self.record_id = record_id
        self.faults = tuple(faults)
        super().__init__(f"record {record_id}: " + "; ".join(map(str, self.faults)))


class Rules(NamedTuple):
    """What is checked of one record type; names are those of the builder's arguments."""

    required: tuple[str, ...]
    days: tuple[str, ...] = ()
    intervals: tuple[tuple[str, str], ...] = ()
    areas: tuple[str, ...] = ()
    usccs: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    # Both are given, or neither.
    together: tuple[tuple[str, str], ...] = ()
    # ID numbers with blanks between them.
    lists: tuple[str, ...] = ()


LONGEST_TEXT = 1000
LONGEST_ID = 128
LONGEST_LIST = 5_000
_record_id = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*").fullmatch
_area = re.compile(r"\d{6}(?:\d{3}){0,2}", re.ASCII).fullmatch
_uscc = re.compile(r"\s*[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{18}\s*").fullmatch
_sha256 = re.compile(r"[0-9a-fA-F]{64}").fullmatch
_id_number = re.compile(r"\d{15}|\d{17}[\dX]", re.ASCII).fullmatch
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_OLD_LENGTH = 15
_ID_NUMBER = ("id_number",)
_MOST = 2**63


def faults_of(rules: Rules, fields: Mapping[str, Any]) -> list[Fault]:
    """Everything wrong with one record; mostly an empty list."""
    found = _head_faults(fields)
    get = fields.get
    for name in rules.required:
        value = get(name)
        if not value and value is not False:
            found.append(Fault("FIELD_MISSING", name))
    for names, code, right in (
        (rules.days, "DATE_INVALID", is_day),
        (rules.areas, "AREA_UNKNOWN", _area),
        (rules.usccs, "USCC_INVALID", _uscc),
        (rules.hashes, "VALUE_INVALID", _sha256),
        (_ID_NUMBER, "ID_NUMBER_INVALID", is_id_number),
    ):
        for name in names:
            if (value := get(name)) and not right(value):
                found.append(Fault(code, name))
    found += [Fault("AMOUNT_INVALID", name) for name in rules.amounts if not 0 <= get(name, 0) < _MOST]
    _compare(rules, get, found)
    for name, value in fields.items():
        if name in rules.lists:
            found += _list_faults(name, value)
        elif value.__class__ is str and len(value) > LONGEST_TEXT:
            found.append(Fault("FIELD_TOO_LONG", name))
    return found


def _compare(rules: Rules, get: Callable[..., Any], found: list[Fault]) -> None:
    for first, second in rules.together:
        if bool(get(first)) != bool(get(second)):
            found.append(Fault("FIELD_MISSING", second if get(first) else first))
    for start, end in rules.intervals:
        if "" < get(end, "") <= get(start, ""):
            found.append(Fault("INTERVAL_REVERSED", end))


def _list_faults(name: str, value: str) -> list[Fault]:
    numbers = value.split()
    if len(numbers) > LONGEST_LIST:
        return [Fault("FIELD_TOO_LONG", name)]
    return [] if all(map(is_id_number, numbers)) else [Fault("ID_NUMBER_INVALID", name)]


def _head_faults(fields: Mapping[str, Any]) -> list[Fault]:
    record_id = fields.get("record_id", "")
    found = []
    if not record_id:
        found.append(Fault("FIELD_MISSING", "record_id"))
    elif len(record_id) > LONGEST_ID:
        found.append(Fault("FIELD_TOO_LONG", "record_id"))
    elif not _record_id(record_id):
        found.append(Fault("ID_MALFORMED", "record_id"))
    if not 0 < fields.get("revision", 1) < _MOST:
        found.append(Fault("REVISION_INVALID", "revision"))
    return found


@lru_cache(maxsize=32768)
def is_day(text: str) -> bool:
    if len(text) != len("YYYY-MM-DD"):
        return False
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_id_number(text: str) -> bool:
    """Shape and check character (GB 11643); old numbers of 15 digits have none."""
    number = text.strip().upper()
    if not _id_number(number):
        return False
    if len(number) == _OLD_LENGTH:
        return True
    return _CHECK[sum(map(mul, _WEIGHTS, map(int, number[:17]))) % 11] == number[17]
