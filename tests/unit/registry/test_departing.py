"""Departures, ended designations, private facts, withdrawals: facts and state do not depend on the order of reports."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from services.registry.commands import (
    designate,
    end_designation,
    grant_honour,
    record_credit_event,
    record_departure,
    record_party_membership,
    withdraw_record,
)
from services.registry.commands.record_credit_event import EvidenceMalformed
from services.registry.domain.person import BeforeBirth, Person
from services.registry.domain.talent import RecordNotFound, Talent
from services.registry.domain.talent_events import PrivateChanged, RecordWithdrawn, TalentDeparted
from services.shared.kernel.errors import (
    AmountInvalid,
    CodeUnknown,
    DateInFuture,
    DateInvalid,
    FieldMissing,
    FieldTooLong,
    IntervalReversed,
)
from services.shared.kernel.origin import RevisionReused
from services.shared.kernel.partner import partner
from services.shared.kernel.text import IdMalformed
from tests.builders.registry import KEYS, PERSON, TODAY, an_origin
from tests.unit.registry.test_talent import passed, reported, work

LONG = "x" * 65536


def departed(departure="death", on="2021-05-04", record_id="d1"):
    return record_departure.step(
        record_departure.ReportDeparture(
            person=PERSON, origin=an_origin(record_id), department="civil_affairs", departure=departure, on=on
        ),
        keys=KEYS,
        today=TODAY,
    )


def designated(record_id="t1", since="2020-01-01", until=""):
    title = designate.Title(kind="practice_supervisor", grade="", grantor_level="province", since=since, until=until)
    return designate.step(
        designate.ReportDesignation(
            person=PERSON, origin=an_origin(record_id), department="civil_affairs", title=title
        ),
        keys=KEYS,
        today=TODAY,
    )


def title_ended(**changed):
    values = {
        "person": PERSON,
        "origin": an_origin("te1"),
        "department": "civil_affairs",
        "kind": "practice_supervisor",
        "since": "2020-01-01",
        "until": "2020-09-01",
    }
    cmd = end_designation.ReportDesignationEnd(**{**values, **changed})
    return end_designation.step(cmd, keys=KEYS, today=TODAY)


def member(**changed):
    values = {
        "person": PERSON,
        "origin": an_origin("m1"),
        "department": "organisation_dept",
        "status": "formal",
        "since": "2015-07-01",
        "until": "",
    }
    cmd = record_party_membership.ReportPartyMembership(**{**values, **changed})
    return record_party_membership.step(cmd, keys=KEYS, today=TODAY)


def honoured(**changed):
    values = {
        "person": PERSON,
        "origin": an_origin("h1"),
        "department": "civil_affairs",
        "title": "四川省社会工作突出贡献人才奖",
        "grantor_level": "province",
        "on": "2022-03-15",
    }
    return grant_honour.step(grant_honour.ReportHonour(**{**values, **changed}), keys=KEYS, today=TODAY)


def credited(**changed):
    values = {
        "person": PERSON,
        "origin": an_origin("c1"),
        "department": "civil_affairs",
        "kind": "breach",
        "on": "2022-03-15",
        "reason": "未履行服务承诺",
        "evidence": "a" * 64,
    }
    cmd = record_credit_event.ReportCreditEvent(**{**values, **changed})
    return record_credit_event.step(cmd, keys=KEYS, today=TODAY)


def withdrawn(record_id="r1", revision=2):
    return withdraw_record.step(
        withdraw_record.ReportWithdrawal(
            origin=an_origin("w1"), department="civil_affairs", withdrawn_id=record_id, withdrawn_revision=revision
        )
    )


def test_a_departure_ends_all_that_is_in_force_and_leaves_certificates():
    facts = reported(work(), designated(), passed(), departed()).facts()

    assert (facts.departure, facts.departed_on) == ("death", "2021-05-04")
    assert [it.until for it in facts.affiliations] == ["2021-05-04"]
    assert [it.until for it in facts.designations] == ["2021-05-04"]
    assert [it.level for it in facts.certificates] == ["assistant"]


def test_what_ended_before_a_departure_ended_then():
    facts = reported(work(until="2020-01-01"), designated(until="2020-06-01"), departed()).facts()

    assert [it.until for it in facts.affiliations] == ["2020-01-01"]
    assert [it.until for it in facts.designations] == ["2020-06-01"]


def test_departures_and_ends_do_not_depend_on_the_order_of_reports():
    steps = [
        work(),
        designated(),
        departed(),
        title_ended(),
        departed("left_field", "2020-11-01", "d2"),
        honoured(),
    ]
    found = {msgspec.json.encode(reported(*order).state) for order in itertools.permutations(steps)}
    facts = {msgspec.json.encode(reported(*order).facts()) for order in itertools.permutations(steps)}

    assert len(facts) == 1
    assert len(found) == 1


def test_who_comes_back_has_not_left():
    facts = reported(work(), departed("left_province", "2019-02-01"), work(
        origin=an_origin("r2"), role="manager", since="2020-01-01"
    )).facts()  # fmt: skip

    assert [(it.role, it.until) for it in facts.affiliations] == [("manager", ""), ("worker", "2019-02-01")]
    assert facts.departure == ""


def test_nobody_works_after_death():
    facts = reported(departed(on="2018-03-01"), work(since="2018-03-01"), designated()).facts()

    assert (facts.affiliations, facts.designations) == ((), ())


def test_of_two_departures_the_first_death_is_told_else_the_last_one():
    first = departed("left_province", "2019-02-01", "d1")

    assert reported(first, departed("left_field", "2020-02-01", "d2")).facts().departure == "left_field"
    assert reported(first, departed("death", "2018-02-01", "d2")).facts().departed_on == "2018-02-01"


def test_only_the_department_that_gave_a_designation_ends_it():
    own = reported(title_ended(), designated()).facts()
    other = reported(title_ended(department="health"), designated()).facts()

    assert [it.until for it in own.designations] == ["2020-09-01"]
    assert [it.until for it in other.designations] == [""]


def test_private_facts_are_kept_and_never_told():
    talent = reported(work(), member(), honoured(), credited())
    told = b"".join(msgspec.json.encode((it.event, it.facts)) for it in talent.pending)

    assert [type(it.event) for it in talent.pending[1:]] == [PrivateChanged] * 3
    assert talent.pending[0].facts == talent.pending[-1].facts
    for secret in ("formal", "突出贡献", "breach", "未履行", "a" * 64):
        assert secret.encode() not in told
    document = msgspec.json.encode(talent.state)
    assert "突出贡献".encode() not in document
    assert "未履行".encode() not in document


def test_a_repeated_private_record_is_a_repeat_and_another_text_under_its_revision_is_refused():
    talent = reported(honoured(), honoured())

    assert talent.version == 1
    with pytest.raises(RevisionReused):
        honoured(title="别的荣誉").change(talent)


def test_a_corrected_honour_leaves_nothing_of_the_old_title():
    talent = reported(honoured(), honoured(origin=an_origin("h1", revision=2), title="别的荣誉"))

    assert len(talent.state.texts) == 1
    assert talent.state.texts == reported(honoured(title="别的荣誉")).state.texts


def test_a_withdrawal_leaves_what_never_having_heard_would_and_a_tombstone():
    talent = reported(work(), passed())
    withdrawn().change(talent)
    facts = talent.facts()

    assert (facts.affiliations, facts.recognitions, facts.pay) == ((), (), ())
    assert [it.level for it in facts.certificates] == ["assistant"]
    assert isinstance(talent.pending[-1].event, RecordWithdrawn)


def test_a_withdrawn_record_stays_withdrawn_however_late_it_comes_again():
    other = {"by": partner("health"), "department": "health", "origin": an_origin("x", system="health")}
    late = reported(work(**other), work())
    withdrawn().change(late)
    before = late.state
    work(person=Person("李鸣", PERSON.id_number)).change(late)

    assert late.state == before
    assert [it.department for it in late.facts().affiliations] == ["health"]


def test_a_withdrawn_record_sent_again_with_a_higher_revision_counts():
    talent = reported(work())
    withdrawn().change(talent)
    work(origin=an_origin("r1", revision=3)).change(talent)
    withdrawn().change(talent)

    assert len(talent.facts().affiliations) == 1


def test_a_name_that_only_the_withdrawn_record_said_is_destroyed():
    talent = reported(work(), work(
        person=Person("李鸣", PERSON.id_number), by=partner("health"), department="health",
        origin=an_origin("x", system="health"),
    ))  # fmt: skip
    withdrawn().change(talent)

    assert len(talent.state.identities) == 1
    assert not talent.facts().disputed


def test_a_withdrawal_of_an_equal_revision_or_of_an_unknown_record_is_refused():
    talent = reported(work(origin=an_origin("r1", revision=2)))

    with pytest.raises(RevisionReused):
        withdrawn(revision=2).change(talent)
    with pytest.raises(RecordNotFound):
        withdrawn("nobody").change(talent)


def test_a_departure_tells_its_kind_and_day():
    assert reported(departed()).pending[0].event == TalentDeparted("death", "2021-05-04")


@pytest.mark.parametrize(
    ("make", "changed", "error", "field"),
    [
        (departed, {"departure": ""}, FieldMissing, "departure"),
        (departed, {"departure": "holiday"}, CodeUnknown, "departure"),
        (departed, {"departure": LONG}, FieldTooLong, "departure"),
        (departed, {"on": ""}, FieldMissing, "on"),
        (departed, {"on": "2031-01-01"}, DateInFuture, "on"),
        (departed, {"on": LONG}, DateInvalid, "on"),
        (departed, {"on": "1995-12-31"}, BeforeBirth, "on"),
        (member, {"since": "1995-12-31"}, BeforeBirth, "since"),
        (honoured, {"on": "1995-12-31"}, BeforeBirth, "on"),
        (credited, {"on": "1995-12-31"}, BeforeBirth, "on"),
        (title_ended, {"kind": LONG}, FieldTooLong, "kind"),
        (title_ended, {"kind": ""}, FieldMissing, "kind"),
        (title_ended, {"since": ""}, FieldMissing, "since"),
        (title_ended, {"until": "2019-12-31"}, IntervalReversed, "until"),
        (title_ended, {"until": "2031-01-01"}, DateInFuture, "until"),
        (member, {"status": "friend"}, CodeUnknown, "status"),
        (member, {"since": "2031-01-01"}, DateInFuture, "since"),
        (member, {"until": "2010-01-01"}, IntervalReversed, "until"),
        (honoured, {"title": " "}, FieldMissing, "title"),
        (honoured, {"title": LONG}, FieldTooLong, "title"),
        (honoured, {"grantor_level": "moon"}, CodeUnknown, "grantor_level"),
        (honoured, {"on": "2022-02-30"}, DateInvalid, "on"),
        (credited, {"kind": LONG}, FieldTooLong, "kind"),
        (credited, {"on": "2031-01-01"}, DateInFuture, "on"),
        (credited, {"reason": ""}, FieldMissing, "reason"),
        (credited, {"reason": LONG}, FieldTooLong, "reason"),
        (credited, {"evidence": LONG}, EvidenceMalformed, "evidence"),
        (withdrawn, {"record_id": ""}, FieldMissing, "withdrawn_id"),
        (withdrawn, {"record_id": LONG}, FieldTooLong, "withdrawn_id"),
        (withdrawn, {"record_id": "李明"}, IdMalformed, "withdrawn_id"),
        (withdrawn, {"revision": 1}, AmountInvalid, "withdrawn_revision"),
    ],
)
def test_each_bad_field_is_refused_by_code_and_path(make, changed, error, field):
    with pytest.raises(error) as failure:
        make(**changed)

    assert failure.value.field == field
    assert Talent.new("t").version == 0
