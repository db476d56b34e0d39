"""docs/operating.md says what the code does: metrics, settings, log lines, commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import services.evaluation.app
import services.funding.app
import services.registry.app
import services.stations.app  # noqa: F401 - each service brings its metrics
from clients.cli.__main__ import app
from services.evaluation.domain import partition, statement
from services.shared.runtime.health import PARTS
from services.shared.runtime.keys import PURPOSES, ROTATABLE
from services.shared.runtime.metrics import METRICS
from services.shared.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
CODE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "services").rglob("*.py")))


def section(title):
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_metric_is_listed_with_its_labels_and_none_that_is_not_there():
    there = {}
    for collector in list(METRICS._collector_to_names):
        if name := getattr(collector, "_name", ""):
            total = "_total" if collector._type == "counter" else ""
            there[f"{name}{total}"] = tuple(collector._labelnames)
    listed = {
        name: tuple(filter(None, labels.split(", ")))
        for name, labels in re.findall(r"^\| `(swtalent_\w+)` \| ?([\w, ]*?) ?\|", section("Metrics"), re.MULTILINE)
    }

    assert listed == there
    assert {it.split("{")[0] for it in re.findall(r"swtalent_[a-z_]+(?=[`{ ])", section("Alarms"))} <= set(there)


def test_every_setting_that_is_named_exists():
    known = {f"SWTALENT_{name.upper()}" for name in Settings.model_fields} | {"SWTALENT_TOKEN"}
    for name in set(re.findall(r"SWTALENT_[A-Z_]+\*?", TEXT)):
        if name.endswith("*"):
            assert any(it.startswith(name[:-1]) for it in known), name
        else:
            assert name in known, name


@pytest.mark.parametrize(
    "line",
    [
        *("part does not serve", "topic cannot be written to", "fold stops", "refuse record as defect"),
        *("record cannot be decoded", "call failed"),
    ],
)
def test_a_log_line_that_is_named_is_written(line):
    assert f"`{line}`" in TEXT
    assert f'"{line}"' in CODE


def test_what_stops_a_partition_or_a_statement_is_explained():
    stops = {partition.EVENT_GAP, partition.TREE_FORKED, partition.DEFECT}
    refusals = {it.reason for it in (statement.PartitionStopped, statement.UnreadEvents, statement.FoldBehind)}

    assert all(f'why="{it}"' in section("Alarms") for it in stops)
    assert all(f"`{it}`" in section("Alarms") for it in refusals)
    assert all(f"`{it}`" in section("Alarms") for it in PARTS if it)


def test_every_key_is_either_rotated_or_kept():
    *rotated, kept = re.findall(r"^\| (`.*?) \|", section("Rotate keys"), re.MULTILINE)

    assert {re.match(r"`(\w+)`", it)[1] for it in rotated} == set(ROTATABLE)
    assert set(re.findall(r"`(\w+)`", kept)) == set(PURPOSES) - set(ROTATABLE)


def test_commands_that_are_named_exist():
    commands = {
        tuple(word for word in shlex.split(found.replace("…", ""))[:2] if re.fullmatch(r"[a-z]+", word))
        for found in re.findall(r"(?<![\w/-])swtalent ([a-z][^`\n#&]*)", TEXT)
    }
    assert ("keys", "rotate") in commands
    for words in commands:
        answer = CliRunner().invoke(app, [*words, "--help"])
        assert answer.exit_code == 0, words


def test_files_that_are_linked_exist():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
