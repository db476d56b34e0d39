"""The compose file and the image, checked against the settings and the tree, without an engine."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from services.shared.runtime.probe import serves
from services.shared.runtime.settings import DEFAULTS, Settings, settings_for
from tests.builders.serving import serving

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = sorted(DEFAULTS)


def test_the_four_services_are_there_with_kafka_and_mongo():
    assert set(SERVICES) == {*OURS, "kafka", "mongo", "keys", "topics"}


@pytest.mark.parametrize("name", OURS)
def test_a_services_environment_is_made_of_known_settings_with_valid_values(name, monkeypatch):
    given = SERVICES[name]["environment"]
    unknown = {key for key in given if key.removeprefix("SWTALENT_").lower() not in Settings.model_fields}
    for variable in [key for key in os.environ if key.startswith("SWTALENT_")]:
        monkeypatch.delenv(variable)
    for key, value in given.items():
        monkeypatch.setenv(key, str(value))

    assert unknown == set()
    assert settings_for(name).store == "mongo"


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_checked_where_it_listens_and_waits_for_what_it_needs(name):
    service = SERVICES[name]

    assert service["command"] == [f"services.{name}"]
    assert service["healthcheck"]["test"][-1] == f"127.0.0.1:{DEFAULTS[name]['grpc_port']}"
    assert service["healthcheck"]["test"][3] == "services.shared.runtime.probe"
    assert set(service["depends_on"]) == {"mongo", "keys", "topics"}
    assert service["restart"] == "unless-stopped"


def test_all_share_one_namespace_so_that_nothing_is_open_to_other_machines():
    assert all("ports" not in service for service in SERVICES.values())
    assert {it["network_mode"] for name, it in SERVICES.items() if name != "kafka"} == {"service:kafka"}


def test_images_are_pinned_and_volumes_declared():
    for service in SERVICES.values():
        assert re.search(r":\d+\.\d+\.\d+$", service["image"])
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in COMPOSE["volumes"]


def test_the_image_copies_what_exists_and_does_not_run_as_root():
    lines = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]]

    assert {"requirements.lock", "services", "clients", "deploy", "proto"} <= set(copied)
    assert all((ROOT / source).exists() for source in copied)
    assert re.fullmatch(r"FROM python:3\.\d+\.\d+-slim-\w+", lines[1])
    assert [line for line in lines if line.startswith("USER ")] == ["USER swtalent"]


def test_compose_itself_reads_the_file():
    done = subprocess.run(["docker", "compose", "version"], check=False, capture_output=True) if _docker() else None
    if done is None or done.returncode:
        pytest.skip("docker compose does not answer here; the file was checked as YAML against the settings only")
    config = subprocess.run(
        ["docker", "compose", "config", "--quiet"], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert (config.returncode, config.stderr) == (0, "")


def _docker() -> bool:
    return any(Path(folder, "docker").exists() for folder in os.environ["PATH"].split(os.pathsep))


async def test_the_probe_says_whether_a_part_serves(tmp_path):
    async with serving(tmp_path) as client:
        address = client.server.address

        assert not await asyncio.to_thread(serves, address, "relay")
        assert not await asyncio.to_thread(serves, "127.0.0.1:1")
        client.server._health.mark("relay", True)
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(serves, address, "relay")
