"""PublishCheckpoints: what the platform says of each partition that moved, signed (docs/wire.md §6)."""

from __future__ import annotations

from services.evaluation.commands.fold_records import Fold
from services.evaluation.domain.folded import Place
from services.evaluation.domain.note import checkpoint_text, note, origin
from services.evaluation.ports import CheckpointSink, Notary


class Checkpoints:
    """Remembers what was acknowledged; after a start everything is said once more, with the same bytes."""

    def __init__(self, *, fold: Fold, notary: Notary, sink: CheckpointSink, deployment: str) -> None:
        self._fold = fold
        self._notary = notary
        self._sink = sink
        self._deployment = deployment
        self._said: dict[Place, int] = {}

    async def publish(self) -> bool:
        """Say what moved; False = some of it is not acknowledged and is tried again. A stopped tree says nothing."""
        moved = [
            (place, it.position.size, it.root)
            for place, it in self._fold.partitions.items()
            if it.position.size > self._said.get(place, 0) and not it.stopped
        ]
        if not moved:
            return True
        notes = []
        for place, size, root in moved:
            text = checkpoint_text(self._deployment, place, size, root)
            signature = self._notary.sign(text, name=origin(self._deployment, place))
            notes.append((place, size, note(text, signature)))
        acknowledged = await self._sink.publish(notes)
        for (place, size, _), ok in zip(notes, acknowledged, strict=True):
            if ok:
                self._said[place] = size
        return all(acknowledged)
