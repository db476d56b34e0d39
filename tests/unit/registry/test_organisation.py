from __future__ import annotations

import itertools

import msgspec
import pytest

from services.registry.domain.holding import held_posts
from services.registry.domain.organisation import Organisation
from services.registry.domain.standing import standing
from services.shared.kernel.origin import RevisionReused
from tests.builders.registry import a_holder, a_post, a_registration, a_uscc, an_origin


def an_organisation(*calls):
    organisation = Organisation.new(a_uscc())
    for call in calls:
        call(organisation)
    return organisation


def test_a_post_before_the_registration_makes_a_stub():
    facts = an_organisation(lambda it: it.create_post(a_post())).facts()

    assert not facts.known
    assert [post.id for post in facts.posts] == ["post-1"]


def test_facts_do_not_depend_on_the_order_of_arrival():
    calls = [
        lambda it: it.register(a_registration()),
        lambda it: it.register(a_registration(origin=an_origin("o1", revision=2), grade="4A")),
        lambda it: it.create_post(a_post()),
        lambda it: it.hold_posts("t1", (("post-1", a_holder()),)),
        lambda it: it.hold_posts("t2", (("post-2", a_holder(talent="t2")),)),
    ]
    facts = {msgspec.json.encode(an_organisation(*order).facts()) for order in itertools.permutations(calls)}

    assert len(facts) == 1


def test_repeats_record_nothing_and_a_reused_revision_is_refused():
    organisation = an_organisation(lambda it: it.register(a_registration()), lambda it: it.create_post(a_post()))

    assert not organisation.register(a_registration())
    assert not organisation.create_post(a_post())
    with pytest.raises(RevisionReused):
        organisation.register(a_registration(name="另一家"))
    assert organisation.version == 2


def test_a_holder_who_moved_leaves_the_post():
    organisation = an_organisation(
        lambda it: it.create_post(a_post()),
        lambda it: it.hold_posts("t1", (("post-1", a_holder()),)),
        lambda it: it.hold_posts("t1", ()),
    )

    assert organisation.facts().posts[0].holders == ()


def test_a_holding_is_split_where_recognition_begins_and_ends():
    held = held_posts("t", [("org", "post", "2018-01-01", "2022-01-01")], [("2019-01-01", "2021-01-01")])

    assert [(it.professional, it.since, it.until) for _, it in held["org"]] == [
        (False, "2018-01-01", "2019-01-01"),
        (True, "2019-01-01", "2021-01-01"),
        (False, "2021-01-01", "2022-01-01"),
    ]


@pytest.mark.parametrize(
    ("calls", "on", "reasons"),
    [
        ([], "2021-01-01", ("NOT_REGISTERED", "NO_SOCIAL_WORK_POST")),
        ([lambda it: it.register(a_registration())], "2014-12-31", ("NOT_REGISTERED", "NO_SOCIAL_WORK_POST")),
        (
            [
                lambda it: it.register(a_registration(closed_on="2020-01-01")),
                lambda it: it.create_post(a_post()),
            ],
            "2020-01-01",
            ("CLOSED",),
        ),
        ([lambda it: it.register(a_registration()), lambda it: it.create_post(a_post())], "2021-01-01", ()),
    ],
)
def test_standing_names_what_stands_against_a_contract(calls, on, reasons):
    assert standing(an_organisation(*calls).facts(), on=on).reasons == reasons
