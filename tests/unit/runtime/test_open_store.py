"""The setting `store` chooses the adapter."""

import pytest

from services.shared.kernel.outcome import Stored
from services.shared.runtime.clock import SystemClock, SystemRandom
from services.shared.runtime.settings import settings_for
from services.shared.runtime.store import open_store
from services.shared.runtime.store.prepared import Kinds
from tests.builders.store import COUNTER, KINDS, NOTE, written


@pytest.mark.parametrize(("setting", "adapter"), [("sqlite", "SqliteStore"), ("memory", "MemoryStore")])
async def test_the_store_that_the_settings_name_is_opened(setting, adapter, tmp_path, monkeypatch):
    monkeypatch.setenv("SWTALENT_STORE", setting)
    monkeypatch.setenv("SWTALENT_DATA_DIR", str(tmp_path / "registry"))

    store = await open_store(settings_for("registry"), KINDS, clock=SystemClock(), random=SystemRandom())

    assert type(store).__name__ == adapter
    assert store.healthy()
    assert await written(store, "n1", "a") == Stored(1)
    assert (tmp_path / "registry" / "store.sqlite").exists() == (setting == "sqlite")
    await store.close()


def test_two_kinds_of_one_name_are_a_defect_found_at_start():
    with pytest.raises(ValueError, match="two kinds"):
        Kinds([NOTE, COUNTER, NOTE])
