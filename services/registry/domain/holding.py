"""Which posts a person holds and when, split where recognition as a professional begins or ends."""

from __future__ import annotations

from collections.abc import Sequence

from services.registry.domain.organisation import Holder
from services.shared.kernel.dates import Day, split


def held_posts(
    talent: str, posts: Sequence[tuple[str, str, str, str]], recognised: Sequence[tuple[str, str]]
) -> dict[str, tuple[tuple[str, Holder], ...]]:
    """Organisation → entries (post, holder), from affiliations (organisation, post, since, until)."""
    held: dict[str, list[tuple[str, Holder]]] = {}
    for organisation, post, since, until in posts:
        for start, end, professional in split((Day(since), Day(until)), recognised):
            held.setdefault(organisation, []).append((post, Holder(talent, professional, start, end)))
    return {organisation: tuple(entries) for organisation, entries in held.items()}
