"""The contract of Store (services/shared/kernel/ports.py): every adapter is run through all of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.shared.kernel.change import Answer, Change
from services.shared.kernel.outcome import Clash, Repeated, Stored, Taken, TooLarge
from services.shared.kernel.ports import Row
from services.shared.runtime.store.kind import LARGEST_DOCUMENT, LARGEST_FACTS
from tests.builders.store import Counter, Note, a_cause, ce_ids, lines, note, written
from tests.mongo_fixture import docker_missing

Reopen = Callable[[Any], Awaitable[Any]]


class TestLoading:
    async def test_an_unknown_id_gives_a_blank_aggregate_of_version_0(self, store):
        change = await note(store, "n1")

        assert not change.aggregate.exists
        assert change.aggregate.state == Note.blank()
        assert change.expected == 0

    async def test_every_id_asked_for_is_answered_known_or_not(self, store):
        await written(store, "n1", "a")

        loaded = await store.get_many(Note, ["n2", "n1"])

        assert {one: change.aggregate.version for one, change in loaded.items()} == {"n1": 1, "n2": 0}

    async def test_more_ids_than_one_statement_takes_are_all_found(self, store):
        ids = [f"n{number:03d}" for number in range(341)]
        changes = list((await store.get_many(Note, ids)).values())
        for change in changes:
            change.apply(lambda it: it.write(it.id))
        await store.commit(changes)

        loaded = await store.get_many(Note, ids)

        assert all(loaded[one].aggregate.state.lines == (one,) for one in ids)

    async def test_two_loads_do_not_share_an_aggregate(self, store):
        await written(store, "n1", "a")
        first, second = await note(store, "n1"), await note(store, "n1")

        first.apply(lambda it: it.write("unsaved"))

        assert second.aggregate.state.lines == ("a",)
        assert await lines(store, "n1") == ("a",)

    async def test_what_was_loaded_before_a_commit_stays_as_it_was(self, store):
        await written(store, "n1", "a")
        before = await note(store, "n1")

        await written(store, "n1", "b")

        assert before.aggregate.state.lines == ("a",)

    async def test_kinds_have_their_own_ids(self, store):
        await written(store, "same", "a")

        assert not (await store.get_many(Counter, ["same"]))["same"].aggregate.exists


class TestCommit:
    async def test_what_is_stored_is_there_after_a_restart(self, store, reopen: Reopen):
        assert await written(store, "n1", "a", "b") == Stored(2)

        store = await reopen(store)

        assert await lines(store, "n1") == ("a", "b")

    async def test_nothing_to_store_is_stored(self, store):
        assert await store.commit([await note(store, "n1")]) == [Stored(0)]
        assert await store.commit([]) == []
        assert await store.page(Note, view="", key="", after="", limit=10) == []

    async def test_two_changes_of_one_aggregate_in_one_commit_are_refused(self, store):
        first, second = await note(store, "n1"), await note(store, "n1")
        first.apply(lambda it: it.write("a"))
        second.apply(lambda it: it.write("b"))

        with pytest.raises(ValueError, match="two changes of one aggregate"):
            await store.commit([first, second])

        assert await lines(store, "n1") == ()

    async def test_whoever_comes_second_clashes_and_changes_nothing(self, store):
        await written(store, "n1", "a")
        first, second = await note(store, "n1"), await note(store, "n1")
        first.apply(lambda it: it.write("first"))
        second.apply(lambda it: it.write("second"))

        assert await store.commit([first]) == [Stored(2)]
        assert await store.commit([second]) == [Clash(2)]
        assert await lines(store, "n1") == ("a", "first")
        assert await ce_ids(store) == ["n1:1", "n1:2"]

    async def test_two_who_create_one_aggregate_clash(self, store):
        first, second = await note(store, "n1"), await note(store, "n1")
        first.apply(lambda it: it.write("first"))
        second.apply(lambda it: it.write("second"))

        assert await store.commit([first]) == [Stored(1)]
        assert await store.commit([second]) == [Clash(1)]

    async def test_a_change_of_something_that_was_never_stored_clashes(self, store):
        change = Change(Note("n1", Note.blank(), 7))
        change.apply(lambda it: it.write("a"))

        assert await store.commit([change]) == [Clash(0)]
        assert await lines(store, "n1") == ()

    async def test_each_change_of_a_window_has_its_own_outcome_in_order(self, store):
        await written(store, "old", "a")
        stale = await note(store, "old")
        await written(store, "old", "b")
        stale.apply(lambda it: it.write("stale"))
        good = [await note(store, f"n{number}") for number in range(3)]
        for change in good:
            change.apply(lambda it: it.write("good"))

        outcomes = await store.commit([good[0], stale, good[1], await note(store, "untouched"), good[2]])

        assert outcomes == [Stored(1), Clash(2), Stored(1), Stored(0), Stored(1)]
        assert await lines(store, "old") == ("a", "b")
        assert [await lines(store, f"n{number}") for number in range(3)] == [("good",)] * 3

    async def test_a_window_of_several_kinds_is_one_commit(self, store):
        changed = await note(store, "one")
        counted = (await store.get_many(Counter, ["one"]))["one"]
        changed.apply(lambda it: it.write("a"))
        counted.apply(lambda it: it.add(5))

        assert await store.commit([changed, counted]) == [Stored(1), Stored(1)]
        assert (await store.get_many(Counter, ["one"]))["one"].aggregate.state == 5
        assert await ce_ids(store) == ["one:1"]


class TestCauses:
    async def test_a_cause_gives_its_first_answer_again_after_a_restart(self, store, reopen: Reopen):
        why = a_cause("c1")
        change = await note(store, "n1", why)
        change.apply(lambda it: it.write("a") or {"id": "x"}, why)
        await store.commit([change])
        await written(store, "n1", "b")

        store = await reopen(store)
        again = await note(store, "n1", why)

        assert again.apply(lambda it: it.write("never"), why) == Answer(1, {"id": "x"})
        assert not again.dirty

    async def test_a_cause_stored_meanwhile_is_repeated_whatever_the_version(self, store):
        why = a_cause("c1")
        first, second = await note(store, "n1", why), await note(store, "n1", why)
        first.apply(lambda it: it.write("first") or {"by": "first"}, why)
        second.apply(lambda it: it.write("second") or {"by": "second"}, why)

        await store.commit([first])

        assert await store.commit([second]) == [Repeated(Answer(1, {"by": "first"}))]
        assert await lines(store, "n1") == ("first",)

    async def test_a_cause_with_other_content_clashes_so_that_loading_again_tells(self, store):
        first, second = await note(store, "n1"), await note(store, "n1")
        first.apply(lambda it: it.write("first"), a_cause("c1", "one"))
        second.apply(lambda it: it.write("second"), a_cause("c1", "other"))

        await store.commit([first])

        assert await store.commit([second]) == [Clash(1)]
        assert (await note(store, "n1", a_cause("c1", "other"))).answers["c1"].digest == b"one"

    async def test_a_change_of_several_causes_clashes_when_one_is_stored(self, store):
        first, second = await note(store, "n1"), await note(store, "n1")
        first.apply(lambda it: it.write("first"), a_cause("c1"))
        second.apply(lambda it: it.write("second"), a_cause("c1"))
        second.apply(lambda it: it.write("third"), a_cause("c2"))

        await store.commit([first])

        assert await store.commit([second]) == [Clash(1)]
        assert await lines(store, "n1") == ("first",)

    async def test_an_answer_without_an_event_is_remembered_too(self, store, reopen: Reopen):
        why = a_cause("c1")
        change = await note(store, "n1")
        change.apply(lambda it: {"found": "nothing"}, why)

        assert await store.commit([change]) == [Stored(0)]
        store = await reopen(store)
        assert (await note(store, "n1", why)).answers["c1"].answer == Answer(0, {"found": "nothing"})
        assert not (await note(store, "n1")).aggregate.exists
        assert await store.page(Note, view="", key="", after="", limit=10) == []
        assert await written(store, "n1", "a") == Stored(1)

    async def test_an_answer_without_an_event_is_repeated(self, store):
        await written(store, "n1", "a")
        first, second = await note(store, "n1"), await note(store, "n1")
        first.apply(lambda it: {"by": "first"}, a_cause("c1"))
        second.apply(lambda it: {"by": "second"}, a_cause("c1"))

        assert await store.commit([first]) == [Stored(1)]
        assert await store.commit([second]) == [Repeated(Answer(1, {"by": "first"}))]

    async def test_causes_of_another_aggregate_are_not_taken_for_ones_own(self, store):
        await written(store, "n1", "a", why=a_cause("c1"))

        assert (await note(store, "n2", a_cause("c1"))).answers == {}
        assert await written(store, "n2", "a", why=a_cause("c1")) == Stored(1)

    async def test_the_oldest_of_many_causes_is_still_known(self, store, reopen: Reopen):
        for number in range(150):
            await written(store, "n1", str(number), why=a_cause(f"c{number}"))

        store = await reopen(store)
        for number in (0, 63, 64, 100, 149):
            found = (await note(store, "n1", a_cause(f"c{number}"))).answers
            assert found[f"c{number}"].answer == Answer(number + 1)
            assert await written(store, "n1", "again", why=a_cause(f"c{number}")) == Repeated(Answer(number + 1))
        assert len(await lines(store, "n1")) == 150


class TestClaims:
    async def test_a_claim_has_one_holder(self, store, reopen: Reopen):
        await claimed(store, "n1", "k1", "k2")

        store = await reopen(store)

        assert await claimed(store, "n2", "k2", "k3") == Taken("k2", "n1")
        assert await store.holders(Note, ["k1", "k2", "k3"]) == {"k1": "n1", "k2": "n1"}
        assert not (await note(store, "n2")).aggregate.exists

    async def test_of_two_in_one_window_the_first_gets_it_and_the_others_go_on(self, store):
        changes = [await note(store, one) for one in ("n1", "n2", "n3")]
        for change, claim in zip(changes, ("k", "k", "other"), strict=True):
            change.apply(lambda it, claim=claim: it.claim(claim))

        outcomes = await store.commit(changes)

        assert outcomes == [Stored(1), Taken("k", "n1"), Stored(1)]
        assert await store.holders(Note, ["k", "other"]) == {"k": "n1", "other": "n3"}
        assert await ce_ids(store) == ["n1:1", "n3:1"]

    async def test_a_claim_given_up_is_free_again(self, store):
        await claimed(store, "n1", "k1", "k2")
        await claimed(store, "n1", "k2")

        assert await claimed(store, "n2", "k1") == Stored(1)
        assert await store.holders(Note, ["k1", "k2"]) == {"k1": "n2", "k2": "n1"}

    async def test_a_refused_claim_leaves_those_it_would_have_replaced(self, store):
        await claimed(store, "n1", "k1")
        await claimed(store, "n2", "k2")

        assert await claimed(store, "n2", "k1") == Taken("k1", "n1")
        assert await store.holders(Note, ["k1", "k2"]) == {"k1": "n1", "k2": "n2"}

    async def test_claiming_again_what_one_holds_is_nothing(self, store):
        await claimed(store, "n1", "k1")

        assert await claimed(store, "n1", "k1", "k1") == Stored(2)

    async def test_nobody_holds_what_nobody_claimed(self, store):
        assert await store.holders(Note, ["k"]) == {}
        assert await store.holders(Note, []) == {}


class TestPages:
    async def test_a_page_goes_by_ascending_id_after_the_last_one(self, store):
        for one in ("n3", "n1", "n4", "n2"):
            await shelved(store, one, "a")
        await shelved(store, "n5", "b")

        first = await store.page(Note, view="shelf", key="a", after="", limit=3)
        rest = await store.page(Note, view="shelf", key="a", after=first[-1].id, limit=3)

        assert [row.id for row in first] == ["n1", "n2", "n3"]
        assert [row.id for row in rest] == ["n4"]

    async def test_a_row_carries_the_version_and_the_prepared_bytes(self, store, reopen: Reopen):
        await written(store, "n1", "x", "y")
        await shelved(store, "n1", "a")

        store = await reopen(store)

        assert await store.page(Note, view="shelf", key="a", after="", limit=9) == [Row("n1", 3, b"x|y")]
        assert await store.page(Note, view="lines", key="2", after="", limit=9) == [Row("n1", 3, b"x|y")]

    async def test_a_change_moves_its_rows_and_no_others(self, store):
        await shelved(store, "n1", "a")
        await shelved(store, "n2", "a")

        await shelved(store, "n1", "b")

        assert await ids(store, "a") == ["n2"]
        assert await ids(store, "b") == ["n1"]
        assert [row.version for row in await store.page(Note, view="lines", key="0", after="", limit=9)] == [2, 1]

    async def test_keys_that_begin_alike_are_different_keys(self, store):
        await shelved(store, "n1", "a")
        await shelved(store, "n2", "ab")

        assert await ids(store, "a") == ["n1"]
        assert await ids(store, "ab") == ["n2"]

    async def test_the_view_without_a_name_has_all_of_the_kind(self, store):
        await shelved(store, "n2", "a")
        await written(store, "n1", "x")

        assert await store.page(Note, view="", key="", after="", limit=9) == [Row("n1", 1, b"x"), Row("n2", 1, b"")]
        assert [row.id for row in await store.page(Note, view="", key="", after="n1", limit=9)] == ["n2"]
        assert await store.page(Counter, view="", key="", after="", limit=9) == []

    async def test_shared_keys_are_those_of_at_least_two_in_ascending_order_page_by_page(self, store, reopen: Reopen):
        for shelf, count in (("c", 2), ("a", 3), ("ab", 1), ("b", 1), ("a-b", 2), ("d", 2)):
            for number in range(count):
                await shelved(store, f"{shelf}{number}", shelf)
        await shelved(store, "d0", "elsewhere")

        store = await reopen(store)

        assert await store.shared(Note, view="shelf", after="", limit=9) == ["a", "a-b", "c"]
        assert await store.shared(Note, view="shelf", after="", limit=2) == ["a", "a-b"]
        assert await store.shared(Note, view="shelf", after="a-b", limit=2) == ["c"]
        assert await store.shared(Note, view="shelf", after="c", limit=2) == []
        assert await store.shared(Note, view="nothing", after="", limit=2) == []

    async def test_shared_keys_are_found_in_a_long_view_too(self, store):
        changes = list((await store.get_many(Note, [f"n{number:03d}" for number in range(600)])).values())
        for number, change in enumerate(changes):
            change.apply(lambda it, shelf=f"s{number:03d}": it.shelve(shelf))
        await store.commit(changes)
        await shelved(store, "n599", "s255")

        assert await store.shared(Note, view="shelf", after="", limit=9) == ["s255"]


class TestLimits:
    async def test_a_document_over_the_limit_is_refused_before_anything_is_written(self, store):
        good, large = await note(store, "good"), await note(store, "large")
        good.apply(lambda it: it.write("a"))
        large.apply(lambda it: it.write("short") or it.claim("k" * LARGEST_DOCUMENT))

        outcomes = await store.commit([large, good])

        assert outcomes[0].what == "document"
        assert outcomes[0].size > LARGEST_DOCUMENT
        assert outcomes[1] == Stored(1)
        assert not (await note(store, "large")).aggregate.exists
        assert await ce_ids(store) == ["good:1"]

    async def test_an_event_over_the_limit_is_refused_and_one_at_the_limit_is_not(self, store):
        assert await written(store, "n1", "x" * LARGEST_FACTS) == Stored(1)
        assert await written(store, "n2", "x" * (LARGEST_FACTS + 1)) == TooLarge("facts", LARGEST_FACTS + 1)
        assert await lines(store, "n2") == ()


@pytest.mark.skipif(bool(docker_missing()), reason=f"{docker_missing()}; the Mongo store met the wire server only")
async def test_the_contract_is_run_on_mongodb_itself(mongo_docker: str):
    assert mongo_docker.startswith("mongodb://")


async def claimed(store: Any, aggregate_id: str, *claims: str) -> Any:
    change = await note(store, aggregate_id)
    change.apply(lambda it: it.claim(*claims))
    return (await store.commit([change]))[0]


async def shelved(store: Any, aggregate_id: str, shelf: str) -> Any:
    change = await note(store, aggregate_id)
    change.apply(lambda it: it.shelve(shelf))
    return (await store.commit([change]))[0]


async def ids(store: Any, shelf: str) -> list[str]:
    return [row.id for row in await store.page(Note, view="shelf", key=shelf, after="", limit=99)]
