"""ListCases, GetCase, ListCorrections: what waits for a person, and the two sides of a case, masked."""

from __future__ import annotations

import msgspec

from services.registry.domain.combine import TalentFacts
from services.registry.domain.correction import Correction
from services.registry.domain.identity_case import TO_DO, IdentityCase
from services.registry.domain.reach import must_reach_one
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.paging import Page, page_after, page_limit, page_of
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal


class Side(msgspec.Struct, frozen=True):
    """One talent of a case, as if never merged, without anything that names the person."""

    talent_id: str
    masked_names: tuple[str, ...]
    facts: TalentFacts
    moved_to: str
    etag: str
    # Keyed pseudonyms, for comparing only.
    names: frozenset[str]
    phones: frozenset[str]

    def seen(self) -> dict[str, object]:
        facts = self.facts
        return {
            "name": self.names,
            "phone": self.phones,
            "birth_band": facts.birth_band,
            "home_county": facts.home_county,
            "organisations": {it.organisation for it in facts.affiliations},
            "departments": {it.department for it in facts.affiliations},
            "certificates": facts.certificates,
        }


async def waiting(
    kind: type[IdentityCase | Correction], subtree: str, *, size: int, token: str, by: Principal, store: Store
) -> Page:
    """By ascending id, so that nothing that waits throughout is skipped or doubled. Raises OUTSIDE_SCOPE."""
    code = area(subtree or by.area, field="area", levels=(COUNTY,))
    by.must_reach(code, field="area")
    limit, scope = page_limit(size), f"{kind.kind}/{code}"
    rows = await store.page(kind, view=TO_DO, key=code, after=page_after(token, scope=scope), limit=limit)
    return page_of(rows, limit=limit, scope=scope)


async def get_case(case_id: str, *, by: Principal, store: Store) -> tuple[IdentityCase, list[Side], list[str]]:
    """The case, its sides, and what differs between them."""
    key = text.identifier(case_id, field="case_id")
    case = (await store.get_many(IdentityCase, [key]))[key].aggregate
    case.must_exist()
    must_reach_one(by, case.state.counties, field="case_id")
    ids = [it for it in (case.state.talent, case.state.other) if it]
    found = await store.get_many(Talent, ids)
    sides = [_side(found[it].aggregate) for it in ids]
    first, last = sides[0].seen(), sides[-1].seen()
    return case, sides, [name for name, value in first.items() if value != last[name]]


def _side(talent: Talent) -> Side:
    identities = talent.state.identities
    return Side(
        talent.id,
        tuple(it.masked for it in identities),
        talent.own_facts(),
        talent.moved_to,
        str(talent.version),
        frozenset(it.name_index for it in identities),
        frozenset(it.phone_index for it in identities if it.phone_index),
    )
