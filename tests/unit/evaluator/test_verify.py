"""An exported log: whole, it is confirmed; with one thing wrong, that thing is named."""

import re

import pytest

from clients.evaluator.logs import Entry
from clients.evaluator.replay import Difference, Replay
from clients.evaluator.verify import verify_exported
from tests.builders.evaluator import (
    ANOTHER_KEY,
    PLACES,
    VERIFIER,
    Platform,
    a_definition,
    a_platform,
    a_professional,
    a_record,
    a_talent_event,
    place_of,
)

T1 = place_of("registry.events.v1", "t1")
T2 = place_of("registry.events.v1", "t2")
T1_AT, T2_AT = f"{T1[0]}:{T1[1]}", f"{T2[0]}:{T2[1]}"
STATEMENT = place_of("evaluation.events.v1", "statement/1")


def difference(platform: Platform, folder, **options) -> str:
    verdict = verify_exported(platform.write(folder), VERIFIER, **options)
    assert verdict.ok == (not verdict.first_difference)
    return verdict.first_difference


def flip(path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_an_honest_log_is_ok(tmp_path):
    verdict = verify_exported(a_platform().write(tmp_path), VERIFIER)

    assert verdict.first_difference == ""
    assert (verdict.ok, verdict.entries, verdict.partitions, verdict.statement) == (True, 7, 48, "statement/1")
    assert (verdict.statements, verdict.month, verdict.values) == (1, "2020-12", {"1": (1, 0)})
    assert (len(verdict.roots), verdict.unsigned) == (48, 0)


def test_what_came_after_the_cut_does_not_count(tmp_path):
    platform = a_platform()
    platform.add(a_talent_event(version=3), a_talent_event("t2", 2, **a_professional()))

    verdict = verify_exported(platform.write(tmp_path), VERIFIER)

    assert (verdict.first_difference, verdict.values, verdict.unsigned) == ("", {"1": (1, 0)}, 2)


def test_an_earlier_statement_can_be_named(tmp_path):
    platform = a_platform()
    platform.add(a_talent_event("t2", 2, **a_professional()))
    platform.add(platform.a_statement("statement/2", {"1": (2, 0)}, restates="statement/1"))
    folder = platform.write(tmp_path)

    latest, named = verify_exported(folder, VERIFIER), verify_exported(folder, VERIFIER, statement="statement/1")

    assert (latest.ok, latest.statement, latest.values) == (True, "statement/2", {"1": (2, 0)})
    assert (named.ok, named.statement, named.values) == (True, "statement/1", {"1": (1, 0)})
    assert "statement/9 is not in the log" in difference(platform, tmp_path, statement="statement/9")


def test_a_log_without_a_statement_is_not_ok(tmp_path):
    platform = Platform()
    platform.add(a_talent_event())

    assert difference(platform, tmp_path) == "no statement has been published"


@pytest.mark.parametrize("at", [0, 3, 40, -1])
def test_a_flipped_byte_is_named_by_its_place(tmp_path, at):
    platform = a_platform()
    folder = platform.write(tmp_path)
    second = 4 + len(platform.log[T1][0].data)
    end = second + 4 + len(platform.log[T1][1].data)
    flip(folder / f"{T1[0]}-{T1[1]}.log", second + at if at >= 0 else end - 1)

    found = verify_exported(folder, VERIFIER).first_difference

    assert re.match(rf"{re.escape(T1_AT)}:1 (was altered|breaks off)", found), found


def test_every_flipped_byte_of_a_log_is_found(tmp_path):
    path = a_platform().write(tmp_path) / f"{T2[0]}-{T2[1]}.log"
    for at in range(path.stat().st_size):
        flip(path, at)
        assert verify_exported(tmp_path, VERIFIER).first_difference.startswith(T2_AT), at
        flip(path, at)
    assert verify_exported(tmp_path, VERIFIER).ok


def test_an_entry_and_its_leaf_altered_together_do_not_fit_the_checkpoint(tmp_path):
    platform = a_platform()
    platform.log[T2][0] = a_record(a_talent_event("t2", disputed=True))

    assert difference(platform, tmp_path) == f"{T2_AT}:0 or a later entry below 1 is not what was signed"


def test_a_truncated_log_and_a_partition_that_has_gone_are_named(tmp_path):
    folder = a_platform().write(tmp_path)
    path = folder / f"{T1[0]}-{T1[1]}.log"
    path.write_bytes(path.read_bytes()[:-5])
    assert verify_exported(folder, VERIFIER).first_difference == f"{T1_AT}:3 breaks off"

    path.unlink()
    assert verify_exported(folder, VERIFIER).first_difference == f"{path} is missing"


def test_entries_cut_off_at_the_end_do_not_reach_what_was_signed(tmp_path):
    platform = a_platform()
    platform.log[T1].pop()

    assert difference(platform, tmp_path) == f"{T1_AT}:4 the log is shorter than a checkpoint says"


def test_a_folder_without_a_log_is_told(tmp_path):
    assert "holds no exported log" in verify_exported(tmp_path, VERIFIER).first_difference


# ---- events ---------------------------------------------------------------------------------------------------------


def test_a_missing_version_is_named(tmp_path):
    platform = a_platform()
    platform.add(a_talent_event(version=4))

    assert difference(platform, tmp_path) == f"{T1_AT}:4 EVENT_GAP: t1 goes from version 2 to 4"


def test_an_aggregate_that_does_not_begin_at_version_1_is_named(tmp_path):
    platform = a_platform()
    platform.add(a_talent_event("t3", 2))

    assert "EVENT_GAP: t3 goes from version 0 to 2" in difference(platform, tmp_path)


@pytest.mark.parametrize("version", [1, 2])
def test_a_repeat_must_be_the_same_however_late_it_comes(tmp_path, version):
    platform = a_platform()
    platform.add(a_talent_event(version=3), a_talent_event(version=version, disputed=True))

    expected = f"{T1_AT}:5 repeats t1:{version} of offset {version - 1} with other content"
    assert difference(platform, tmp_path) == expected


def test_an_event_in_a_partition_that_is_not_its_own_is_named(tmp_path):
    platform = a_platform()
    platform.add(a_record(a_talent_event("t3"), place=T2))

    assert f"{T2_AT}:1 of t3 belongs in partition" in difference(platform, tmp_path)


def test_an_event_on_another_services_topic_is_named(tmp_path):
    platform = a_platform()
    platform.add(a_record(a_talent_event("t3"), place=place_of("funding.events.v1", "t3")))

    assert "is a swtalent.registry.v1.TalentEvent, which belongs on registry.events.v1" in difference(
        platform, tmp_path
    )


def test_headers_that_say_something_else_than_the_value_are_named(tmp_path):
    platform = a_platform()
    platform.add(a_record(a_talent_event(version=3), ce_id=b"t1:4"))

    assert "says t1:3, its key and ce_id b't1' and b't1:4'" in difference(platform, tmp_path)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"ce_type": b"swtalent.registry.v1.Unheard"}, "is no known event: swtalent.registry.v1.Unheard"),
        ({"ce_type": b"\xff"}, "is no known event"),
    ],
)
def test_a_type_that_nobody_has_described_is_named(tmp_path, changed, what):
    platform = a_platform()
    platform.add(a_record(a_talent_event(version=3), **changed))

    assert what in difference(platform, tmp_path)


def test_a_value_that_is_no_message_is_named(tmp_path):
    platform = a_platform()
    platform.add(a_record(a_talent_event(version=3))._replace(value=b"\xff\xff"))

    assert difference(platform, tmp_path) == f"{T1_AT}:4 is no swtalent.registry.v1.TalentEvent"


def test_entries_come_in_order():
    replay = Replay(PLACES)
    replay.add(Entry(T1, 0, a_record(a_talent_event()).data))

    with pytest.raises(Difference, match=":1 is missing"):
        replay.add(Entry(T1, 2, a_record(a_talent_event(version=2)).data))


# ---- checkpoints ----------------------------------------------------------------------------------------------------


def test_a_checkpoint_signed_by_somebody_else_is_named(tmp_path):
    platform = a_platform()
    platform.checkpoint(T1, key=ANOTHER_KEY)

    assert difference(platform, tmp_path) == "evaluation.checkpoints.v1:0:7 signed with another key"


def test_a_checkpoint_that_was_rewritten_is_named(tmp_path):
    platform = a_platform()
    origin, size, rest = platform.notes[0].split(b"\n", 2)
    platform.notes[0] = b"\n".join([origin, b"%d" % (int(size) + 1), rest])

    assert difference(platform, tmp_path) == "evaluation.checkpoints.v1:0:0 signature does not fit"


def test_a_good_signature_over_another_root_proves_a_fork(tmp_path):
    platform = a_platform()
    platform.add(a_talent_event(version=3))
    platform.checkpoint(T1, root=b"\x01" * 32)

    assert difference(platform, tmp_path) == f"{T1_AT}:4 or a later entry below 5 is not what was signed"


# ---- statements -----------------------------------------------------------------------------------------------------


def test_a_statement_with_another_value_is_found(tmp_path):
    verdict = verify_exported(a_platform(said=2).write(tmp_path), VERIFIER)

    assert (verdict.ok, verdict.indicators_equal, verdict.values) == (False, False, {"1": (1, 0)})
    assert verdict.first_difference == (
        f"{STATEMENT[0]}:{STATEMENT[1]}:0 statement/1: indicator 1 is (1, 0), not (2, 0)"
    )


def test_a_statement_made_while_a_talent_was_moved_is_found(tmp_path):
    platform = a_platform()
    platform.add(a_talent_event("t3", moved_to="t1", moving=True))
    platform.add(platform.a_statement("statement/2", {"1": (1, 0)}))

    assert difference(platform, tmp_path).endswith("statement/2 was made while 1 talents were being moved")

    platform.add(a_talent_event("t3", version=2, moved_to="t1"))
    platform.add(platform.a_statement("statement/3", {"1": (1, 0)}))

    assert difference(platform, tmp_path) == ""


def test_a_statement_altered_after_it_was_signed_is_found_even_if_it_is_not_the_latest(tmp_path):
    platform = Platform()
    platform.add(a_definition())
    altered = platform.a_statement("statement/1", {"1": (0, 0)})
    altered.after.values[0].numerator = 5
    platform.add(altered)
    platform.add(platform.a_statement("statement/2", {"1": (0, 0)}))

    assert "statement/1: signature does not fit" in difference(platform, tmp_path)


def test_a_statement_that_leaves_an_indicator_out_is_found(tmp_path):
    platform = a_platform()
    platform.add(a_definition("3"))
    platform.add(platform.a_statement("statement/2", {"1": (1, 0)}))

    assert "statement/2 leaves out indicator 3" in difference(platform, tmp_path)


def test_an_indicator_that_nothing_feeds_is_not_asked_for(tmp_path):
    platform = a_platform()
    platform.add(a_definition("3", fed=False))
    platform.add(platform.a_statement("statement/2", {"1": (1, 0)}))

    assert difference(platform, tmp_path) == ""


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"contributions_version": 1}, "counts by rules 1, this evaluator by 2"),
        ({"month": "December"}, "is of no month: 'December'"),
        ({"restates": "statement/0"}, "restates statement/0, which is not in the log"),
    ],
)
def test_a_statement_that_cannot_be_followed_is_told(tmp_path, changed, what):
    platform = a_platform()
    platform.add(platform.a_statement("statement/2", {"1": (1, 0)}, **changed))

    assert what in difference(platform, tmp_path)


def test_a_statement_cannot_stand_inside_its_own_cut(tmp_path):
    platform = a_platform()
    said = platform.a_statement("statement/2", {"1": (1, 0)})
    place = place_of("evaluation.events.v1", "statement/2")
    said.after.cut[3].partitions[place[1]].size = len(platform.log[place]) + 1
    platform.add(platform.signed_anew("statement/2", said.after))

    assert "statement/2 has a cut that cannot be" in difference(platform, tmp_path)


def test_a_cut_that_leaves_a_topic_out_is_found(tmp_path):
    platform = a_platform()
    said = platform.a_statement("statement/2", {"1": (1, 0)})
    del said.after.cut[2]
    platform.add(platform.signed_anew("statement/2", said.after))

    assert "statement/2 has a cut that cannot be" in difference(platform, tmp_path)


def test_roots_of_a_cut_are_those_of_the_log(tmp_path):
    platform = a_platform()
    said = platform.a_statement("statement/2", {"1": (1, 0)})
    said.after.cut[0].partitions[T1[1]].root = b"\x01" * 32
    platform.add(platform.signed_anew("statement/2", said.after))

    assert difference(platform, tmp_path) == f"{T1_AT}:4 root is not the one that statement/2 names"
