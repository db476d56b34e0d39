"""What every command takes from the environment, under the names that the services use (`swtalent settings`)."""

from __future__ import annotations

import os
from pathlib import Path

_PORTS = {"registry": 7101, "stations": 7102, "funding": 7103, "evaluation": 7104}


def bootstrap_servers() -> str:
    return os.environ.get("SWTALENT_KAFKA_BOOTSTRAP_SERVERS") or "127.0.0.1:9092"


def deployment() -> str:
    return os.environ.get("SWTALENT_DEPLOYMENT") or "local"


def keys_dir() -> Path:
    return Path(os.environ.get("SWTALENT_KEYS_DIR") or ".data/keys")


def address(service: str) -> str:
    return os.environ.get(f"SWTALENT_{service.upper()}_ADDRESS") or f"127.0.0.1:{_PORTS[service]}"


def given_token() -> str:
    """SWTALENT_TOKEN; "" = none was given."""
    return os.environ.get("SWTALENT_TOKEN", "")


def tls_authority() -> str:
    """File with the authority of the services' certificates (PEM); "" = no TLS."""
    return os.environ.get("SWTALENT_NEIGHBOUR_TLS_CA", "")
