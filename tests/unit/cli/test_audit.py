"""`swtalent audit`: exit code 0 only when all is well; else what differs, and where."""

import base64
import json

import pytest
from typer.testing import CliRunner

from clients.cli.__main__ import app
from tests.builders.evaluator import KEY, a_platform

NOBODY = "127.0.0.1:1"


@pytest.fixture
def audit(tmp_path):
    raw = KEY.public_key().public_bytes_raw()
    (tmp_path / "evidence.pub").write_text(f"0123456789abcdef\n{base64.b64encode(raw).decode()}\n", encoding="ascii")
    environment = {
        "SWTALENT_KEYS_DIR": str(tmp_path),
        "SWTALENT_KAFKA_BOOTSTRAP_SERVERS": NOBODY,
        "SWTALENT_DEPLOYMENT": "local",
        "COLUMNS": "200",
        "TERM": "dumb",
    }
    return lambda *arguments: CliRunner().invoke(app, ["audit", *map(str, arguments)], env=environment)


@pytest.fixture
def folder(tmp_path):
    return a_platform().write(tmp_path / "log")


def test_an_exported_log_is_verified_without_kafka(audit, folder):
    answer = audit("verify", "--from", folder)

    assert answer.exit_code == 0, answer.output
    lines = answer.output.splitlines()
    assert lines[0] == "entries      7 in 48 partitions"
    assert lines[1].endswith("  evaluation.events.v1:0")
    assert lines[-2:] == ["      1  1", "OK"]


def test_the_answer_in_json(audit, folder):
    answer = audit("verify", "--from", folder, "--json")

    found = json.loads(answer.output)
    expected = {
        "ok": True,
        "entries": 7,
        "partitions": 48,
        "statement": "statement/1",
        "indicators_equal": True,
        "first_difference": "",
    }
    assert {name: found[name] for name in expected} == expected
    assert answer.exit_code == 0


def test_a_flipped_byte_is_named_and_the_exit_code_is_1(audit, folder):
    path = max(folder.glob("registry.*.log"), key=lambda it: it.stat().st_size)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    place = path.stem.replace("-", ":")

    answer, as_json = audit("verify", "--from", folder), audit("verify", "--from", folder, "--json")

    assert answer.exit_code == as_json.exit_code == 1
    assert f"NOT OK: {place}:3 was altered" in answer.output
    assert json.loads(as_json.output)["first_difference"].startswith(f"{place}:3 was altered")


def test_a_folder_that_cannot_be_read_is_told(audit, folder):
    path = next(folder.glob("*.leaves"))
    path.unlink()

    answer = audit("verify", "--from", folder)

    assert answer.exit_code == 1
    assert f"{path}: No such file or directory" in answer.output


def test_without_the_public_key_the_remedy_is_told(audit, folder, tmp_path):
    (tmp_path / "evidence.pub").unlink()

    answer = audit("verify", "--from", folder)

    assert answer.exit_code == 1
    assert "→ give --key FILE, or set SWTALENT_KEYS_DIR" in answer.output


def test_from_and_export_exclude_each_other(audit, folder):
    assert audit("verify", "--from", folder, "--export", folder).exit_code == 2


@pytest.mark.parametrize("command", [["verify"], ["watch"], ["export", "somewhere"]])
def test_without_kafka_the_remedy_is_told(audit, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = audit(*command)

    assert answer.exit_code == 1
    assert f"Kafka at {NOBODY} does not answer" in answer.output
    assert "SWTALENT_KAFKA_BOOTSTRAP_SERVERS" in answer.output
