from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.e2e.platform import a_stack


@pytest.fixture(autouse=True)
def _a_kafka_of_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SWTALENT_KAFKA_BOOTSTRAP_SERVERS", raising=False)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = a_stack(tmp_path / "data")
    try:
        yield stack
    finally:
        stack.stop()
