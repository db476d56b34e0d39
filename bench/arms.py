"""Arms of a benchmark, interleaved in one run on one machine; what counts is the ratio of two of them.

Absolute rates wander with the machine; neighbouring rounds meet the same weather, so a ratio is taken per round and
its median is the figure.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
ROUNDS = 3

Arm = Callable[[int], Awaitable[float]]
"""Takes the number of the round, gives a rate: more is better."""


async def interleave(arms: Mapping[str, Arm], *, rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Every arm once per round, in turning order, after a round that does not count."""
    rates: dict[str, list[float]] = {name: [] for name in arms}
    names = list(arms)
    for number in range(-1, rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            rate = await arms[name](number)
            if number >= 0:
                rates[name].append(rate)
    return rates


def ratio(rates: Mapping[str, list[float]], arm: str, other: str) -> float:
    """Median over the rounds of arm ÷ other."""
    return statistics.median(one / two for one, two in zip(rates[arm], rates[other], strict=True))


def report(
    code: str, what: str, value: float, goal: float, *, at_most: bool = False, unit: str = "ratio", **details: object
) -> None:
    """One line for people, one file for the record: `B1 intake/bare ratio=0.27 goal=0.22`."""
    met = value <= goal if at_most else value >= goal
    print(
        f"{code} {what} {unit}={value:.4g} goal{'≤' if at_most else '='}{goal:g} {'ok' if met else 'SHORT'}", flush=True
    )
    RESULTS.mkdir(exist_ok=True)
    name = f"{code}-{what}".replace("/", "-over-").replace(" ", "-")
    content = {"figure": code, "what": what, unit: value, "goal": goal, "met": met, **details}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
