"""PublishStatement: the province's values of one month, pinned to all that is written, signed (plan §7.3)."""

from __future__ import annotations

import msgspec

from services.evaluation.commands.fold_records import Fold, PositionLost
from services.evaluation.domain import statement as signed
from services.evaluation.domain.contributions import CONTRIBUTIONS_VERSION
from services.evaluation.domain.contributions.talent import MOVING
from services.evaluation.domain.folded import Place
from services.evaluation.domain.indicator import MonthInFuture, MonthInvalid, parts
from services.evaluation.domain.reference import Catalogue
from services.evaluation.domain.statement import (
    FoldBehind,
    OpenMoves,
    PartitionCut,
    PartitionStopped,
    Statement,
    StatementFacts,
    StatementValue,
    TopicCut,
    UnreadEvents,
)
from services.evaluation.ports import Log, Notary
from services.shared.kernel import text
from services.shared.kernel.area import PROVINCE
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import is_month, month_of
from services.shared.kernel.ids import derived_id
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.kernel.principal import Principal

PATIENCE_S = 20.0
_LOOK_AGAIN_S = 0.05


class PublishStatement(msgspec.Struct, frozen=True, kw_only=True):
    month: str
    restates: str
    request_id: str
    by: Principal


class Cut(msgspec.Struct, frozen=True):
    topics: tuple[TopicCut, ...]
    values: tuple[StatementValue, ...]


async def publish_statement(
    cmd: PublishStatement,
    *,
    fold: Fold,
    log: Log,
    catalogue: Catalogue,
    notary: Notary,
    deployment: str,
    store: Store,
    lanes: Lanes,
    clock: Clock,
    cause: Cause,
) -> Answer:
    """Waits until what was written before the call is folded. Raises PARTITION_STOPPED, UNREAD_EVENT_TYPES,
    FOLD_BEHIND, OPEN_MOVES, STATEMENT_NOT_FOUND (of `restates`).
    """
    today = clock.day()
    if not is_month(cmd.month):
        raise MonthInvalid(field="month")
    if cmd.month > month_of(today):
        raise MonthInFuture(field="month")
    restates = text.identifier(cmd.restates, field="restates", required=False)
    statement_id = f"statement/{derived_id('statement', cmd.by.name, cmd.request_id)}"
    loaded = await store.get_many(Statement, [statement_id, *([restates] if restates else [])])
    if restates:
        loaded[restates].aggregate.published()
    if loaded[statement_id].aggregate.exists:  # the lane answers as the first time, or refuses another content
        return await lanes.update(Statement, statement_id, lambda it: it.publish(it.published(), by=""), cause=cause)
    ends = {place: end for place, (_, end) in (await log.bounds()).items()}
    await _folded_up_to(ends, fold=fold, clock=clock)
    cut = await _cut(cmd.month, fold=fold, catalogue=catalogue)
    content = signed.text(
        deployment,
        statement_id,
        month=cmd.month,
        area=PROVINCE,
        contributions_version=CONTRIBUTIONS_VERSION,
        restates=restates,
        cut=cut.topics,
        values=cut.values,
    )
    facts = StatementFacts(
        month=cmd.month,
        area=PROVINCE,
        cut=cut.topics,
        values=cut.values,
        contributions_version=CONTRIBUTIONS_VERSION,
        restates=restates,
        signature=notary.sign(content, name=signed.key_name(deployment)),
        published_on=today,
    )
    return await lanes.update(Statement, statement_id, lambda it: it.publish(facts, by=cmd.by.name), cause=cause)


async def _folded_up_to(ends: dict[Place, int], *, fold: Fold, clock: Clock) -> None:
    waited = 0.0
    while True:
        _must_run(fold)
        partitions = fold.partitions
        behind = [place for place, end in ends.items() if place not in partitions or partitions[place].size < end]
        if not behind:
            return
        if waited >= PATIENCE_S:
            raise FoldBehind(partitions=len(behind), first="/".join(map(str, behind[0])))
        await clock.sleep(_LOOK_AGAIN_S)
        waited += _LOOK_AGAIN_S


def _must_run(fold: Fold) -> None:
    for (topic, number), partition in fold.partitions.items():
        if partition.stopped:
            raise PartitionStopped(partition=f"{topic}/{number}", why=partition.stopped)
        if partition.unread:
            raise UnreadEvents(partition=f"{topic}/{number}", types=",".join(sorted(partition.unread)))


async def _cut(month: str, *, fold: Fold, catalogue: Catalogue) -> Cut:
    """Positions and sums of one commit: nothing is folded between storing them and reading them."""
    async with fold.lock:
        try:
            await fold.commit(list(fold.partitions))
        except PositionLost as error:
            raise FoldBehind(partitions=len(error.places)) from error
        _must_run(fold)
        if fold.lost:
            raise FoldBehind(partitions=len(fold.lost))
        moving = fold.table.on(MOVING, PROVINCE, month)
        if moving:
            raise OpenMoves(talents=moving)
        values = []
        for number, definition in catalogue.indicators.items():
            if definition.fed:
                numerator, denominator = parts(definition, PROVINCE, month, fold.table)
                values.append(StatementValue(number, numerator, denominator))
        return Cut(_topics(fold), tuple(values))


def _topics(fold: Fold) -> tuple[TopicCut, ...]:
    topics: dict[str, list[PartitionCut]] = {}
    for place in sorted(fold.partitions):
        partition = fold.partitions[place]
        topics.setdefault(place[0], []).append(PartitionCut(partition.size, partition.root))
    return tuple(TopicCut(topic, tuple(cuts)) for topic, cuts in topics.items())
