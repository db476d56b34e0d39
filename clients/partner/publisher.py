"""A department's way onto the platform: `async with Publisher("civil_affairs-510100", …) as publisher`."""

from __future__ import annotations

import asyncio
import contextlib
import time
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerClosed,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)

from clients.partner.builders import Builders
from clients.partner.checks import Fault, RecordInvalid
from clients.partner.lane import Header, Lane
from clients.partner.seal import SealSession, platform_key

PARTITIONS = 3
BATCH_BYTES = 256 * 1024
LARGEST_RECORD = 128 * 1024
_PAUSES_S = (0.1, 0.5, 1.0, 2.0, 5.0)
# These do not go away by waiting: somebody must change a setting.
_NEEDS_SOMEBODY = (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
# The broker did not answer yet, or the batch was taken back from a producer that was given up.
_SAME_PRODUCER = (KafkaConnectionError, KafkaTimeoutError, ProducerClosed)


class Progress(NamedTuple):
    """`accepted` records were handed over, `held` of them are acknowledged by the broker."""

    accepted: int
    held: int


class NotDelivered(Exception):
    """`waiting` records are not acknowledged yet. None is dropped: while the publisher is open, sending goes on."""

    def __init__(self, waiting: int, why: str) -> None:
        super().__init__(f"{waiting} records are not acknowledged: {why}")
        self.waiting = waiting


class Publisher(Builders):
    """Records of one partner: sealed, batched per partition, acknowledged by all in-sync replicas.

    A record may be written more than once when a connection breaks; the platform counts it once, by record id and
    revision. One publisher serves any number of tasks of one event loop.

    `platform_public_key`: 32 bytes or the file that the platform handed out. `kafka`: more arguments for the aiokafka
    producer, for example `security_protocol`, `sasl_mechanism`. `validate=False` leaves all checks to the platform.
    `patience_s` is how long the topic is looked for at the start.
    """

    def __init__(
        self,
        partner: str,
        *,
        platform_public_key: bytes | str | Path,
        bootstrap_servers: str = "127.0.0.1:9092",
        deployment: str = "local",
        validate: bool = True,
        patience_s: float = 15.0,
        progress: Callable[[Progress], None] | None = None,
        kafka: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(validate=validate)
        self.partner = partner
        self.topic = f"partner.{partner}.records.v1"
        self._platform = platform_key(platform_public_key)
        self._deployment = deployment
        self._patience_s = patience_s
        self._progress = progress
        self._settings = {
            "bootstrap_servers": bootstrap_servers,
            "client_id": f"swtalent-partner-{partner}",
            "enable_idempotence": True,
            "acks": "all",
            "max_batch_size": BATCH_BYTES,
            "request_timeout_ms": 10_000,
            **(kafka or {}),
        }
        self._producer: Any = None
        self._sealing: SealSession | None = None
        self._accepted = self._held = 0
        self._failures = 0
        self._trouble: Exception | None = None
        self._moved = asyncio.Event()
        self._restarting = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._lanes: tuple[Lane, ...] = ()
        self._source = ("ce_source", f"partner/{partner}".encode())
        self._type_headers: dict[str, Header] = {}
        self._seal_header: Header = ("swtalent-seal", b"")
        self._stamp: tuple[int, Header] = (0, ("ce_time", b""))

    async def __aenter__(self) -> Self:
        """Raises NotDelivered when the broker or the partner's topic cannot be reached."""
        self._producer = await self._started()
        try:
            found = await asyncio.wait_for(self._producer.partitions_for(self.topic), self._patience_s)
        except (KafkaError, TimeoutError) as error:
            await _stop(self._producer)
            raise NotDelivered(0, f"topic {self.topic} cannot be reached; is the partner registered? {error}") from None
        if len(found) != PARTITIONS:
            await _stop(self._producer)
            raise NotDelivered(0, f"topic {self.topic} has {len(found)} partitions, not {PARTITIONS}")
        self._lanes = tuple(self._lane(number) for number in range(PARTITIONS))
        self._tasks = [asyncio.create_task(lane.run(), name=f"publish-{self.topic}") for lane in self._lanes]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for everything to be acknowledged, unless the block ended with an error."""
        try:
            if kind is None:
                await self.flush()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await _stop(self._producer)

    @property
    def progress(self) -> Progress:
        return Progress(self._accepted, self._held)

    async def flush(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the caller's patience is part of it
        """Returns when the broker holds every record handed over before.

        Raises NotDelivered after `timeout` seconds, or as soon as an error needs somebody to change something (missing
        topic, missing rights). The records stay buffered and sending goes on: call again.
        """
        goal = self._accepted
        for lane in self._lanes:
            lane.close_open()
        self._trouble = None
        try:
            async with asyncio.timeout(timeout):
                while self._held < goal:
                    self._raise_what_needs_somebody(goal)
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise NotDelivered(goal - self._held, f"not within {timeout} s; {self._last_trouble()}") from None

    def _last_trouble(self) -> str:
        return f"{type(self._trouble).__name__}: {self._trouble}" if self._trouble else "the broker is slow or away"

    def _raise_what_needs_somebody(self, goal: int) -> None:
        if isinstance(self._trouble, _NEEDS_SOMEBODY):
            raise NotDelivered(goal - self._held, self._last_trouble())

    def _session(self) -> SealSession:
        session = self._sealing
        if session is None or session.spent():
            session = self._sealing = SealSession(self._platform, deployment=self._deployment, partner=self.partner)
            self._seal_header = ("swtalent-seal", session.header)
        return session

    async def _send(self, type_: str, record_id: str, revision: int, value: bytes, seal: bytes) -> None:
        if len(value) > LARGEST_RECORD:
            raise RecordInvalid(record_id, [Fault("FIELD_TOO_LONG", "")])
        now = time.time_ns() // 1_000_000
        if now != self._stamp[0]:
            self._stamp = (now, ("ce_time", _rfc3339(now)))
        named = self._type_headers.get(type_)
        if named is None:
            named = self._type_headers[type_] = ("ce_type", f"swtalent.partner.v1.{type_}".encode())
        headers = [
            ("content-type", b"application/protobuf"),
            ("ce_specversion", b"1.0"),
            ("ce_id", f"{record_id}:{revision}".encode()),
            self._source,
            named,
            self._stamp[1],
        ]
        if seal:
            headers.append(self._seal_header)
        key = record_id.encode()
        self._accepted += 1
        await self._lanes[zlib.crc32(key) % PARTITIONS].put(now, key, value, headers)

    def _lane(self, partition: int) -> Lane:
        def new_builder() -> Any:
            return self._producer.create_batch()  # the producer may be another one than at the last call

        async def deliver(builder: Any) -> None:
            await (await self._producer.send_batch(builder, self.topic, partition=partition))

        return Lane(
            new_builder=new_builder,
            deliver=deliver,
            failed=self._after_failure,
            held=self._count,
        )

    def _count(self, records: int) -> None:
        self._held += records
        self._failures = 0
        self._moved.set()
        if self._progress is not None:
            asyncio.get_running_loop().call_soon(self._progress, self.progress)

    async def _after_failure(self, error: Exception) -> None:
        """Wait a little; unless the broker just did not answer, go on with a producer of a new identity."""
        self._trouble = error
        self._moved.set()
        failed = self._producer
        await asyncio.sleep(_PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)])
        self._failures += 1
        async with self._restarting:
            if failed is not self._producer or isinstance(error, _SAME_PRODUCER):
                return
            with contextlib.suppress(NotDelivered):
                self._producer = await self._started()
                await _stop(failed)

    async def _started(self) -> Any:
        producer = AIOKafkaProducer(**self._settings)
        try:
            await producer.start()
        except BaseException as error:  # a caller who is cancelled meanwhile leaves no connection behind either
            await _stop(producer)
            if isinstance(error, KafkaError):
                raise NotDelivered(self._accepted - self._held, f"no broker answers: {error}") from None
            raise
        return producer


async def _stop(producer: Any) -> None:
    """Give it up: what it has not delivered fails with ProducerClosed. Its own `stop` would wait for that for ever."""
    sender, producer._sender = producer._sender, None  # noqa: SLF001 - there is no public way
    if sender is not None:
        with contextlib.suppress(Exception):
            await sender.close()
    producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001
    await producer.stop()


def _rfc3339(milliseconds: int) -> bytes:
    now = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
