from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.evaluation.consumers import decode
from services.evaluation.data import reference_rows
from services.evaluation.domain.partition import Event, Unread
from services.evaluation.domain.reference import Indicator, ReferenceSet
from services.evaluation.publisher import reference_messages
from services.shared.kernel.aggregate import Recorded
from services.shared.runtime import envelope
from services.shared.runtime.reader import Received
from services.shared.runtime.store.kind import LARGEST_FACTS, Stamp
from swtalent.evaluation.v1 import events_pb2 as evaluation_pb
from swtalent.funding.v1 import events_pb2 as funding_pb
from swtalent.registry.v1 import events_pb2 as registry_pb
from swtalent.stations.v1 import events_pb2 as stations_pb
from tests.builders.evaluation import a_talent, talent_event

PACKAGES = {"registry": registry_pb, "stations": stations_pb, "funding": funding_pb, "evaluation": evaluation_pb}
EVENTS = [
    (service, message)
    for service, module in PACKAGES.items()
    for name, message in module.DESCRIPTOR.message_types_by_name.items()
    if name.endswith("Event")
]


def received(message) -> Received:
    return Received(message.topic, 0, 0, message.key, message.value, message.headers, 0)


@pytest.mark.parametrize(("service", "message"), EVENTS, ids=lambda it: getattr(it, "name", it))
def test_every_event_of_every_service_is_read(service, message):
    body = getattr(PACKAGES[service], message.name)(id="x", version=7)
    record = received(envelope.event(service, "x", 7, body, Stamp("2021-03-01T08:00:00.000Z")))
    event = decode((record.topic, 0), record)
    assert isinstance(event, Event)
    assert event.version == 7
    assert isinstance(event.contributions(), dict)


def test_what_cannot_be_read_is_counted_as_unread():
    good = received(talent_event("t", 1, a_talent()))
    place = (good.topic, 0)

    def changed(**fields) -> Unread | Event:
        values = {name: getattr(good, name) for name in good.__struct_fields__}
        return decode(place, Received(**{**values, **fields}))

    assert changed(value=b"\xff\xff") == Unread("swtalent.registry.v1.TalentEvent (does not decode)")
    assert changed(value=b"") == Unread("swtalent.registry.v1.TalentEvent (no id or version)")
    assert changed(value=None) == Unread("swtalent.registry.v1.TalentEvent")
    assert changed(headers=()) == Unread("(no ce_type)")
    # A talent on the funding's topic is none: each topic has one writer.
    assert isinstance(decode(("funding.events.v1", 0), good), Unread)


def test_series_of_all_fed_definitions_are_described_for_outsiders():
    page = (Path(__file__).parents[3] / "docs" / "indicators.md").read_text(encoding="utf-8")
    described = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    used = {
        series
        for row in reference_rows()
        if row.kind is Indicator and row.facts.fed
        for series in (row.facts.numerator, row.facts.denominator)
        if series
    }
    assert used <= described


def test_reference_events_stay_below_the_limit_of_facts():
    for row in reference_rows():
        event = Recorded(1, ReferenceSet(row.reason, row.effective_from), row.facts)
        (message,) = reference_messages(row.kind)(row.id, event, Stamp("2021-03-01T08:00:00.000Z"))
        assert len(message.value) <= LARGEST_FACTS, row.id
