"""A refusal tells the sender what is wrong, where and what to do, and nothing of what the record said."""

import pytest

from services.shared.kernel.change import Change
from services.shared.kernel.errors import AreaUnknown, CodeUnknown
from services.shared.runtime.reader import Received
from services.shared.runtime.refusals import Refusal, refusal_id, refusal_kind, refused
from services.shared.runtime.store.kind import Stamp
from swtalent.common.v1 import refusal_pb2

HEADERS = (("ce_id", b"rec-7:3"), ("ce_type", b"swtalent.partner.v1.TalentRecord"))


def a_record(topic="partner.justice.records.v1", headers=HEADERS, key=b"rec-7"):
    return Received(topic, 2, 41, key, b"\x00\xff clear text", headers, 0)


def messages(record, error):
    refusal = Refusal.new(refusal_id(record))
    Change(refusal).apply(lambda new: new.refuse(refused(record, error)))
    return refusal_kind("registry").messages(refusal.id, refusal.pending[0], Stamp("2025-01-01T00:00:00.000Z"))


def test_it_goes_to_the_sender_and_to_the_dead_letter():
    sent = messages(a_record(), AreaUnknown(field="area", code="519999"))

    assert [(m.topic, m.key) for m in sent] == [
        ("partner.justice.rejections.v1", b"rec-7"),
        ("registry.dead-letter.v1", b"rec-7"),
    ]
    told = refusal_pb2.Refusal.FromString(sent[0].value)
    assert (told.topic, told.partition, told.offset) == ("partner.justice.records.v1", 2, 41)
    assert (told.record_id, told.record_type, told.reason, told.field) == (
        "rec-7",
        "TalentRecord",
        "AREA_UNKNOWN",
        "area",
    )
    assert (told.explanation_zh, told.explanation_en) == (AreaUnknown.zh, AreaUnknown.en)
    assert (told.next_step_zh, told.next_step_en) == (AreaUnknown.fix_zh, AreaUnknown.fix_en)
    assert told.metadata == {"code": "519999"}
    assert told.refused_at == "2025-01-01T00:00:00.000Z"
    assert dict(sent[0].headers)["ce_id"] == f"{told.id}:1".encode()


def test_a_neighbours_event_is_only_noticed():
    sent = messages(a_record("funding.events.v1"), AreaUnknown(field="area"))

    assert [m.topic for m in sent] == ["registry.dead-letter.v1"]


@pytest.mark.parametrize(
    "personal", ["519999199001011234", "51999919900101123X", "519999900101123", "13800138000", "张三"]
)
def test_what_could_be_personal_is_masked_wherever_the_sender_put_it(personal):
    headers = (("ce_id", f"{personal}:1".encode()), ("ce_type", personal.encode()))

    sent = messages(a_record(headers=headers, key=personal.encode()), CodeUnknown(field=personal, code=personal))

    for message in sent:
        assert personal.encode() not in message.value + message.key + b"".join(value for _, value in message.headers)


def test_long_plain_numbers_stay_readable():
    sent = messages(a_record(headers=(("ce_id", b"20250101-0000123456:1"), HEADERS[1])), AreaUnknown(field="area"))

    assert refusal_pb2.Refusal.FromString(sent[0].value).record_id == "20250101-0000123456"


def test_the_same_record_has_the_same_id_however_often_it_comes():
    assert refusal_id(a_record()) == refusal_id(a_record())
