"""Trainings, lists, results and graduates that cannot be: a coded error with the field's path, nothing changed."""

from __future__ import annotations

import grpc
import pytest

from swtalent.registry.v1 import registry_service_pb2 as pb
from swtalent.registry.v1 import training_service_pb2 as training
from tests.builders.registry import an_id_number
from tests.component.registry.test_registry import refused
from tests.component.registry.test_trainings import EXAM, Trainings, an_identity


@pytest.fixture
def trainings(registry):
    return Trainings(registry)


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"session": ""}, "FIELD_MISSING", "session"),
        ({"session": "x" * 65536}, "FIELD_TOO_LONG", "session"),
        ({"provider": "x" * 65536}, "USCC_INVALID", "provider"),
        ({"venue": "519999"}, "AREA_UNKNOWN", "venue"),
        ({"since": ""}, "FIELD_MISSING", "since"),
        ({"last_day": "2021-02-01"}, "INTERVAL_REVERSED", "last_day"),
        ({"minutes": -1}, "AMOUNT_INVALID", "minutes"),
        ({"minutes": 2 * 24 * 60 + 1}, "MORE_THAN_A_DAY_HOLDS", "minutes"),
        ({"category": "cooking"}, "CODE_UNKNOWN", "category"),
        ({"audience": "x" * 65536}, "FIELD_TOO_LONG", "audience"),
        ({"title": ""}, "FIELD_MISSING", "title"),
        ({"lecturers": ["a"] * 21}, "FIELD_TOO_LONG", "lecturers"),
        ({"lecturers": ["?"]}, "ID_MALFORMED", "lecturers/0"),
        ({"department": "health"}, "OUTSIDE_SCOPE", "department"),
    ],
)
async def test_a_session_that_cannot_be_is_refused(trainings, changed, reason, field):
    assert (await refused(trainings.planned(**changed)))[1:] == (reason, field)


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"minutes": -1}, "AMOUNT_INVALID", "rows/0/minutes"),
        ({"minutes": 481}, "LONGER_THAN_SESSION", "rows/0/minutes"),
        ({"number": 0}, "AMOUNT_INVALID", "number"),
        ({"people": []}, "FIELD_MISSING", "rows"),
        ({"people": range(501)}, "TOO_MANY_ROWS", "rows"),
        ({"session": "civil_affairs/none"}, "SESSION_NOT_FOUND", "session_id"),
        ({"session": "health/h-1"}, "OUTSIDE_SCOPE", "session_id"),
    ],
)
async def test_a_list_that_cannot_be_is_refused(trainings, changed, reason, field):
    await trainings.planned()
    values = {"people": [1], **changed}

    assert (await refused(trainings.attended(**values)))[1:] == (reason, field)


@pytest.mark.parametrize(
    ("method", "changed", "reason", "field"),
    [
        ("HoldSession", {"session_id": ""}, "FIELD_MISSING", "session_id"),
        ("HoldSession", {"session_id": "x" * 65536}, "FIELD_TOO_LONG", "session_id"),
        ("HoldSession", {"session_id": "civil_affairs/none"}, "SESSION_NOT_FOUND", "session_id"),
        ("HoldSession", {"session_id": "health/h-1"}, "OUTSIDE_SCOPE", "session_id"),
        ("HoldSession", {"last_day": ""}, "FIELD_MISSING", "last_day"),
        ("HoldSession", {"last_day": "2021-02-30"}, "DATE_INVALID", "last_day"),
        ("HoldSession", {"last_day": "2021-02-01"}, "INTERVAL_REVERSED", "last_day"),
        ("HoldSession", {"last_day": "2090-02-01"}, "DATE_IN_FUTURE", "last_day"),
        ("HoldSession", {"minutes": 0}, "AMOUNT_INVALID", "minutes"),
        ("HoldSession", {"minutes": -60}, "AMOUNT_INVALID", "minutes"),
        ("HoldSession", {"minutes": 2 * 24 * 60 + 1}, "MORE_THAN_A_DAY_HOLDS", "minutes"),
        ("HoldSession", {"etag": "9"}, "ETAG_MISMATCH", "etag"),
        ("CancelSession", {"reason": ""}, "FIELD_MISSING", "reason"),
        ("CancelSession", {"reason": "x" * 65536}, "FIELD_TOO_LONG", "reason"),
        ("CancelSession", {"session_id": "civil_affairs/none"}, "SESSION_NOT_FOUND", "session_id"),
        ("CancelSession", {"etag": "9"}, "ETAG_MISMATCH", "etag"),
        ("ReverseAttendance", {"sheet_id": ""}, "FIELD_MISSING", "sheet_id"),
        ("ReverseAttendance", {"sheet_id": "session/civil_affairs/2021-017/9"}, "SHEET_NOT_FOUND", "sheet_id"),
        ("ReverseAttendance", {"talent_id": "nobody"}, "ROW_NOT_FOUND", "talent_id"),
        ("ReverseAttendance", {"talent_id": "x" * 65536}, "FIELD_TOO_LONG", "talent_id"),
        ("ReverseAttendance", {"reason": ""}, "FIELD_MISSING", "reason"),
        ("ReverseAttendance", {"etag": "9"}, "ETAG_MISMATCH", "etag"),
    ],
)
async def test_what_cannot_be_done_with_a_session_changes_nothing(trainings, method, changed, reason, field):
    await trainings.planned()
    await trainings.attended([1])
    await trainings.registry.settled()
    before = await trainings.session()
    values = {
        "HoldSession": {"session_id": "civil_affairs/2021-017", "last_day": "2021-03-02", "minutes": 480},
        "CancelSession": {"session_id": "civil_affairs/2021-017", "reason": "天气"},
        "ReverseAttendance": {"sheet_id": "session/civil_affairs/2021-017/1", "reason": "错误"},
    }[method]
    request = getattr(training, f"{method}Request")(department="civil_affairs", **{**values, **changed})

    assert (await refused(trainings.call(method, request)))[1:] == (reason, field)
    await trainings.registry.settled()
    assert await trainings.session() == before


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"sitting_id": "x"}, "SITTING_NOT_FOUND", "sitting_id"),
        ({"sitting_id": "510000/none/2021-10-16"}, "CODE_UNKNOWN", "level"),
        ({"sitting_id": "510000/assistant/2090-10-16"}, "DATE_IN_FUTURE", "passed_on"),
        ({"number": 1001}, "AMOUNT_INVALID", "number"),
        ({"rows": []}, "FIELD_MISSING", "rows"),
        (
            {"identity": pb.Identity(name="王芳", id_number="1" * 65536)},
            "ID_NUMBER_INVALID",
            "rows/1/identity.id_number",
        ),
        (
            {"identity": pb.Identity(name="", id_number=an_id_number("19900101"))},
            "FIELD_MISSING",
            "rows/1/identity.name",
        ),
        ({"certificate": "x" * 65536}, "FIELD_TOO_LONG", "rows/1/certificate"),
        ({"home_county": "51"}, "AREA_UNKNOWN", "rows/1/home_county"),
    ],
)
async def test_results_that_cannot_be_change_nothing(trainings, changed, reason, field):
    sitting = await trainings.announced()
    row = {"identity": an_identity(2), "certificate": "SC-2", "home_county": "510104"}
    row |= {name: value for name, value in changed.items() if name in row}
    request = training.ReceiveResultsRequest(
        **{
            "department": "human_resources",
            "sitting_id": sitting,
            "number": 1,
            "rows": [training.ResultRow(identity=an_identity(1)), training.ResultRow(**row)],
            **{name: value for name, value in changed.items() if name not in row},
        }
    )

    assert (await refused(trainings.call("ReceiveResults", request, **EXAM)))[1:] == (reason, field)
    await trainings.registry.settled()
    assert trainings.talents() == {}


async def test_nobody_attends_before_being_born(trainings):
    await trainings.planned()
    request = training.ReceiveAttendanceRequest(
        department="civil_affairs",
        session_id="civil_affairs/2021-017",
        number=1,
        rows=[training.AttendanceRow(identity=pb.Identity(name="王芳", id_number=an_id_number("20220101")))],
    )

    code, reason, field = await refused(trainings.call("ReceiveAttendance", request))
    assert (code, reason, field) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "ATTENDANCE_BEFORE_BIRTH",
        "rows/0/identity.id_number",
    )


async def test_only_the_exam_authority_brings_results(trainings):
    request = training.AnnounceSittingRequest(
        department="civil_affairs", level="assistant", passed_on="2021-10-16", issuing_province="510000"
    )

    assert (await refused(trainings.call("AnnounceSitting", request)))[1] == "NOT_AN_EXAM_AUTHORITY"
    assert (await refused(trainings.results([(an_identity(1), "")])))[1] == "SITTING_NOT_FOUND"


async def test_a_held_session_is_not_cancelled_and_a_sheet_number_is_used_once(trainings):
    await trainings.planned()
    await trainings.held()
    await trainings.attended([1])
    cancel = training.CancelSessionRequest(
        department="civil_affairs", session_id="civil_affairs/2021-017", reason="天气"
    )

    assert (await refused(trainings.call("CancelSession", cancel)))[1] == "SESSION_OVER"
    assert (await refused(trainings.attended([2])))[1] == "SHEET_REUSED"
