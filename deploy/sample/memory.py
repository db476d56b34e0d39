"""How far the sample has been fed into one Kafka, so that a second `make up` goes on where the first one stopped.

Losing the file does no harm: everything is delivered once more, and the services take each record once.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from deploy.local.problem import LocalProblem


class OtherSampleFed(LocalProblem):
    """Records of another scale have the same ids and other content: the two cannot be mixed."""


class Fed(msgspec.Struct, kw_only=True):
    """`position`: all partners' records before it are acknowledged. `stations`: all before it are open."""

    cluster: str
    scale: float
    position: int = 0
    stations: int = 0


class Memory:
    def __init__(self, path: Path | None) -> None:
        """`None` remembers nothing."""
        self._path = path

    def recall(self, *, cluster: str, scale: float) -> Fed:
        """Raises OtherSampleFed when this Kafka was fed at another scale."""
        fresh = Fed(cluster=cluster, scale=scale)
        if self._path is None or not self._path.exists():
            return fresh
        try:
            fed = msgspec.json.decode(self._path.read_bytes(), type=Fed)
        except msgspec.DecodeError:
            return fresh
        if fed.cluster != cluster:
            return fresh
        if fed.scale != scale:
            raise OtherSampleFed(
                f"the sample was loaded at scale {fed.scale}, not {scale}",
                fix=f"use --scale {fed.scale}, or make down and remove {self._path.parent}",
            )
        return fed

    def keep(self, fed: Fed) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(fed))
        fresh.replace(self._path)
