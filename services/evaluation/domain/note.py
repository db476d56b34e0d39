"""Texts that are signed: checkpoints and statements (docs/wire.md §6, §7). Pure."""

from __future__ import annotations

import base64

from services.evaluation.domain.folded import Place


def origin(deployment: str, place: Place) -> str:
    return f"swtalent/{deployment}/{place[0]}/{place[1]}"


def checkpoint_text(deployment: str, place: Place, size: int, root: bytes) -> str:
    return f"{origin(deployment, place)}\n{size}\n{base64.b64encode(root).decode()}\n"


def note(text: str, signature: str) -> str:
    return f"{text}\n{signature}\n"
