"""What the log may hold: JSON lines with codes and ids, never a person, whoever logs it and however deep it lies."""

import io
import json
import logging

import pytest
import structlog

from services.shared.kernel.errors import AreaUnknown
from services.shared.runtime.telemetry import PERSONAL, REDACTED, configure_logging
from services.shared.runtime.trace import enter_span, trace_context

CANARY = "张三 519999199001010010"


@pytest.fixture
def lines():
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging("INFO", service="registry", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_a_line_says_when_who_what(lines):
    structlog.stdlib.get_logger("services.registry").info("part serves", part="relay", count=3)

    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "part serves",
        "level": "info",
        "logger": "services.registry",
        "service": "registry",
        "part": "relay",
        "count": 3,
    }


def test_the_standard_library_logs_in_the_same_shape(lines):
    logging.getLogger("aiokafka").warning("lost %s", "broker-1", extra={"node": 1})

    (line,) = lines()
    assert (line["event"], line["level"], line["logger"], line["service"], line["node"]) == (
        "lost broker-1",
        "warning",
        "aiokafka",
        "registry",
        1,
    )


@pytest.mark.parametrize("key", sorted(PERSONAL))
def test_known_personal_keys_are_redacted_at_any_depth(lines, key):
    structlog.stdlib.get_logger("x").warning(
        "record read", outer={"list": [{key: CANARY, "kept": 1}], "tuple": ({key.upper(): CANARY},)}, **{key: CANARY}
    )

    (line,) = lines()
    assert CANARY not in json.dumps(line, ensure_ascii=False)
    assert (line[key], line["outer"]["list"]) == (REDACTED, [{key: REDACTED, "kept": 1}])


def test_extra_of_the_standard_library_is_redacted_too(lines):
    logging.getLogger("x").warning("record read", extra={"identity": {"name": CANARY}, "phone": CANARY})

    (line,) = lines()
    assert (line["identity"], line["phone"]) == (REDACTED, REDACTED)


def test_objects_are_named_not_shown(lines):
    class Person:
        def __repr__(self):
            return CANARY

    structlog.stdlib.get_logger("x").warning("record read", who=Person(), raw=CANARY.encode(), inside=[Person()])

    (line,) = lines()
    assert (line["who"], line["raw"], line["inside"]) == ("<Person>", f"<{len(CANARY.encode())} bytes>", ["<Person>"])


def test_deep_nesting_ends(lines):
    deep = CANARY
    for _ in range(20):
        deep = [deep]
    structlog.stdlib.get_logger("x").warning("record read", deep=deep)

    assert "519999" not in json.dumps(lines())


def fail():
    try:
        int(CANARY)
    except ValueError as error:
        raise KeyError(CANARY) from error


def test_an_exception_is_written_as_type_and_frames_without_its_text(lines):
    for logger in (structlog.stdlib.get_logger("x"), logging.getLogger("y")):
        try:
            fail()
        except KeyError:
            logger.exception("call failed")

    for line in lines():
        assert "519999" not in json.dumps(line)
        assert (line["exception"]["error"], line["exception"]["after"]["error"]) == ("KeyError", "ValueError")
        assert line["exception"]["frames"][-1].endswith(" fail")


def test_texts_that_are_ours_or_the_systems_are_kept(lines):
    for error in (AreaUnknown(field="place", code="999"), FileNotFoundError(2, "No such file", "/x")):
        try:
            raise error
        except type(error):
            structlog.stdlib.get_logger("x").exception("start failed")

    assert ["999" in line["exception"].get("text", "") for line in lines()] == [True, False]
    assert "/x" in lines()[1]["exception"]["text"]


def test_a_line_carries_the_trace_it_belongs_to(lines):
    try:
        span = enter_span()
        structlog.stdlib.get_logger("x").warning("asked")
    finally:
        trace_context.set("")

    assert lines()[0]["trace_id"] == span[3:35]


def test_the_level_is_kept(lines):
    structlog.stdlib.get_logger("x").debug("noise")
    logging.getLogger("y").debug("noise")

    assert lines() == []
