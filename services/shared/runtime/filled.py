"""A command from the message that asks for it: their fields are named the same, so nobody writes the list twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

C = TypeVar("C", bound=msgspec.Struct)


def filled(kind: type[C], message: Any, **given: Any) -> C:
    """Every field of `kind` that is not `given` is the message's field of the same name.

    A field that the message lacks is a defect (AttributeError), found by the first call of any test of the command.
    """
    names, take = _taken(kind, frozenset(given))
    return kind(**dict(zip(names, take(message), strict=True)), **given)


@cache
def _taken(
    kind: type[msgspec.Struct], given: frozenset[str]
) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(name for name in kind.__struct_fields__ if name not in given)
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda message: tuple(getattr(message, name) for name in names)
