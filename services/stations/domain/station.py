"""Station (社会工作服务站) of a township, or room (室) of a village or community."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.area import township_of
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import IntervalReversed, NotFound, RuleBroken


class StationNotFound(NotFound):
    reason = "STATION_NOT_FOUND"
    zh, en = "没有此站点", "No such station"


class AlreadyOperating(RuleBroken):
    reason = "ALREADY_OPERATING"
    zh, en = "站点已在运行", "The station is operating already"
    fix_zh, fix_en = "请核对站点", "Check which station is meant"


class NoContract(RuleBroken):
    reason = "NO_CONTRACT"
    zh, en = (
        "缺少购买服务合同或场所协议",
        "Neither a contract nor, on the path existing_venue, an agreement as evidence",
    )
    fix_zh, fix_en = "请先签订合同或提供协议", "Sign a contract first, or give the agreement as evidence"


class NoCertifiedStaff(RuleBroken):
    """Plan §5.4: at least one full-time social worker with a certificate."""

    reason = "NO_CERTIFIED_STAFF"
    zh, en = "缺少专职持证社会工作者", "There is no full-time certified staff on the day of opening"
    fix_zh, fix_en = "请先配备至少一名专职持证社会工作者", "Employ at least one full-time certified social worker first"


class ContractOfOtherProvider(RuleBroken):
    reason = "CONTRACT_OF_OTHER_PROVIDER"
    zh, en = "合同的承接方不是运营机构", "The contract's provider is not the operator"
    fix_zh, fix_en = "请核对合同和运营机构", "Check the contract and the operator"


class ContractNotInForce(RuleBroken):
    reason = "CONTRACT_NOT_IN_FORCE"
    zh, en = "合同在启用日不在期限内", "The contract's period does not hold on the day of opening"
    fix_zh, fix_en = "请核对合同期限", "Check the contract's period"


class OperatorNotOpen(RuleBroken):
    reason = "OPERATOR_NOT_OPEN"
    zh, en = "运营机构未登记或已注销", "The operator is not registered or closed on the day of opening"
    fix_zh, fix_en = "请先登记机构", "Register the organisation first"


class OperatorWithoutPost(RuleBroken):
    """Plan §4.1: whoever is commissioned has social-work posts."""

    reason = "OPERATOR_WITHOUT_POST"
    zh, en = "运营机构没有社会工作岗位", "The operator has no social-work post on the day of opening"
    fix_zh, fix_en = "请先设置社会工作岗位", "Create a post first"


class Status(msgspec.Struct, frozen=True):
    status: str
    since: Day
    until: Day


class Staff(msgspec.Struct, frozen=True):
    """As the operator declares it, by talent id."""

    talent: str
    full_time: bool
    certified: bool
    since: Day
    until: Day


class Evidence(msgspec.Struct, frozen=True):
    """A document that stays with its holder; `sha256` is its hash."""

    id: str
    kind: str
    sha256: bytes
    held_by: str
    issued_on: Day


class StationFacts(msgspec.Struct, frozen=True):
    """Everything known of a station is public. The last status goes on."""

    kind: str = ""
    area: str = ""
    also_serves: tuple[str, ...] = ()
    path: str = ""
    operator: str = ""
    contract: str = ""
    statuses: tuple[Status, ...] = ()
    staff: tuple[Staff, ...] = ()
    path_evidence: tuple[Evidence, ...] = ()
    name: str = ""


class ContractSeen(msgspec.Struct, frozen=True):
    """What funding answered about a contract."""

    id: str
    provider: str
    since: Day
    until: Day
    version: int


class OperatorSeen(msgspec.Struct, frozen=True):
    """What the registry answered about an organisation on the day of opening; not known = not open."""

    open: bool
    posts: int
    version: int


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """With whom a station is to begin its work."""

    on: Day
    operator: str
    contract: str
    staff: tuple[Staff, ...]
    evidence: tuple[Evidence, ...]


class StationPlanned(msgspec.Struct, frozen=True):
    on: Day


class StationOpened(msgspec.Struct, frozen=True):
    """With the versions of the neighbours' answers, so that it can be told later what was known."""

    on: Day
    contract: str
    contract_version: int
    operator: str
    operator_version: int


class Station(Aggregate[StationFacts]):
    """Id = derived from who planned it and the request. planned → operating, each status a dated interval.

    Invariant: what operates has an operator that is open and has a post, a contract in force with it (or, on the path
    existing_venue, an agreement), and full-time certified staff, all on the day of opening. Plan §5.2, §5.4.
    """

    kind = "station"
    __slots__ = ()

    @classmethod
    def blank(cls) -> StationFacts:
        return StationFacts()

    def facts(self) -> StationFacts:
        return self.state

    def plan(self, station: StationFacts, *, on: Day) -> None:
        """Without effect when it is planned already: the id stands for the request."""
        if not self.exists:
            status = Status("planned", on, Day(""))
            self._record(StationPlanned(on), msgspec.structs.replace(station, statuses=(status,)))

    def open(self, opening: Opening, *, contract: ContractSeen | None, operator: OperatorSeen) -> None:
        """Begin the work. Raises RuleBroken by guard, in the order of the questions a person would ask."""
        self.must_exist()
        state = self.state
        if state.statuses[-1].status == "operating":
            raise AlreadyOperating(field="station_id", since=state.statuses[-1].since)
        if opening.on < (planned := state.statuses[-1].since):
            raise IntervalReversed(field="on", since=planned, until=opening.on)
        _must_be_bound(opening, contract, path=state.path)
        if not operator.open:
            raise OperatorNotOpen(field="operator", operator=opening.operator)
        if not operator.posts:
            raise OperatorWithoutPost(field="operator", operator=opening.operator)
        if not any(it.full_time and it.certified and it.since <= opening.on for it in opening.staff):
            raise NoCertifiedStaff(field="staff")
        before = msgspec.structs.replace(state.statuses[-1], until=opening.on)
        ended = (before,) if before.since < before.until else ()
        self._record(
            StationOpened(
                opening.on,
                opening.contract,
                contract.version if contract else 0,
                opening.operator,
                operator.version,
            ),
            msgspec.structs.replace(
                state,
                operator=opening.operator,
                contract=opening.contract,
                statuses=(*state.statuses[:-1], *ended, Status("operating", opening.on, Day(""))),
                staff=opening.staff,
                path_evidence=opening.evidence,
            ),
        )

    def must_exist(self) -> None:
        if not self.exists:
            raise StationNotFound(field="station_id")


def _must_be_bound(opening: Opening, contract: ContractSeen | None, *, path: str) -> None:
    """By a contract with the operator that holds on the day, or by the agreement on a venue."""
    if contract is None:
        if path != "existing_venue" or not any(it.kind == "agreement" for it in opening.evidence):
            raise NoContract(field="contract")
        return
    if contract.provider != opening.operator:
        raise ContractOfOtherProvider(field="operator", provider=contract.provider)
    if not contract.since <= opening.on < contract.until:
        raise ContractNotInForce(field="on", since=contract.since, until=contract.until)


def townships_served(*, kind: str, area: str, also_serves: Iterable[str]) -> tuple[str, ...]:
    """A room serves its community, which does not cover the township."""
    return (township_of(area), *also_serves) if kind == "station" else ()
