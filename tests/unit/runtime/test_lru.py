"""The bounded cache."""

from services.shared.runtime.lru import Lru
from services.shared.runtime.metrics import METRICS


def test_the_least_recently_used_goes_first_and_is_counted():
    cache = Lru("test-lru", 2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)

    assert [cache.get(key) for key in "abc"] == [1, None, 3]
    assert METRICS.get_sample_value("swtalent_cache_evicted_total", {"cache": "test-lru"}) == 1


def test_dropped_and_cleared_entries_are_gone():
    cache = Lru("test-lru-2", 3)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.drop("a")
    cache.drop("never there")
    assert (cache.get("a"), len(cache)) == (None, 1)

    cache.clear()

    assert len(cache) == 0
