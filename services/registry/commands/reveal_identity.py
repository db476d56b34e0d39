"""RevealIdentity: show who a talent is, to somebody who says what for; answered only once that is on record."""

from __future__ import annotations

from functools import partial

import msgspec

from services.registry.domain import codes
from services.registry.domain.access_log import AccessLog, Look
from services.registry.domain.person import Person
from services.registry.domain.reach import must_reach_own
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.dates import instant
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.kernel.principal import Principal


class RevealIdentity(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    purpose: str
    method: str
    by: Principal


async def reveal_identity(
    cmd: RevealIdentity, *, store: Store, lanes: Lanes, keys: KeyRing, clock: Clock
) -> list[Person]:
    """The identities that departments reported, of all numbers of a merged person; none once erased. Every call is a
    look of its own.
    """
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    purpose = text.code(cmd.purpose, codes.REVEAL_PURPOSES, field="purpose")
    talent = (await store.get_many(Talent, [talent_id]))[talent_id].aggregate
    must_reach_own(talent, cmd.by)
    look = Look(cmd.by.name, cmd.by.department, purpose, cmd.method, instant(clock.now()))
    await lanes.update(AccessLog, talent_id, partial(AccessLog.look, look=look), cause=None)
    numbers = await store.get_many(Talent, talent.known_as)
    identities = [(one, it) for one in talent.known_as for it in numbers[one].aggregate.state.identities]
    clear = [keys.unseal(it.sealed, origin=one) for one, it in identities if it.sealed]
    return [Person(it["name"], it["id_number"], it["phone"]) for it in clear]
