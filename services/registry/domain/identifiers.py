"""Resident ID numbers (GB 11643) and unified social credit codes (GB 32100)."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from services.shared.kernel.dates import Day
from services.shared.kernel.errors import FieldMissing, Invalid

_ID_15 = re.compile(r"\d{15}", re.ASCII).fullmatch
_ID_18 = re.compile(r"\d{17}[\dX]", re.ASCII).fullmatch
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
EARLIEST_BIRTH = "1850-01-01"

_CODE_PROVINCES = _PROVINCES | {"10"}  # 10: registered with a ministry
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(f"[{_USCC_ALPHABET}]{{18}}").fullmatch
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_USCC_VALUES = {character: value for value, character in enumerate(_USCC_ALPHABET)}
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class IdNumberInvalid(Invalid):
    reason = "ID_NUMBER_INVALID"
    zh, en = "身份证号码无效", "Not a valid resident ID number (GB 11643)"
    fix_zh, fix_en = "请核对身份证号码", "Check the number against the document"


class UsccInvalid(Invalid):
    reason = "USCC_INVALID"
    zh, en = "统一社会信用代码无效", "Not a valid unified social credit code (GB 32100)"
    fix_zh, fix_en = "请核对统一社会信用代码", "Check the code against the certificate"


def _id_check(first_17: str) -> str:
    return _ID_CHECK[
        sum(
            weight * int(digit)
            for weight, digit in zip(_ID_WEIGHTS, first_17, strict=True)
        )
        % 11
    ]


def id_number(text: str, *, field: str, today: Day) -> str:
    """The 18 characters of a valid number born not after `today`; 15 digits are upgraded, a lower-case x is raised."""
    number = text.strip().upper()
    if not number:
        raise FieldMissing(field=field)
    if _ID_15(number):
        number = f"{number[:6]}19{number[6:]}"
        number += _id_check(number)
    if not is_id_number(number, today=today):
        raise IdNumberInvalid(field=field)
    return number


def is_id_number(number: str, *, today: Day) -> bool:
    """Judges the raw characters. The province must exist; an area within it may have been abolished since."""
    if (
        not _ID_18(number)
        or number[:2] not in _PROVINCES
        or _id_check(number[:17]) != number[17]
    ):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return EARLIEST_BIRTH <= born.isoformat() <= today


def uscc(text: str, *, field: str, required: bool = True) -> str:
    """The 18 characters of a valid code, with the check of its inner organisation code (GB 11714)."""
    code = text.strip().upper()
    if not code:
        if required:
            raise FieldMissing(field=field)
        return ""
    if not is_uscc(code):
        raise UsccInvalid(field=field)
    return code


@lru_cache(maxsize=65536)
def is_uscc(code: str) -> bool:
    """Judges the raw characters."""
    if not _USCC(code) or code[2:4] not in _CODE_PROVINCES:
        return False
    total = sum(
        weight * _USCC_VALUES[character]
        for weight, character in zip(_USCC_WEIGHTS, code, strict=False)
    )
    return (
        _USCC_ALPHABET[(31 - total % 31) % 31] == code[17]
        and _org_check(code[8:16]) == code[16]
    )


def _org_check(inner: str) -> str:
    total = sum(
        weight * int(character, 36)
        for weight, character in zip(_ORG_WEIGHTS, inner, strict=True)
    )
    return "0X987654321"[total % 11]
