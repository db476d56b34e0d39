"""How this process speaks to Kafka: addresses and security from the settings, one set of options per client."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.helpers import create_ssl_context
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from services.shared.runtime.settings import Settings

# A connection that is dead without saying so is given up after this; a record is never given up.
REQUEST_TIMEOUT_MS = 5000
# One batch per partition and chunk: well below the broker's message.max.bytes of 1 MiB.
BATCH_BYTES = 512 * 1024
_SASL = {"SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512, "PLAIN": SASLPlaintext}


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as librdkafka's "consistent" partitioner has it: CRC-32 modulo the partitions."""
    return zlib.crc32(key) % partitions


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Where the brokers are and how they are convinced of who we are."""

    bootstrap: str
    protocol: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: str = ""
    ca_file: str = ""
    client_id: str = "swtalent"

    def client_options(self) -> dict[str, Any]:
        """Options of every aiokafka client."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.protocol,
            "client_id": self.client_id,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
        }
        if self.protocol.endswith("SSL"):
            options["ssl_context"] = create_ssl_context(cafile=self.ca_file or None)
        if self.protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options

    def faststream_security(self) -> BaseSecurity:
        """The same for a FastStream broker."""
        ssl = self.protocol.endswith("SSL")
        context = create_ssl_context(cafile=self.ca_file or None) if ssl else None
        if self.protocol.startswith("SASL"):
            return _SASL[self.mechanism](
                username=self.username, password=self.password, ssl_context=context, use_ssl=ssl
            )
        return BaseSecurity(ssl_context=context, use_ssl=ssl)


def connection_of(settings: Settings) -> Connection:
    return Connection(
        bootstrap=settings.kafka_bootstrap_servers,
        protocol=settings.kafka_security_protocol,
        mechanism=settings.kafka_sasl_mechanism,
        username=settings.kafka_sasl_username,
        password=settings.kafka_sasl_password.get_secret_value(),
        ca_file=settings.kafka_ca_file,
        client_id=f"swtalent-{settings.service}",
    )


def new_producer(connection: Connection) -> AIOKafkaProducer:
    """Idempotent, acknowledged by all in-sync replicas; must be created in the running loop."""
    return AIOKafkaProducer(
        **connection.client_options(), enable_idempotence=True, acks="all", linger_ms=0, max_batch_size=BATCH_BYTES
    )
