"""The ways to the log of a running service: Kafka, as the settings say."""

from __future__ import annotations

from services.shared.runtime.kafka import connection_of
from services.shared.runtime.kafka_publisher import KafkaPublisher
from services.shared.runtime.kafka_source import KafkaSource
from services.shared.runtime.reader import Reader
from services.shared.runtime.settings import Settings
from services.shared.runtime.stream_ports import Publisher, Source


class KafkaStreams:
    """One producer per relay, one consumer group per reader."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = connection_of(settings)

    def publisher(self) -> Publisher:
        return KafkaPublisher(self._connection)

    def source(self, reader: Reader, *, group: str) -> Source:
        return KafkaSource(
            self._connection,
            topics=reader.topics,
            group=group,
            window_records=self._settings.intake_window_records,
            window_ms=self._settings.intake_window_ms,
        )
