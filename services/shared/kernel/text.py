"""Checks of text fields that every command shares."""

from __future__ import annotations

import re
from collections.abc import Collection

from services.shared.kernel.errors import (
    CodeUnknown,
    FieldMissing,
    FieldTooLong,
    Invalid,
)

LONGEST_NAME = 200
LONGEST_ID = 128
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*").fullmatch


class IdMalformed(Invalid):
    reason = "ID_MALFORMED"
    zh, en = "编号含有不允许的字符", "An id holds characters that are not allowed"
    fix_zh, fix_en = (
        "只用字母、数字和 . _ : / -",
        "Use letters, digits and . _ : / - only",
    )


def name(value: str, *, field: str, required: bool = True, longest: int = LONGEST_NAME) -> str:
    """Free text of one line, trimmed."""
    trimmed = value.strip()
    if not trimmed and required:
        raise FieldMissing(field=field)
    if len(trimmed) > longest:
        raise FieldTooLong(field=field, longest=longest)
    return trimmed


def identifier(value: str, *, field: str, required: bool = True) -> str:
    if not value:
        if required:
            raise FieldMissing(field=field)
        return ""
    if len(value) > LONGEST_ID:
        raise FieldTooLong(field=field, longest=LONGEST_ID)
    if not _ID(value):
        raise IdMalformed(field=field)
    return value


def code(value: str, table: Collection[str], *, field: str, required: bool = True) -> str:
    """A code of a code table."""
    if value in table:
        return value
    if not value:
        if required:
            raise FieldMissing(field=field)
        return ""
    if len(value) > LONGEST_ID:
        raise FieldTooLong(field=field, longest=LONGEST_ID)
    raise CodeUnknown(field=field, code=value)
