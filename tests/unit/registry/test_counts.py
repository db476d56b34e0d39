"""After every command the sums that were folded step by step are those of a count from scratch, and the outsider's."""

from __future__ import annotations

import importlib
import pkgutil
import random

import pytest

from services.registry import commands
from services.registry.consumers.moving import Moving
from services.registry.consumers.own_headcounts import OwnHeadcounts
from services.registry.consumers.own_programmes import OwnProgrammes
from services.registry.consumers.own_talents import OwnTalents
from services.registry.consumers.sheets import Sheets
from services.shared.kernel.errors import DomainError
from services.shared.kernel.step import Step
from tests.builders.commands import BEFORE, COMMANDS, employers
from tests.builders.counted import Counted
from tests.builders.organisations import Sagas

# What it ends is begun by a command of two organisations: tests/component.
BEGUN_ELSEWHERE = {"end_pairing"}


class World:
    """A registry in memory whose own readers hear every event, and what is counted of them."""

    def __init__(self, seed: int = 0) -> None:
        self.sagas = Sagas(seed=seed)
        self.sagas.readers = (OwnTalents(), Moving(), OwnProgrammes(), OwnHeadcounts(), Sheets(), *self.sagas.readers)
        self.counted = Counted()
        self._taken = 0

    def run(self, step: Step) -> bool:
        """False = refused, as an officer's command that comes again may be."""
        try:
            self.sagas.change(step.kind, step.id, step.change)
        except DomainError:
            return False
        self.sagas.deliver()
        for record in self.sagas.log[self._taken :]:
            self.counted.take(record)
        self._taken = len(self.sagas.log)
        return True

    def sums(self) -> dict[tuple[str, str, str], int]:
        self.counted.must_agree()
        return self.counted.folded()


def test_every_command_that_is_one_step_is_in_the_table():
    modules = {
        it.name: importlib.import_module(f"{commands.__name__}.{it.name}")
        for it in pkgutil.iter_modules(commands.__path__)
    }
    steps = {name for name, module in modules.items() if "step" in vars(module)}

    assert steps - BEGUN_ELSEWHERE == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_moves_its_series_and_nothing_else(command: str):
    world = World()
    for step in [*employers(), *BEFORE.get(command, [])]:
        assert world.run(step)
    before = world.sums()
    step, series = COMMANDS[command]

    assert world.run(step)

    after = world.sums()
    moved = {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert moved == set(series.split())
    for again in (step, *employers(), *BEFORE.get(command, [])):
        world.run(again)
    assert world.sums() == after, "the same records once more change nothing"


@pytest.mark.parametrize("seed", range(12))
def test_in_any_order_every_step_keeps_the_sums_and_the_end_is_the_same(seed: int):
    everything = [*employers(), *(it for steps in BEFORE.values() for it in steps)]
    everything += [step for step, _ in COMMANDS.values()]
    expected = World()
    for step in everything:
        expected.run(step)
    draw = random.Random(seed)
    shuffled = [it for it in everything for _ in range(draw.randint(1, 3))]
    draw.shuffle(shuffled)
    # What is ended by an officer, or withdrawn, must be known by then.
    shuffled += [COMMANDS[command][0] for command in ("end_accreditation", "end_party_arrangement", "withdraw_record")]
    world = World(seed)

    for step in shuffled:
        world.run(step)
        world.counted.must_agree(("2020-12", "2022-03", "2022-12"))

    assert world.sums() == expected.sums()
