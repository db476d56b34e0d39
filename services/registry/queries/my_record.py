"""MyRecord: everything that the registry knows of the caller, and who looked (本人查询)."""

from __future__ import annotations

from collections import Counter

import msgspec

from services.registry.domain.access_log import AccessLog, Look
from services.registry.domain.credit import Credit, credits_of
from services.registry.domain.objection import Objection
from services.registry.domain.reports import HonourReport, PartyReport, Report, reported_by
from services.registry.domain.talent import Talent
from services.registry.queries.list_objections import objections_of
from services.shared.kernel.ports import KeyRing, Store
from services.shared.kernel.principal import Principal


class MyRecord(msgspec.Struct, frozen=True):
    """`texts` are titles and reasons in clear, by the index that reports name them by."""

    talent: Talent
    education: list[tuple[int, int]]
    records: list[tuple[str, Report]]
    memberships: list[PartyReport]
    honours: list[HonourReport]
    credit: tuple[Credit, ...]
    looks: tuple[Look, ...]
    objections: list[Objection]
    texts: dict[str, str]

    def __repr__(self) -> str:
        return f"MyRecord({self.talent.id})"


async def my_record(*, by: Principal, store: Store, keys: KeyRing) -> MyRecord:
    """Of all numbers of a merged person. The name stays masked: the person knows it. Raises TALENT_NOT_FOUND."""
    talent = (await store.get_many(Talent, [by.talent]))[by.talent].aggregate
    talent.must_exist()
    if talent.moved_to:
        talent = (await store.get_many(Talent, [talent.moved_to]))[talent.moved_to].aggregate
    ids, reports = talent.known_as, talent.all_reports
    numbers, logs = await store.get_many(Talent, ids), await store.get_many(AccessLog, ids)
    looks = [it for one in ids for it in logs[one].aggregate.state.looks]
    texts = [(one, it) for one in ids for it in numbers[one].aggregate.state.texts]
    minutes: Counter[int] = Counter()
    for learned in talent.facts().learned:
        minutes[int(learned.month[:4])] += learned.minutes
    return MyRecord(
        talent,
        sorted(minutes.items()),
        sorted(((reported_by(it), it) for it in reports), key=lambda pair: (pair[0], pair[1].origin.record_id)),
        [it for it in reports if isinstance(it, PartyReport)],
        [it for it in reports if isinstance(it, HonourReport)],
        credits_of(talent),
        tuple(sorted(looks, key=lambda it: it.at)),
        [it for one in ids for it in await objections_of(one, store=store)],
        {it.index: keys.unseal(it.sealed, origin=one)["text"] for one, it in texts},
    )
