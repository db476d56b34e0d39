"""RevealOrganisation: who founded an organisation, and its credit events (举办者、信用记录), for a purpose.

Answered only once it is on record for every founder who is a person.
"""

from __future__ import annotations

from functools import partial

import msgspec

from services.registry.domain import codes
from services.registry.domain.access_log import AccessLog, Look
from services.registry.domain.organisation import Organisation, OrganisationNotFound
from services.registry.domain.organisation_reports import CreditReport, FounderReport, credit_records
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.dates import instant
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.uscc import uscc


class RevealOrganisation(msgspec.Struct, frozen=True, kw_only=True):
    organisation: str
    purpose: str
    method: str
    by: Principal


class Revealed(msgspec.Struct, frozen=True):
    """`founders` with the masked name of those who are persons; `credit` with what was taken away by an appeal."""

    founders: tuple[tuple[FounderReport, str], ...]
    credit: tuple[CreditReport, ...]
    etag: str


async def reveal_organisation(cmd: RevealOrganisation, *, store: Store, lanes: Lanes, clock: Clock) -> Revealed:
    """Raises ORGANISATION_NOT_FOUND when nobody has registered it, OUTSIDE_SCOPE when it is in another area."""
    code = uscc(cmd.organisation, field="organisation")
    purpose = text.code(cmd.purpose, codes.REVEAL_PURPOSES, field="purpose")
    organisation = (await store.get_many(Organisation, [code]))[code].aggregate
    if organisation.registration is None:
        raise OrganisationNotFound(field="organisation", uscc=code)
    cmd.by.must_reach(organisation.registration.county, field="organisation")
    founders = sorted(organisation.state.founders, key=lambda it: (it.talent, it.organisation, it.origin.system))
    persons = {it.talent for it in founders if it.talent}
    look = Look(cmd.by.name, cmd.by.department, purpose, cmd.method, instant(clock.now()))
    talents = await store.get_many(Talent, persons)
    for person in sorted(persons):
        await lanes.update(AccessLog, person, partial(AccessLog.look, look=look), cause=None)
    return Revealed(
        tuple((it, talents[it.talent].aggregate.masked_name if it.talent else "") for it in founders),
        credit_records(organisation.state.credit),
        str(organisation.version),
    )
