"""Resident ID numbers (GB 11643)."""

from __future__ import annotations

import re
from operator import mul

from services.shared.kernel.area import PROVINCES
from services.shared.kernel.dates import Day, is_calendar_day
from services.shared.kernel.errors import FieldMissing, Invalid

# Digits and X as Chinese keyboards type them; no other character is taken for a digit.
_FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF38: "X"}
_ID_15 = re.compile(r"\d{15}", re.ASCII).fullmatch
_ID_18 = re.compile(r"\d{17}[\dX]", re.ASCII).fullmatch
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_OFFSET = 48 * sum(_ID_WEIGHTS)
_ID_CHECK = "10X98765432"
EARLIEST_BIRTH = "1850-01-01"


class IdNumberInvalid(Invalid):
    reason = "ID_NUMBER_INVALID"
    zh, en = "身份证号码无效", "Not a valid resident ID number (GB 11643)"
    fix_zh, fix_en = "请核对身份证号码", "Check the number against the document"


def _id_check(first_17: str) -> str:
    """Of ASCII digits; their codes are 48 more than their values."""
    return _ID_CHECK[(sum(map(mul, _ID_WEIGHTS, first_17.encode())) - _ID_OFFSET) % 11]


def id_number(text: str, *, field: str, today: Day) -> str:
    """The 18 characters of a valid number born not after `today`; 15 digits are upgraded, a lower-case x is raised,
    full-width forms are made plain.
    """
    number = text.strip().upper()
    if not number.isascii():
        number = number.translate(_FULL_WIDTH)
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
    if not _ID_18(number) or number[:2] not in PROVINCES or _id_check(number[:17]) != number[17]:
        return False
    born = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    return EARLIEST_BIRTH <= born <= today and is_calendar_day(born)
