"""Seeds in which everything goes wrong. A failing seed replays with `SIM_SEED=<seed> pytest tests/simulation`."""

import os

import pytest
import structlog

from tests.simulation.broken import INTAKES, RELAYS
from tests.simulation.run import Run

SEEDS, MANY_SEEDS, PER_TEST = 200, 10_000, 20
ENOUGH_TO_NOTICE = 60


@pytest.fixture(autouse=True)
def _quiet():
    """Crashes and retries by the thousand: nobody reads their log lines."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.configure(wrapper_class=before)


def play(seeds):
    for seed in seeds:
        try:
            Run(seed).play()
        except AssertionError as error:
            raise AssertionError(f"SIM_SEED={seed}: {error}") from error


def batches(count):
    if only := os.environ.get("SIM_SEED"):
        return [range(int(only), int(only) + 1)]
    return [range(start, start + PER_TEST) for start in range(0, count, PER_TEST)]


@pytest.mark.parametrize("seeds", batches(SEEDS), ids=str)
def test_sums_hold_and_nothing_is_lost_or_refused_twice(seeds):
    play(seeds)


@pytest.mark.long
@pytest.mark.parametrize("seeds", batches(MANY_SEEDS)[SEEDS // PER_TEST :], ids=str)
def test_the_same_for_many_more_seeds(seeds):
    play(seeds)


def test_a_seed_replays_exactly():
    once, again = Run(7), Run(7)
    once.play()
    again.play()

    assert once.log.topics == again.log.topics
    assert once.disk.documents == again.disk.documents


def first_noticed(**broken):
    for seed in range(ENOUGH_TO_NOTICE):
        try:
            Run(seed, **broken).play()
        except AssertionError:
            return seed
    return None


@pytest.mark.parametrize("broken", INTAKES, ids=lambda intake: intake.__name__)
def test_an_intake_that_breaks_a_rule_is_noticed(broken):
    assert first_noticed(intake=broken) is not None


@pytest.mark.parametrize("broken", RELAYS, ids=lambda relay: relay.__name__)
def test_a_relay_that_breaks_a_rule_is_noticed(broken):
    assert first_noticed(relay=broken) is not None
