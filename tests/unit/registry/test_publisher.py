"""What is put together of encoded parts is what protobuf would write of the whole."""

from __future__ import annotations

import pytest

from services.registry.commands import record_pass, record_talent
from services.registry.domain.talent import Talent
from services.registry.publisher import talents
from services.shared.runtime.envelope import embedded, varint
from services.shared.runtime.store.kind import Stamp
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import registry_service_pb2 as service
from tests.builders.registry import KEYS, TODAY, a_record_pass, a_record_talent

STAMP = Stamp("2026-11-24T04:00:00.000Z")


def a_talent():
    talent = Talent.new("t" * 32)
    record_talent.step(a_record_talent(), keys=KEYS, today=TODAY).change(talent)
    record_pass.step(a_record_pass(), keys=KEYS, today=TODAY).change(talent)
    return talent


def test_an_event_decodes_and_encodes_to_the_same_bytes():
    talent = a_talent()
    for recorded in talent.pending:
        [message] = talents.talent_messages(talent.id, recorded, STAMP)
        event = events.TalentEvent.FromString(message.value)

        assert event.SerializeToString() == message.value
        assert (event.id, event.version) == (talent.id, recorded.version)
        assert event.after.affiliations[0].place == "510104"
    assert event.pass_recorded.level == "assistant"
    assert dict(message.headers)["ce_type"] == b"swtalent.registry.v1.TalentEvent"


def test_a_summary_and_an_answer_decode_and_encode_to_the_same_bytes():
    talent = a_talent()
    summary, answer = talents.talent_summary(talent), talents.talent_response(talent)

    assert service.Talent.FromString(summary).SerializeToString() == summary
    assert service.GetTalentResponse.FromString(answer).SerializeToString() == answer
    assert service.GetTalentResponse.FromString(answer).talent.masked_name == "李**"


@pytest.mark.parametrize("size", [0, 1, 127, 128, 300, 16_383, 16_384, 70_000])
def test_lengths_are_written_as_protobuf_writes_them(size):
    text = "x" * size
    written = embedded(1, text.encode())

    assert service.GetTalentRequest.FromString(written).talent_id == text
    assert varint(size)[-1] < 128
