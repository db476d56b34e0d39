"""Unified social credit codes (统一社会信用代码, GB 32100): how every service names an organisation."""

from __future__ import annotations

import re
from functools import lru_cache

from services.shared.kernel.area import PROVINCES
from services.shared.kernel.errors import FieldMissing, Invalid

_PROVINCES = PROVINCES | {"10"}  # 10: registered with a ministry
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SHAPE = re.compile(f"[{_ALPHABET}]{{18}}").fullmatch
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_INNER_CHECKS = "0X987654321"


class UsccInvalid(Invalid):
    reason = "USCC_INVALID"
    zh, en = "统一社会信用代码无效", "Not a valid unified social credit code (GB 32100)"
    fix_zh, fix_en = "请核对统一社会信用代码", "Check the code against the certificate"


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
    if not _SHAPE(code) or code[2:4] not in _PROVINCES:
        return False
    total = sum(weight * _VALUES[character] for weight, character in zip(_WEIGHTS, code, strict=False))
    return _ALPHABET[(31 - total % 31) % 31] == code[17] and _inner_check(code[8:16]) == code[16]


def _inner_check(inner: str) -> str:
    total = sum(weight * int(character, 36) for weight, character in zip(_INNER_WEIGHTS, inner, strict=True))
    return _INNER_CHECKS[total % 11]
