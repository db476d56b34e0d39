"""Where settings come from, what production refuses, and how they are listed."""

import json

import pytest

from services.shared.runtime.settings import (
    DEFAULTS,
    Settings,
    SettingsError,
    listing,
    main,
    settings_for,
    unknown_variables,
)

PRODUCTION = {
    "environment": "production",
    "kafka_replication_factor": 3,
    "kafka_min_insync_replicas": 2,
    "token_issuer": "https://id.example",
    "token_keys_file": "keys.json",
    "service_token_file": "token",
}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for variable in [f"SWTALENT_{name.upper()}" for name in Settings.model_fields] + ["SWTALENT_SETTINGS_FILE"]:
        monkeypatch.delenv(variable, raising=False)


def test_each_service_has_ports_and_a_data_directory_of_its_own():
    taken = [(s.grpc_port, s.metrics_port, s.data_dir) for s in map(settings_for, DEFAULTS)]

    assert taken == [
        (7101, 7201, ".data/registry"),
        (7102, 7202, ".data/stations"),
        (7103, 7203, ".data/funding"),
        (7104, 7204, ".data/evaluation"),
    ]


def test_neighbours_default_to_the_ports_that_the_services_take():
    asked = [settings_for("registry").neighbour_address(service) for service in DEFAULTS]

    assert asked == [f"127.0.0.1:{settings_for(service).grpc_port}" for service in DEFAULTS]


def test_the_environment_goes_before_the_file_and_the_file_before_the_defaults(monkeypatch, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('log_level = "ERROR"\ndeployment = "sichuan"\n[registry]\ngrpc_port = 9001\nmetrics_port = 9002\n')
    monkeypatch.setenv("SWTALENT_SETTINGS_FILE", str(file))
    monkeypatch.setenv("SWTALENT_GRPC_PORT", "9003")

    settings = settings_for("registry")

    assert (settings.grpc_port, settings.metrics_port) == (9003, 9002)
    assert (settings.log_level, settings.deployment, settings.data_dir) == ("ERROR", "sichuan", ".data/registry")
    assert settings_for("funding").metrics_port == 7203


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("grpc_prot = 1", "grpc_prot"),
        ("[registrar]\ngrpc_port = 1", "registrar"),
        ("grpc_port = ", "is not TOML"),
    ],
)
def test_a_misspelt_file_is_refused_by_name(monkeypatch, tmp_path, content, told):
    file = tmp_path / "settings.toml"
    file.write_text(content)
    monkeypatch.setenv("SWTALENT_SETTINGS_FILE", str(file))

    with pytest.raises(SettingsError, match=told):
        settings_for("registry")


def test_a_file_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("SWTALENT_SETTINGS_FILE", "nowhere.toml")

    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        settings_for("registry")


def test_a_wrong_value_is_told_with_its_variable_and_without_the_value(monkeypatch):
    monkeypatch.setenv("SWTALENT_GRPC_PORT", "secret-text")

    with pytest.raises(SettingsError) as caught:
        settings_for("registry")

    assert str(caught.value).startswith("SWTALENT_GRPC_PORT: ")
    assert "secret-text" not in str(caught.value)


def test_misspelt_variables_are_noticed(monkeypatch):
    monkeypatch.setenv("SWTALENT_GPRC_PORT", "1")

    assert unknown_variables() == ["SWTALENT_GPRC_PORT"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kafka_replication_factor": 1}, "kafka_replication_factor"),
        ({"kafka_min_insync_replicas": 1}, "kafka_min_insync_replicas"),
        ({"store": "memory"}, "store=memory"),
        ({"sqlite_synchronous": "NORMAL"}, "sqlite_synchronous"),
        ({"token_keys_file": ""}, "token_keys_file"),
        ({"service_token_file": ""}, "service_token_file"),
    ],
)
def test_production_refuses_to_start_on_local_assumptions(tmp_path, change, told):
    with pytest.raises(SettingsError, match=told):
        settings_for("registry", keys_dir=str(tmp_path), **(PRODUCTION | change))


def test_production_refuses_to_start_beside_the_local_issuers_key(tmp_path):
    assert settings_for("registry", keys_dir=str(tmp_path), **PRODUCTION).environment == "production"

    (tmp_path / "jwt.key").touch()

    with pytest.raises(SettingsError, match="local token issuer's key"):
        settings_for("registry", keys_dir=str(tmp_path), **PRODUCTION)


def test_every_setting_is_listed_with_type_default_and_purpose(capsys):
    assert main(["--json"]) == 0
    listed = json.loads(capsys.readouterr().out)

    assert [row["name"] for row in listed] == [
        f"SWTALENT_{name.upper()}" for name in Settings.model_fields if name != "service"
    ]
    assert all(row["what"] and row["type"] for row in listed)
    by_name = {row["name"]: row for row in listed}
    assert by_name["SWTALENT_STORE"]["type"] == "sqlite|memory|mongo"
    assert by_name["SWTALENT_GRPC_PORT"]["default"] == {
        "registry": 7101,
        "stations": 7102,
        "funding": 7103,
        "evaluation": 7104,
    }
    assert by_name["SWTALENT_KAFKA_SASL_PASSWORD"]["type"] == "secret"


def test_the_listing_is_for_people_too(capsys):
    assert main([]) == 0

    assert capsys.readouterr().out.count("\n") == 2 * len(listing())


def test_secrets_do_not_show_in_the_text_of_settings():
    settings = settings_for("registry", kafka_sasl_password="hunter2", mongo_uri="mongodb://u:hunter2@h")

    assert "hunter2" not in repr(settings)
