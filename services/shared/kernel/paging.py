"""Pages by ascending immutable id: rows that are there throughout are neither skipped nor doubled by writes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec

from services.shared.kernel.errors import Invalid
from services.shared.kernel.ports import Row

USUAL, MOST = 100, 500


class PageSizeInvalid(Invalid):
    reason = "PAGE_SIZE_INVALID"
    zh, en = "每页条数无效", f"A page holds 1 to {MOST} rows"


class PageTokenInvalid(Invalid):
    reason = "PAGE_TOKEN_INVALID"
    zh, en = "翻页标记无效", "The page token is not one of this query"
    fix_zh, fix_en = "请从第一页重新查询", "Start again without a token"


class Page(msgspec.Struct, frozen=True):
    """`next_token` is opaque and "" on the last page."""

    rows: Sequence[Row]
    next_token: str


def page_limit(size: int) -> int:
    if not 0 <= size <= MOST:
        raise PageSizeInvalid(field="page_size", size=size)
    return size or USUAL


def page_after(token: str, *, scope: str) -> str:
    """The id that the page starts after; a token of another query (`scope`) is refused."""
    if not token:
        return ""
    try:
        of, after = msgspec.json.decode(base64.urlsafe_b64decode(token.encode()), type=tuple[str, str])
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise PageTokenInvalid(field="page_token") from None
    if of != scope:
        raise PageTokenInvalid(field="page_token")
    return after


def token_after(last: str, *, scope: str) -> str:
    """The token of the page that starts after `last`."""
    return base64.urlsafe_b64encode(msgspec.json.encode((scope, last))).decode()


def page_of(rows: Sequence[Row], *, limit: int, scope: str) -> Page:
    """A page that may be followed by another one when it is full."""
    if len(rows) < limit:
        return Page(rows, "")
    return Page(rows, token_after(rows[-1].id, scope=scope))
