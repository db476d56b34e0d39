"""Trace context: one trace from call to event to call, whatever the sender writes into the header."""

import re

import pytest

from services.shared.runtime.trace import new_trace, next_span, trace_id

SHAPE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def test_a_new_trace_has_the_shape_of_the_standard():
    assert SHAPE.fullmatch(new_trace())
    assert new_trace() != new_trace()


def test_a_span_stays_in_the_trace_of_its_parent_with_its_flags():
    span = next_span(PARENT)

    assert (trace_id(span), span[-2:]) == (trace_id(PARENT), "00")
    assert span[36:52] != PARENT[36:52]


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "x",
        PARENT.upper(),
        PARENT[:-1],
        PARENT + "-x",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        "é" * 55,
        "01" + PARENT[2:],
    ],
)
def test_a_malformed_parent_starts_a_new_trace(parent):
    assert SHAPE.fullmatch(next_span(parent))
