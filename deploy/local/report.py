"""What `make up` prints in the end: values beside the plan's figures, addresses, tokens, evidence, what to try next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from clients.cli.answer import console, print_json
from clients.cli.indicators import as_object, show
from deploy.local.settled import Standing
from deploy.local.stack import Stack
from deploy.sample.expected import Value


class Evidence(NamedTuple):
    """Result of the outsider's check; `text` is its line, or why there is none."""

    ok: bool
    text: str
    statement: str

    @classmethod
    def of(cls, code: int, out: str, err: str, *, statement: str) -> Self:
        try:
            found = json.loads(out)
        except ValueError:
            # The command line draws frames around what it refuses.
            lines = [line.strip("│ ") for line in (err or out).splitlines() if any(map(str.isalnum, line))]
            return cls(ok=False, text=f"not checked: {lines[-1] if lines else f'exit {code}'}", statement=statement)
        if found.get("ok") and code == 0:
            text = f"OK: {found['entries']:,} entries in {found['partitions']} partitions, indicators equal"
            return cls(ok=True, text=text, statement=statement)
        return cls(ok=False, text=f"NOT OK: {found.get('first_difference')}", statement=statement)


class Loaded(NamedTuple):
    """What the run came to; seconds since the command began."""

    first_value_s: float
    loaded_s: float
    standing: Standing
    at_plan_month: list[Any]
    at_last_month: list[Any]
    evidence: Evidence


class Report:
    def __init__(self, stack: Stack, loaded: Loaded, *, plan: Mapping[str, Value], scale: float) -> None:
        self._stack, self._loaded, self._plan, self._scale = stack, loaded, plan, scale
        found = {value.number: value for value in loaded.at_plan_month}
        self._differing = [
            f"#{number} is {_parts(found.get(number))}, the plan says {_said(value)}"
            for number, value in plan.items()
            if _parts(found.get(number)) != _said(value)
        ]

    @property
    def well(self) -> bool:
        return self._loaded.evidence.ok and not self._differing

    def as_json(self) -> None:
        loaded = self._loaded
        print_json(
            {
                "ok": self.well,
                "scale": self._scale,
                "first_value_s": round(loaded.first_value_s, 1),
                "loaded_s": round(loaded.loaded_s, 1),
                "records": loaded.standing.sent,
                "events": loaded.standing.events,
                "differing": self._differing,
                "indicators": [as_object(value) for value in loaded.at_plan_month],
                "indicators_2025": [as_object(value) for value in loaded.at_last_month],
                "evidence": loaded.evidence._asdict(),
                "kafka": self._stack.bootstrap,
                "services": {service.name: service.address for service in self._stack.services},
                "tokens": self._stack.token_per_role(),
            }
        )

    def show(self, *, detached: bool) -> None:
        loaded = self._loaded
        show(loaded.at_plan_month)
        show([value for value in loaded.at_last_month if value.target or not value.reason])
        source = "the plan's figures of 2020" if self._scale == 1 else f"the plan's figures of 2020 × {self._scale}"
        if self._differing:
            console.print(f"[red]differs from {source}[/]")
            for line in self._differing:
                console.print(f"  {line}", markup=False)
        else:
            console.print(f"2020-12 equals {source}: {len(self._plan)} of {len(self._plan)}")
        console.print(
            f"first value after {loaded.first_value_s:.1f} s, all after {loaded.loaded_s:.1f} s: "
            f"{loaded.standing.sent:,} records, {loaded.standing.events:,} events"
        )
        console.print(f"evidence {loaded.evidence.text}", style="green" if loaded.evidence.ok else "red", markup=False)
        console.print()
        console.print(f"Kafka       {self._stack.bootstrap}")
        for service in self._stack.services:
            console.print(f"{service.name:<11} gRPC {service.address}   metrics http://{service.metrics}/metrics")
        console.print("\ntokens (12 hours, this machine only)")
        for role, token in self._stack.token_per_role().items():
            console.print(f"{role:<19}{token}", soft_wrap=True, markup=False)
        console.print("\nnext")
        for line in _NEXT:
            console.print(f"  {line}", markup=False)
        console.print(
            f"  {'make down' if detached else 'Ctrl-C'} stops everything; the data stays in {self._stack.data_dir}"
        )


_NEXT = (
    "source .venv/bin/activate",
    "swtalent indicators --area 510100 --month 2025-12",
    "swtalent audit verify",
    "swtalent partner rejections --partner civil_affairs",
    "swtalent doctor",
)


def _parts(value: Any) -> str:
    if value is None or (value.reason and not value.numerator):
        return "nothing"
    return f"{value.numerator:,}/{value.denominator:,}" if value.has_denominator else f"{value.numerator:,}"


def _said(value: Value) -> str:
    return f"{value.numerator:,}/{value.denominator:,}" if value.denominator else f"{value.numerator:,}"
