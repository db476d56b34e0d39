"""ProposeCases: pairs of talents with one name, birth and employer under two numbers become cases; also done daily."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import combinations

from services.registry.commands.correct import finish_corrections
from services.registry.domain.identity_case import CANDIDATE, IdentityCase, candidate_id
from services.registry.domain.talent import BY_MATCH, Talent
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Store

_KEYS_AT_ONCE = 100
# More of one name, birth and employer are no candidates but a mistake in what was reported.
_MOST_ALIKE = 20


async def propose_cases(*, store: Store, lanes: Lanes) -> int:
    """How many cases were opened. A pair that has a case, whatever became of it, gets no other."""
    opened, after = 0, ""
    while keys := await store.shared(Talent, view=BY_MATCH, after=after, limit=_KEYS_AT_ONCE):
        for key in keys:
            rows = await store.page(Talent, view=BY_MATCH, key=key, after="", limit=_MOST_ALIKE)
            opened += await _open_for([row.id for row in rows], store=store, lanes=lanes)
        after = keys[-1]
    return opened


async def _open_for(alike: list[str], *, store: Store, lanes: Lanes) -> int:
    pairs = {candidate_id(*pair): pair for pair in combinations(sorted(alike), 2)}
    known = await store.get_many(IdentityCase, list(pairs))
    missing = [case for case in pairs if not known[case].aggregate.exists]
    if not missing:
        return 0
    talents = await store.get_many(Talent, alike)
    for case in missing:
        one, other = (talents[talent].aggregate for talent in pairs[case])
        counties = one.counties() | other.counties()
        departments = {it.department for talent in (one, other) for it in talent.own_facts().affiliations}
        propose = partial(_propose, pair=pairs[case], departments=departments, counties=counties)
        await lanes.update(IdentityCase, case, propose, cause=None)
    return len(missing)


def _propose(case: IdentityCase, *, pair: tuple[str, str], departments: set[str], counties: set[str]) -> None:
    if not case.exists:
        case.open(
            talent=pair[0], other=pair[1], differing=CANDIDATE, departments=sorted(departments), counties=counties
        )


def identity_day(store: Store, lanes: Lanes) -> Callable[[Day], Awaitable[None]]:
    """What identity has to do once a day; a repeat does nothing."""

    async def on_day(_: Day) -> None:
        await propose_cases(store=store, lanes=lanes)
        await finish_corrections(store=store, lanes=lanes)

    return on_day
