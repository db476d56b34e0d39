"""A published statement (评估公报): values pinned to every partition of the event topics, signed. Plan §7.3."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import NotFound, RuleBroken, Unavailable


class StatementNotFound(NotFound):
    reason = "STATEMENT_NOT_FOUND"
    zh, en = "没有此评估公报", "No such statement"


class PartitionStopped(RuleBroken):
    reason = "PARTITION_STOPPED"
    zh, en = "有分区已停止，不能发布公报", "A partition is stopped, so no statement can be made"
    fix_zh, fix_en = "请先查明停止原因", "Find out why it stopped first (GetEvidenceState)"


class UnreadEvents(RuleBroken):
    reason = "UNREAD_EVENT_TYPES"
    zh, en = "存在本版本不识别的事件，不能发布公报", "There are events that this release does not read"
    fix_zh, fix_en = "请升级评估服务", "Upgrade the evaluation service"


class OpenMoves(RuleBroken):
    reason = "OPEN_MOVES"
    zh, en = (
        "有人员档案正在合并或拆分，不能发布公报",
        "Talents are being merged or separated, so no statement can be made",
    )
    fix_zh, fix_en = "请等待合并完成后再试", "Ask again once the moves are done"


class FoldBehind(Unavailable):
    reason = "FOLD_BEHIND"
    zh, en = "事件尚未全部计入，请稍后再试", "Not all events written so far are folded yet"


class PartitionCut(msgspec.Struct, frozen=True):
    size: int
    root: bytes


class TopicCut(msgspec.Struct, frozen=True):
    """Index = partition number."""

    topic: str
    partitions: tuple[PartitionCut, ...]


class StatementValue(msgspec.Struct, frozen=True):
    """`denominator` 0 = a plain count."""

    number: str
    numerator: int
    denominator: int


class StatementFacts(msgspec.Struct, frozen=True, kw_only=True):
    month: str
    area: str
    cut: tuple[TopicCut, ...]
    values: tuple[StatementValue, ...]
    contributions_version: int
    restates: str
    signature: str
    published_on: Day


class StatementPublished(msgspec.Struct, frozen=True):
    by: str


class Statement(Aggregate[StatementFacts | None]):
    """Id "statement/<derived id>". Never changes: what turns out wrong is restated by another one that names it."""

    kind = "statement"
    __slots__ = ()

    @classmethod
    def blank(cls) -> None:
        return None

    def facts(self) -> StatementFacts | None:
        return self.state

    def published(self) -> StatementFacts:
        """Raises STATEMENT_NOT_FOUND."""
        if self.state is None:
            raise StatementNotFound(field="statement_id")
        return self.state

    def publish(self, facts: StatementFacts, *, by: str) -> dict[str, str]:
        self._record(StatementPublished(by), facts)
        return {"statement_id": self.id}


def key_name(deployment: str) -> str:
    return f"swtalent/{deployment}/statement"


def text(
    deployment: str,
    statement_id: str,
    *,
    month: str,
    area: str,
    contributions_version: int,
    restates: str,
    cut: tuple[TopicCut, ...],
    values: tuple[StatementValue, ...],
) -> str:
    """What is signed: docs/wire.md §7."""
    lines = [
        "swtalent-statement/v1",
        deployment,
        statement_id,
        month,
        area,
        f"contributions {contributions_version}",
        f"restates {restates or '-'}",
    ]
    lines += [
        f"cut {topic.topic} {number} {partition.size} {partition.root.hex()}"
        for topic in cut
        for number, partition in enumerate(topic.partitions)
    ]
    lines += [f"value {it.number} {it.numerator} {it.denominator}" for it in values]
    return "".join(f"{line}\n" for line in lines)


def reach(facts: StatementFacts) -> int:
    """Records in the cut. Each statement's own event lies behind its cut, so a later statement reaches further."""
    return sum(partition.size for topic in facts.cut for partition in topic.partitions)
