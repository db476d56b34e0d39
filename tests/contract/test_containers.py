"""The compose file and the image, checked against settings, topics and tree; no engine is needed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from deploy import topics
from deploy.local import kafka, stack
from services.shared.runtime import issuer, keys, token_files
from services.shared.runtime.issuer import ServiceToken
from services.shared.runtime.probe import address_of, main, serves
from services.shared.runtime.settings import DEFAULTS, Settings, settings_for
from services.shared.runtime.tokens import Tokens, trusted_keys
from tests.builders.serving import SetClock, serving

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = sorted(DEFAULTS)
THIRD = ["kafka", "mongo"]
ONCE = ["keys", "topics", "token"]
RUNNING = [*OURS, *THIRD, "issuer"]
BUILT = [*OURS, *ONCE, "issuer"]

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COPIED = [
    source
    for line in DOCKERFILE.splitlines()
    if line.startswith("COPY ") and "--from" not in line
    for source in line.split()[1:-1]
]


def environment(name, monkeypatch, *, volumes=""):
    """Of the compose file, and nothing else; `volumes` = a folder that holds what is mounted."""
    for variable in [key for key in os.environ if key.startswith("SWTALENT_")]:
        monkeypatch.delenv(variable)
    given = {
        key: re.sub(r"^(?=/(keys|issuer|tokens))", str(volumes), str(value))
        for key, value in SERVICES[name].get("environment", {}).items()
    }
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    return given


# --- settings


@pytest.mark.parametrize("name", BUILT)
def test_every_variable_is_a_known_setting(name):
    known = {f"SWTALENT_{field.upper()}" for field in Settings.model_fields} - {"SWTALENT_SERVICE"}

    assert set(SERVICES[name].get("environment", {})) <= known


@pytest.mark.parametrize("name", OURS)
def test_a_service_starts_with_the_settings_that_it_is_given(name, monkeypatch):
    environment(name, monkeypatch)

    settings = settings_for(name)

    assert (settings.store, settings.environment) == ("mongo", "local")
    assert settings.service_token_file == f"/tokens/{name}.token"


@pytest.mark.parametrize("name", OURS)
def test_its_ports_are_the_defaults_and_open_to_this_machine_alone(name, monkeypatch):
    environment(name, monkeypatch)
    settings = settings_for(name)

    assert (settings.grpc_port, settings.metrics_port) == (DEFAULTS[name]["grpc_port"], DEFAULTS[name]["metrics_port"])
    assert SERVICES[name]["ports"] == [
        f"127.0.0.1:{port}:{port}" for port in (settings.grpc_port, settings.metrics_port)
    ]


@pytest.mark.parametrize("name", OURS)
def test_neighbours_kafka_and_mongo_are_found_under_their_container_names(name, monkeypatch):
    environment(name, monkeypatch)
    settings = settings_for(name)

    for neighbour in OURS:
        assert settings.neighbour_address(neighbour) == f"{neighbour}:{DEFAULTS[neighbour]['grpc_port']}"
    assert (
        f"CLIENTS://{settings.kafka_bootstrap_servers}"
        in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    )
    assert settings.mongo_uri.get_secret_value() == "mongodb://mongo:27017/?replicaSet=swtalent"


# --- structure


def test_everything_that_runs_is_there():
    assert set(SERVICES) == {*RUNNING, *ONCE}


@pytest.mark.parametrize("name", RUNNING)
def test_what_keeps_running_is_checked_and_restarted(name):
    check = SERVICES[name]["healthcheck"]

    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_a_service_waits_for_what_it_cannot_start_without(name):
    assert {it: condition["condition"] for it, condition in SERVICES[name]["depends_on"].items()} == {
        "mongo": "service_healthy",
        "issuer": "service_healthy",
        "keys": "service_completed_successfully",
        "topics": "service_completed_successfully",
    }


@pytest.mark.parametrize("name", ONCE)
def test_what_runs_once_is_not_restarted(name):
    assert SERVICES[name]["restart"] == "no"
    assert SERVICES[name]["healthcheck"] == {"disable": True}


def test_names_that_are_referred_to_exist():
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        for condition in service.get("depends_on", {}).values():
            assert condition["condition"] in {"service_healthy", "service_completed_successfully"}


def test_nothing_is_written_that_compose_does_not_know():
    top = {"name", "services", "volumes"}
    known = {
        *("build", "cap_drop", "command", "depends_on", "entrypoint", "environment", "healthcheck", "image", "logging"),
        *("ports", "profiles", "pull_policy", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs"),
        "volumes",
    }

    assert {key for key in COMPOSE if not key.startswith("x-")} == top
    assert {key for service in SERVICES.values() for key in service} <= known
    for service in SERVICES.values():
        assert set(service["healthcheck"]) <= {"test", "interval", "timeout", "retries", "start_period", "disable"}
        for text in (service.get("stop_grace_period", "1s"), service["healthcheck"].get("interval", "1s")):
            assert re.fullmatch(r"\d+s", text)


def test_images_are_pinned_and_ours_is_built_once():
    assert all(re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+", service["image"]) for service in SERVICES.values())
    assert {name for name, service in SERVICES.items() if "build" in service} == {"issuer"}
    assert {name for name, service in SERVICES.items() if service.get("pull_policy") == "never"} == set(BUILT)


@pytest.mark.parametrize("name", BUILT)
def test_our_containers_may_do_nothing_but_their_work(name):
    service = SERVICES[name]

    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_commands_name_modules_that_exist():
    for name in BUILT:
        service = SERVICES[name]
        words = [*service.get("entrypoint", []), *service["command"], *service["healthcheck"].get("test", [])]
        modules = [word for word in words if re.fullmatch(r"(services|deploy)\.[a-z_.]+", word)]
        assert modules
        assert all(find_spec(module) for module in modules)


# --- Kafka


def test_the_broker_has_the_settings_of_the_local_one():
    given = {key: str(value) for key, value in SERVICES["kafka"]["environment"].items()}
    told = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in kafka._SETTINGS.items()}
    # One listener more, for programs of this machine outside the containers.
    told["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] += ",MACHINE:PLAINTEXT"

    assert told.items() <= given.items()
    assert SERVICES["kafka"]["ports"] == [f"127.0.0.1:{stack.KAFKA_PORT}:{stack.KAFKA_PORT}"]
    assert f"MACHINE://127.0.0.1:{stack.KAFKA_PORT}" in given["KAFKA_ADVERTISED_LISTENERS"]


def test_topics_come_from_the_topics_file_and_from_nowhere_else():
    assert SERVICES["topics"]["command"] == ["deploy.local.topics", "kafka:19092"]
    assert "deploy" in COPIED
    assert topics.FILE == ROOT / "deploy" / "topics.yaml"
    assert str(SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"]) == "false"
    assert "KAFKA_NUM_PARTITIONS" not in SERVICES["kafka"]["environment"]


# --- the image


def test_the_image_copies_what_exists_and_is_sent_nothing_else():
    ignored = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()

    assert all((ROOT / source).exists() for source in COPIED)
    assert {"requirements.lock", "pyproject.toml", "proto", "services", "clients", "deploy"} == set(COPIED)
    assert [line for line in ignored if line == "*"] == ["*"]
    assert {line[1:] for line in ignored if line.startswith("!")} == set(COPIED)


def test_the_image_is_pinned_slim_and_not_root():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.1[1-9]\.\d+-slim-\w+", bases[0])
    assert re.findall(r"^USER (.*)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert 'ENTRYPOINT ["python", "-m"]' in DOCKERFILE
    assert 'CMD ["python", "-m", "services.shared.runtime.probe"]' in DOCKERFILE.partition("HEALTHCHECK")[2]


def test_the_lock_has_a_version_for_every_package_that_the_image_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = {
        re.split("==", line)[0].lower().replace("_", "-")
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    }

    asked = {re.split(r"[\[><=;]", line)[0].lower().replace("_", "-") for line in project["dependencies"]}
    assert asked | {"hatchling"} <= locked


def test_folders_that_volumes_are_mounted_on_belong_to_the_user():
    mounted = {volume.split(":")[1] for name in BUILT for volume in SERVICES[name].get("volumes", ())}
    made = re.search(r"mkdir -m 700 (.*) \\\n\s+&& chown swtalent:swtalent (.*)\n", DOCKERFILE)

    assert made
    assert made[1] == made[2]
    assert mounted <= set(made[1].split())


# --- tokens between containers


def test_the_issuers_key_is_mounted_nowhere_else():
    holders = {name for name in SERVICES if any(v.startswith("issuer:") for v in SERVICES[name].get("volumes", ()))}

    assert holders == {"issuer", "token"}
    assert all(SERVICES[name]["volumes"] == ["keys:/keys:ro", "tokens:/tokens:ro"] for name in OURS)


def test_issuer_services_and_token_speak_of_one_issuer(monkeypatch):
    named = environment("issuer", monkeypatch)["SWTALENT_TOKEN_ISSUER"]

    assert SERVICES["token"]["entrypoint"][-2:] == ["--issuer", named]
    for name in OURS:
        assert SERVICES[name]["environment"]["SWTALENT_TOKEN_ISSUER"] == named
        assert SERVICES[name]["environment"]["SWTALENT_TOKEN_KEYS_FILE"] == f"/tokens/{token_files.KEY_SET}"


def test_a_service_is_known_to_its_neighbour_in_another_container_and_so_is_a_user(tmp_path, monkeypatch, capsys):
    clock = SetClock()
    keys.init(tmp_path / "keys")
    environment("issuer", monkeypatch, volumes=tmp_path)
    token_files.write(tmp_path / "tokens", settings_for("registry"), now=clock.now().timestamp())
    environment("funding", monkeypatch, volumes=tmp_path)
    funding = settings_for("funding")
    tokens = Tokens(trusted_keys(funding), deployment="local", clock=clock)
    environment("stations", monkeypatch, volumes=tmp_path)
    own = ServiceToken(settings_for("stations"), clock).current()

    found = tokens.verify(f"Bearer {own}", loopback=False)

    assert (found.principal.name, found.local) == ("service/stations", False)
    environment("token", monkeypatch, volumes=tmp_path)
    monkeypatch.setattr(issuer.time, "time", lambda: clock.now().timestamp())
    assert issuer.main([*SERVICES["token"]["entrypoint"][3:], "--role", "evaluator"]) == 0
    mine = capsys.readouterr().out.strip()
    assert tokens.verify(f"Bearer {mine}", loopback=False).principal.roles == {"evaluator"}


# --- compose itself, where it is


def test_compose_itself_reads_the_file():
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("there is no `docker` on this machine; the compose file was checked by the other tests only")
    version = subprocess.run([docker, "compose", "version"], check=False, capture_output=True, text=True)
    if version.returncode:
        said = (version.stderr or version.stdout).strip().splitlines()
        pytest.skip(f"`docker compose` does not answer here ({said[0] if said else 'it said nothing'})")
    config = [docker, "compose", "--file", str(ROOT / "docker-compose.yml"), "--profile", "tools", "config", "--quiet"]

    done = subprocess.run(config, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


# --- the probe


async def test_the_probe_says_whether_a_part_serves(tmp_path):
    async with serving(tmp_path) as client:
        address = client.server.address

        assert not await asyncio.to_thread(serves, address, "relay")
        assert not await asyncio.to_thread(serves, "127.0.0.1:1")
        client.server._health.mark("relay", True)
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(serves, address, "relay")


async def test_the_probes_exit_code_is_its_answer(tmp_path, monkeypatch):
    async with serving(tmp_path) as client:
        monkeypatch.setenv("SWTALENT_GRPC_PORT", str(client.server.port))

        assert await asyncio.to_thread(main, ["registry"]) == 1
        client.server._health.mark("", True)
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(main, ["registry"]) == 0
        assert await asyncio.to_thread(main, [client.server.address]) == 0
        assert await asyncio.to_thread(main, [client.server.address, "intake"]) == 1


@pytest.mark.parametrize(("name", "port"), [("registry", 7101), ("evaluation", 7104)])
def test_without_arguments_the_probe_asks_the_service_of_process_1(tmp_path, name, port, monkeypatch):
    monkeypatch.delenv("SWTALENT_GRPC_PORT", raising=False)
    line = tmp_path / "cmdline"
    line.write_bytes(f"python\0-m\0services.{name}\0".encode())

    assert address_of("", process_1=line) == f"127.0.0.1:{port}"


def test_the_probe_finds_nothing_where_process_1_is_no_service(tmp_path):
    line = tmp_path / "cmdline"
    line.write_bytes(b"python\0-m\0deploy.local.topics\0")

    assert address_of("", process_1=line) == ""
