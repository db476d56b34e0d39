"""OpenStation: a planned station begins its work (站点启用; plan §5.2, §5.4).

Funding and the registry are asked before anything is changed; what they answered, by version, is in the event. One
that does not answer gives NEIGHBOUR_UNAVAILABLE, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.uscc import uscc
from services.stations.domain import codes
from services.stations.domain.station import Evidence, Opening, Staff, Station
from services.stations.ports import Contracts, Operators

MOST_STAFF = 20
MOST_EVIDENCE = 3
LONGEST_HOLDER = 60
SHA256_BYTES = 32


class StaffTooMany(Invalid):
    reason = "STAFF_TOO_MANY"
    zh, en = "人员过多", f"A station declares at most {MOST_STAFF} of its staff"


class StaffRepeated(Invalid):
    reason = "STAFF_REPEATED"
    zh, en = "人员重复", "A person is named twice"


class EvidenceTooMuch(Invalid):
    reason = "EVIDENCE_TOO_MUCH"
    zh, en = "证明材料过多", f"At most {MOST_EVIDENCE} pieces of evidence"


class Sha256Malformed(Invalid):
    reason = "SHA256_MALFORMED"
    zh, en = "证明材料的哈希值无效", "A SHA-256 has 32 bytes"


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    talent: str
    full_time: bool
    certified: bool
    since: str


class EvidenceGiven(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    sha256: bytes
    held_by: str
    issued_on: str


class OpenStation(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    station_id: str
    operator: str
    contract: str
    staff: Sequence[StaffMember]
    path_evidence: Sequence[EvidenceGiven]
    on: str
    etag: str


async def open_station(
    cmd: OpenStation, *, lanes: Lanes, contracts: Contracts, operators: Operators, clock: Clock, cause: Cause
) -> Answer:
    """Raises Invalid, NotFound, OUTSIDE_SCOPE, NEIGHBOUR_UNAVAILABLE and what `Station.open` raises."""
    station_id = text.identifier(cmd.station_id, field="station_id")
    today = clock.day()
    opening = Opening(
        on=dates.day(cmd.on, field="on", not_after=today),
        operator=uscc(cmd.operator, field="operator"),
        contract=text.identifier(cmd.contract, field="contract", required=False),
        staff=_staff(cmd.staff, today=today),
        evidence=_evidence(cmd.path_evidence, today=today),
    )
    contract = await contracts.contract(opening.contract, field="contract") if opening.contract else None
    operator = await operators.standing(opening.operator, on=opening.on)

    def change(station: Station) -> None:
        station.must_exist()
        cmd.by.must_reach(station.state.area, field="station_id")
        station.must_match(cmd.etag)
        station.open(opening, contract=contract, operator=operator)

    return await lanes.update(Station, station_id, change, cause=cause)


def _staff(given: Sequence[StaffMember], *, today: Day) -> tuple[Staff, ...]:
    if len(given) > MOST_STAFF:
        raise StaffTooMany(field="staff", most=MOST_STAFF)
    staff: dict[str, Staff] = {}
    for index, it in enumerate(given):
        path = f"staff[{index}]"
        talent = text.identifier(it.talent, field=f"{path}.talent")
        if talent in staff:
            raise StaffRepeated(field=f"{path}.talent")
        since = dates.day(it.since, field=f"{path}.since", not_after=today)
        staff[talent] = Staff(talent, it.full_time, it.certified, since, Day(""))
    return tuple(staff[talent] for talent in sorted(staff))


def _evidence(given: Sequence[EvidenceGiven], *, today: Day) -> tuple[Evidence, ...]:
    if len(given) > MOST_EVIDENCE:
        raise EvidenceTooMuch(field="path_evidence", most=MOST_EVIDENCE)
    evidence = []
    for index, it in enumerate(given):
        path = f"path_evidence[{index}]"
        if len(it.sha256) != SHA256_BYTES:
            raise Sha256Malformed(field=f"{path}.sha256")
        evidence.append(
            Evidence(
                text.identifier(it.id, field=f"{path}.id"),
                text.code(it.kind, codes.EVIDENCE_KINDS, field=f"{path}.kind"),
                it.sha256,
                text.name(it.held_by, field=f"{path}.held_by", longest=LONGEST_HOLDER),
                dates.day(it.issued_on, field=f"{path}.issued_on", not_after=today),
            )
        )
    return tuple(evidence)
