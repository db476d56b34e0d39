"""One function on one aggregate: all or nothing, once per cause."""

import pytest

from services.shared.kernel.change import Answer, Cause, Change, Remembered, cause
from services.shared.kernel.errors import CauseReused, RuleBroken
from tests.builders.store import Note, a_cause


def a_change(**answers: Remembered) -> Change[Note]:
    return Change(Note.new("n1"), answers)


def test_a_function_that_raises_leaves_the_aggregate_as_it_was():
    change = a_change()
    change.apply(lambda it: it.write("kept"))

    def half(it: Note) -> None:
        it.write("lost")
        raise RuleBroken

    with pytest.raises(RuleBroken):
        change.apply(half, a_cause("c1"))

    assert change.aggregate.state.lines == ("kept",)
    assert change.aggregate.version == 1
    assert [recorded.event for recorded in change.aggregate.pending] == ["kept"]
    assert len(change.entries) == 1


def test_each_entry_holds_its_own_events_and_answer():
    change = a_change()

    first = change.apply(lambda it: it.write("a") or it.write("b") or {"id": "x"}, a_cause("c1"))
    second = change.apply(lambda it: it.write("c"))

    assert first == Answer(2, {"id": "x"})
    assert second == Answer(3)
    assert [[one.version for one in entry.recorded] for entry in change.entries] == [[1, 2], [3]]
    assert change.expected == 0


def test_a_cause_of_this_change_answers_again_without_a_call():
    change = a_change()
    first = change.apply(lambda it: it.write("a") or {"id": "x"}, a_cause("c1"))

    assert change.apply(lambda it: it.write("never"), a_cause("c1")) == first
    assert change.aggregate.state.lines == ("a",)


def test_a_cause_remembered_by_the_store_answers_without_a_call():
    change = a_change(c1=Remembered(b"content", Answer(7, {"id": "x"})))

    assert change.apply(lambda it: it.write("never"), a_cause("c1")) == Answer(7, {"id": "x"})
    assert not change.dirty


@pytest.mark.parametrize("remembered", [True, False])
def test_one_cause_with_two_contents_is_refused(remembered):
    change = a_change(c1=Remembered(b"one", Answer(1))) if remembered else a_change()
    if not remembered:
        change.apply(lambda it: it.write("a"), a_cause("c1", "one"))

    with pytest.raises(CauseReused):
        change.apply(lambda it: it.write("never"), a_cause("c1", "other"))


def test_nothing_recorded_without_a_cause_is_nothing_to_store():
    change = a_change()

    change.apply(lambda it: {"found": "nothing"})

    assert not change.dirty


def test_nothing_recorded_with_a_cause_is_an_answer_to_remember():
    change = a_change()

    change.apply(lambda it: {"found": "nothing"}, a_cause("c1"))

    assert change.dirty


def test_a_cause_is_who_how_and_which_never_run_together():
    assert cause("ab", "c", "d", b"x").key != cause("a", "bc", "d", b"x").key
    assert cause("a", "b", "c", b"x") == cause("a", "b", "c", b"x")
    assert cause("a", "b", "c", b"x").digest != cause("a", "b", "c", b"y").digest
    assert isinstance(cause("a", "b", "c", b"x"), Cause)
