"""PairAgencies: one private agency supports another one (社会工作服务机构牵手; plan §3.3)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from services.registry.domain.organisation import Organisation, OrganisationNotFound
from services.registry.domain.programme import Pairing, Programme, known_id
from services.shared.kernel import dates
from services.shared.kernel.change import Answer, Cause, Change
from services.shared.kernel.errors import Invalid, RuleBroken
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.uscc import uscc


class PairedWithItself(Invalid):
    reason = "PAIRED_WITH_ITSELF"
    zh, en = "机构不能与自身结对", "An agency supports another one, not itself"


class NotAnOpenAgency(RuleBroken):
    reason = "NOT_AN_OPEN_AGENCY"
    zh, en = "不是在册的民办社工机构", "Not a private agency that is open on that day"


class PairAgencies(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    programme_id: str
    supporter: str
    supported: str
    since: str
    until: str
    etag: str


async def pair_agencies(cmd: PairAgencies, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """Raises PAIRED_WITH_ITSELF, ORGANISATION_NOT_FOUND, NOT_AN_OPEN_AGENCY, what Programme.pair does, and Invalid."""
    key = known_id(cmd.programme_id, field="programme_id")
    supporter = uscc(cmd.supporter, field="supporter")
    supported = uscc(cmd.supported, field="supported")
    if supporter == supported:
        raise PairedWithItself(field="supported")
    since, until = dates.interval(cmd.since, cmd.until, field="")
    pairing = Pairing(supporter, supported, since, until)
    found = await store.get_many(Organisation, [supporter, supported])

    def change(programme: Programme) -> None:
        cmd.by.must_reach(programme.must_be_open().area, field="programme_id")
        programme.must_match(cmd.etag)
        _must_be_agencies(pairing, found)
        programme.pair(pairing)

    return await lanes.update(Programme, key, change, cause=cause)


def _must_be_agencies(pairing: Pairing, found: Mapping[str, Change[Organisation]]) -> None:
    for field, code in (("supporter", pairing.supporter), ("supported", pairing.supported)):
        it = found[code].aggregate.registration
        if it is None:
            raise OrganisationNotFound(field=field, uscc=code)
        opened = it.registered_on <= pairing.since and (not it.closed_on or pairing.since < it.closed_on)
        if it.kind != "private_agency" or not opened:
            raise NotAnOpenAgency(field=field, kind=it.kind)
