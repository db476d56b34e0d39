"""Every setting of the services: environment `SWTALENT_<NAME>`, then the file that SWTALENT_SETTINGS_FILE names, then
the default of the service, then the general default. `python -m services.shared.runtime.settings --json` lists them.

The file is TOML: names as below, in lower case; a table named after a service holds for that service only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SWTALENT_"
FILE = "SWTALENT_SETTINGS_FILE"

Service = Literal["registry", "stations", "funding", "evaluation"]

# What differs from service to service.
DEFAULTS: dict[str, dict[str, Any]] = {
    "registry": {"grpc_port": 7101, "metrics_port": 7201, "data_dir": ".data/registry"},
    "stations": {"grpc_port": 7102, "metrics_port": 7202, "data_dir": ".data/stations"},
    "funding": {"grpc_port": 7103, "metrics_port": 7203, "data_dir": ".data/funding"},
    "evaluation": {"grpc_port": 7104, "metrics_port": 7204, "data_dir": ".data/evaluation"},
}


class SettingsError(Exception):
    """The settings do not allow a start; the text names the setting and the remedy."""


class Settings(BaseSettings):
    """Fixed at start. Read them with `settings_for`, which also knows the defaults of the service."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    service: Service = Field(description="Which service this process is; given by the command, not by the environment")
    environment: Literal["local", "test", "production"] = Field(
        "local", description="production refuses local token issuers, single replicas and a store without durability"
    )
    deployment: str = Field(
        "local",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="Name of this deployment: audience of tokens, origin of checkpoints, bound into every seal",
    )

    kafka_bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port with commas")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How the brokers are spoken to"
    )
    kafka_sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="With SASL: the mechanism"
    )
    kafka_sasl_username: str = Field("", description="With SASL: the user, one per service")
    kafka_sasl_password: SecretStr = Field(SecretStr(""), description="With SASL: the password")
    kafka_ca_file: str = Field("", description="With SSL: certificates of the brokers' authority (PEM)")
    kafka_replication_factor: int = Field(
        1, ge=1, description="Copies of each record that the topics were created with; production asks for 3"
    )
    kafka_min_insync_replicas: int = Field(
        1, ge=1, description="Copies that must hold a record before it is acknowledged; production asks for 2"
    )

    store: Literal["sqlite", "memory", "mongo"] = Field("sqlite", description="Where aggregates are kept")
    data_dir: str = Field(".data/service", description="Directory of the service's own files; one process at a time")
    sqlite_synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL", description="FULL: a commit survives a power cut; NORMAL: it survives a crash of the process only"
    )
    mongo_uri: SecretStr = Field(SecretStr("mongodb://127.0.0.1:27017"), description="MongoDB, for store=mongo")
    mongo_database: str = Field("", description="Database for store=mongo; empty = swtalent_<service>")

    grpc_host: str = Field("127.0.0.1", description="Address that gRPC listens on")
    grpc_port: int = Field(7100, ge=0, le=65535, description="Port of gRPC; 0 = any free one")
    grpc_concurrent_calls: int = Field(2000, ge=1, description="Calls under way at once; more get RESOURCE_EXHAUSTED")
    grpc_tls_certificate: str = Field("", description="Certificate chain of the gRPC port (PEM); empty = no TLS")
    grpc_tls_key: str = Field("", description="Private key of that certificate (PEM)")
    grpc_tls_client_ca: str = Field("", description="Authority of client certificates (PEM); given = they are required")
    metrics_host: str = Field("127.0.0.1", description="Address that the metrics endpoint listens on")
    metrics_port: int = Field(7200, ge=0, le=65535, description="Port of GET /metrics; 0 = any free one")

    registry_address: str = Field("127.0.0.1:7101", description="gRPC address of the talent registry")
    stations_address: str = Field("127.0.0.1:7102", description="gRPC address of the station network")
    funding_address: str = Field("127.0.0.1:7103", description="gRPC address of procurement funding")
    evaluation_address: str = Field("127.0.0.1:7104", description="gRPC address of third-party evaluation")
    neighbour_timeout_ms: int = Field(1500, ge=1, description="Deadline of one question to a neighbour, with retries")
    neighbour_tls_ca: str = Field("", description="Authority of the neighbours' certificates (PEM); empty = no TLS")

    keys_dir: str = Field(".data/keys", description="Directory of the key files (see `swtalent keys`)")
    token_issuer: str = Field("", description="Issuer (iss) of tokens besides the local one; empty = none")
    token_keys_file: str = Field("", description="JWK set with that issuer's Ed25519 public keys")
    service_token_file: str = Field("", description="File with this service's own token, kept fresh by the deployment")
    token_cache_entries: int = Field(4096, ge=1, description="Tokens whose verification is remembered")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged")
    intake_window_records: int = Field(2000, ge=1, le=2000, description="Most records in one window of the intake")
    intake_window_ms: int = Field(10, ge=1, le=1000, description="Longest wait for a window to fill")
    parent_wait_s: float = Field(
        86_400.0, ge=0, description="How long a record waits for what it refers to, until it is refused"
    )
    grpc_grace_s: float = Field(5.0, ge=0, description="At stop: time for calls under way to end")
    relay_drain_s: float = Field(5.0, ge=0, description="At stop: time for stored events to reach Kafka")

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Whatever neither the caller nor the environment gave comes from the file, then from the service."""
        service = given.get("service", "")
        return {**DEFAULTS.get(service, {}), **_from_file(service), **given}

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.environment != "production":
            return self
        wrong = [
            text
            for bad, text in (
                (self.store == "memory", "store=memory loses everything at stop"),
                (self.sqlite_synchronous != "FULL", "sqlite_synchronous must be FULL"),
                (self.kafka_replication_factor < 3, "kafka_replication_factor must be 3 or more"),  # noqa: PLR2004
                (self.kafka_min_insync_replicas < 2, "kafka_min_insync_replicas must be 2 or more"),  # noqa: PLR2004
                (not self.token_issuer or not self.token_keys_file, "token_issuer and token_keys_file must be set"),
                (not self.service_token_file, "service_token_file must be set"),
                (
                    (Path(self.keys_dir) / "jwt.key").exists(),
                    f"the local token issuer's key lies in {self.keys_dir}; remove jwt.key there",
                ),
            )
            if bad
        ]
        if wrong:
            raise ValueError("environment=production: " + "; ".join(wrong))
        return self

    def neighbour_address(self, service: str) -> str:
        return str(getattr(self, f"{service}_address"))


def settings_for(service: str, **given: Any) -> Settings:
    """The settings of a service; `given` goes before everything else. Raises SettingsError in one line."""
    try:
        return Settings(service=service, **given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(problem) for problem in error.errors(include_url=False))) from None


def _explain(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    text = str(problem["msg"]).removeprefix("Value error, ")
    return f"{PREFIX}{place.upper()}: {text}" if place else text


def _from_file(service: str) -> dict[str, Any]:
    name = os.environ.get(FILE, "")
    if not name:
        return {}
    try:
        content = tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{FILE}: {name} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE}: {name} is not TOML: {error}") from None
    general = {key: value for key, value in content.items() if not isinstance(value, dict)}
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    if unknown := sorted({*general, *tables.get(service, {})} - {*Settings.model_fields} | {*tables} - {*DEFAULTS}):
        raise SettingsError(f"{FILE}: {name} has no known setting {', '.join(unknown)}")
    return {**general, **tables.get(service, {})}


def unknown_variables() -> list[str]:
    """Names in the environment that look like settings and are none: most likely misspelt."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | {FILE}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def listing() -> list[dict[str, Any]]:
    """Every setting: environment name, type, default (one per service where they differ) and what it does."""
    rows = []
    for name, field in Settings.model_fields.items():
        if name == "service":
            continue
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        differing = {service: values[name] for service, values in DEFAULTS.items() if name in values}
        choices = getattr(field.annotation, "__args__", None)
        kind = "|".join(map(str, choices)) if choices else getattr(field.annotation, "__name__", str(field.annotation))
        rows.append(
            {
                "name": f"{PREFIX}{name.upper()}",
                "type": {"SecretStr": "secret"}.get(kind, kind),
                "default": differing or default,
                "what": field.description,
            }
        )
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="services.shared.runtime.settings", description="List every setting")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    given = parser.parse_args(arguments)
    rows = listing()
    if given.json:
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        for row in rows:
            print(f"{row['name']}  ({row['type']}, default {row['default']!r})\n    {row['what']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
