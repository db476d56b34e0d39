"""Accreditations, residents, founders, credit, contracts and certified staff of an organisation, and its standing."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from services.registry.commands import (
    accredit,
    count_residents,
    end_accreditation,
    record_founder,
    record_organisation_credit,
    record_party_arrangement,
)
from services.registry.domain.organisation import Organisation
from services.registry.domain.organisation_reports import (
    AccreditationNotFound,
    ResidentsReport,
    ServiceContract,
)
from services.registry.domain.reports import Certificate, NameSeen, PassReport
from services.registry.domain.standing import full_standing
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PassRecorded, TalentReported
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import (
    AmountInvalid,
    CodeUnknown,
    DateInFuture,
    DateInvalid,
    EtagMismatch,
    FieldMissing,
    FieldTooLong,
    IntervalReversed,
    OutsideScope,
)
from services.shared.kernel.origin import RevisionReused
from services.shared.kernel.partner import partner
from services.shared.kernel.ports import Message
from services.shared.kernel.text import IdMalformed
from services.shared.kernel.uscc import UsccInvalid
from swtalent.funding.v1 import events_pb2 as funding
from tests.builders.organisations import (
    Sagas,
    a_credit,
    a_record_party_arrangement,
    a_work_report,
    an_accreditation,
    an_end,
)
from tests.builders.registry import TODAY, a_registration, a_uscc, an_origin
from tests.builders.window import a_received

ONE = a_uscc()
LONG = "x" * 65536


def an_organisation(*calls):
    organisation = Organisation.new(ONE)
    for call in calls:
        call(organisation)
    return organisation


def residents(on, count, **origin):
    return ResidentsReport(an_origin(f"residents/{on}", **origin), Day(on), count)


def test_one_base_counts_once_whichever_levels_named_it():
    facts = an_organisation(
        lambda it: it.accredit(an_accreditation(until=Day("2023-01-01"))),
        lambda it: it.accredit(an_accreditation(origin=an_origin("x"), grantor="county", since=Day("2022-01-01"))),
        lambda it: it.accredit(an_accreditation("practice_base")),
    ).facts()

    assert [(it.kind, it.since, it.until) for it in facts.accreditations] == [
        ("practice_base", "2021-01-01", ""),
        ("training_base", "2021-01-01", ""),
    ]


def test_an_accreditation_that_ended_may_begin_again():
    organisation = an_organisation(
        lambda it: it.accredit(an_accreditation()),
        lambda it: it.end_accreditation(an_end("training_base/province", "2022-01-01")),
        lambda it: it.accredit(an_accreditation(origin=an_origin("again"), since=Day("2023-01-01"))),
    )

    assert [(it.since, it.until) for it in organisation.facts().accreditations] == [
        ("2021-01-01", "2022-01-01"),
        ("2023-01-01", ""),
    ]
    with pytest.raises(AccreditationNotFound):
        organisation.end_accreditation(an_end("practice_base/province", "2022-01-01"))
    with pytest.raises(IntervalReversed):
        organisation.end_accreditation(an_end("training_base/province", "2021-01-01"))


def test_residents_are_one_count_a_day_whatever_the_order():
    calls = [
        lambda it: it.count_residents(residents("2023-01-01", 90)),
        lambda it: it.count_residents(residents("2023-06-01", 120)),
        lambda it: it.count_residents(residents("2023-06-01", 121, revision=2)),
        lambda it: it.count_residents(residents("2023-01-01", 91, system="social_work")),
        lambda it: it.note_credit(a_credit()),
        lambda it: it.accredit(an_accreditation()),
    ]
    facts = {msgspec.json.encode(an_organisation(*order).facts()) for order in itertools.permutations(calls)}

    assert len(facts) == 1
    assert [(it.on, it.residents) for it in an_organisation(*calls).facts().residents] == [
        ("2023-01-01", 91),
        ("2023-06-01", 121),
    ]


def test_a_repeat_records_nothing_and_a_reused_revision_is_refused():
    organisation = an_organisation(lambda it: it.count_residents(residents("2023-01-01", 90)))

    assert not organisation.count_residents(residents("2023-01-01", 90))
    with pytest.raises(RevisionReused):
        organisation.count_residents(residents("2023-01-01", 91))
    assert organisation.version == 1


def test_credit_and_founder_are_in_no_facts():
    organisation = an_organisation(lambda it: it.register(a_registration()))
    before = organisation.facts()
    organisation.note_credit(a_credit())

    assert organisation.facts() == before


@pytest.mark.parametrize(
    ("changed", "on", "credit", "reason"),
    [
        ({}, "2021-01-01", ("seriously_unlawful",), ["CREDIT_SERIOUSLY_UNLAWFUL"]),
        ({}, "2019-12-31", (), []),
        ({"until": Day("2021-01-01")}, "2021-01-01", (), []),
        ({"kind": "serious_finding"}, "2021-01-01", ("serious_finding",), []),
        ({"appealed_on": Day("2020-02-01")}, "2021-01-01", ("seriously_unlawful",), ["CREDIT_SERIOUSLY_UNLAWFUL"]),
        ({"appeal": "upheld"}, "2021-01-01", (), []),
        ({"appeal": "rejected"}, "2021-01-01", ("seriously_unlawful",), ["CREDIT_SERIOUSLY_UNLAWFUL"]),
    ],
)
def test_standing_names_credit_events_in_force_and_those_that_stand_against_a_contract(changed, on, credit, reason):
    organisation = an_organisation(
        lambda it: it.register(a_registration()), lambda it: it.note_credit(a_credit(**changed))
    )
    standing = full_standing(organisation, on=Day(on))

    assert standing.credit == credit
    assert [it for it in standing.reasons if it.startswith("CREDIT")] == reason


def passes(sagas, talent):
    certificate = Certificate("assistant", "510000", Day("2019-06-16"))
    report = PassReport(an_origin("pass"), NameSeen("n", "civil_affairs"), "510104", certificate, "")
    sagas.change(Talent, talent, lambda it: it.report(report, None, PassRecorded("assistant", Day("2019-06-16"))))


def test_standing_counts_certified_staff_of_the_day_and_shows_cover_and_residents():
    sagas = Sagas()
    sagas.change(Organisation, ONE, lambda it: it.register(a_registration()))
    sagas.change(Organisation, ONE, lambda it: it.count_residents(residents("2019-01-01", 101)))
    for number, until in enumerate(["", "2020-01-01"]):
        work = a_work_report("r1", ONE, "2018-01-01", until)
        sagas.change(Talent, f"t{number}", lambda it, w=work: it.report(w, None, TalentReported("", "")))
        passes(sagas, f"t{number}")
    sagas.deliver()
    organisation = sagas.of(Organisation, ONE)

    counts = [
        full_standing(organisation, on=Day(on)).certified_staff for on in ("2019-06-15", "2019-06-16", "2020-01-01")
    ]
    standing = full_standing(organisation, on=Day("2020-01-01"))
    assert counts == [0, 2, 1]
    assert (standing.residents, standing.party_cover.reason) == (101, "NO_ARRANGEMENT")


def a_contract_event(version=1, provider=ONE, since="2024-01-01", until="2025-01-01"):
    body = funding.ContractEvent(
        id="c1",
        version=version,
        after=funding.ContractFacts(purchaser="civil_affairs", provider=provider, since=since, until=until),
        contract_signed=funding.ContractSigned(on=since),
    )
    headers = (("ce_type", b"swtalent.funding.v1.ContractEvent"),)
    return a_received(Message("funding.events.v1", b"c1", headers, body.SerializeToString()))


def test_a_contract_serves_its_provider_and_moves_with_it():
    sagas = Sagas()
    sagas.log += [a_contract_event()]
    sagas.deliver()
    assert sagas.of(Organisation, ONE).facts().contracts == (ServiceContract("c1", "2024-01-01", "2025-01-01"),)
    sagas.log += [a_contract_event(2, a_uscc(2))]
    sagas.deliver()

    assert sagas.of(Organisation, ONE).facts().contracts == ()
    assert [it.contract for it in sagas.of(Organisation, a_uscc(2)).facts().contracts] == ["c1"]


def test_facts_of_a_long_life_stay_small():
    organisation = an_organisation(lambda it: it.register(a_registration()))
    for year in range(1950, 2020):
        organisation.contracted(f"{year:032d}", ServiceContract(f"{year:032d}", f"{year}-01-01", f"{year + 2}-01-01"))
        organisation.count_residents(residents(f"{year}-01-01", year))
    facts = organisation.facts()

    assert (len(facts.contracts), len(facts.residents)) == (12, 16)
    assert facts.contracts[-1].since == "2019-01-01"


BASE = {"by": partner("civil_affairs"), "origin": an_origin(), "organisation": ONE, "etag": ""}
ACCREDIT = (
    accredit,
    accredit.Accredit(**BASE, kind="training_base", grantor="province", since="2021-01-01", until=""),
)
END = (
    end_accreditation,
    end_accreditation.EndAccreditation(**BASE, kind="training_base", grantor="province", until="2022-01-01", reason=""),
)
RESIDENTS = (count_residents, count_residents.CountResidents(**BASE, on="2023-01-01", residents=0))
FOUNDER = (record_founder, record_founder.RecordFounder(**BASE, founder_talent="t1", founder_organisation=""))
PARTY = (record_party_arrangement, a_record_party_arrangement())
CREDIT = (
    record_organisation_credit,
    record_organisation_credit.RecordOrganisationCredit(
        **BASE,
        department="civil_affairs",
        event="e1",
        kind="abnormal_activity",
        since="2020-01-01",
        until="",
        appealed_on="2020-02-01",
        appeal="upheld",
        decided_on="2020-03-01",
    ),
)


@pytest.mark.parametrize("valid", [ACCREDIT, RESIDENTS, FOUNDER, PARTY, CREDIT])
def test_a_valid_command_changes_one_organisation_and_its_repeat_nothing(valid):
    module, cmd = valid
    step = module.step(cmd, today=TODAY)
    organisation = Organisation.new(step.id)
    step.change(organisation)
    step.change(organisation)

    assert (step.id, organisation.version) == (ONE, 1)


@pytest.mark.parametrize("valid", [ACCREDIT, END, RESIDENTS, FOUNDER, PARTY, CREDIT])
@pytest.mark.parametrize(("code", "error"), [("", FieldMissing), (LONG, UsccInvalid), ("52519999", UsccInvalid)])
def test_the_organisation_is_a_valid_code(valid, code, error):
    module, cmd = valid
    with pytest.raises(error) as refused:
        module.step(msgspec.structs.replace(cmd, organisation=code), today=TODAY)

    assert refused.value.field == "organisation"


@pytest.mark.parametrize(
    ("changed", "error"),
    [({"by": partner("civil_affairs-510700")}, OutsideScope), ({"etag": "7"}, EtagMismatch)],
)
@pytest.mark.parametrize("valid", [ACCREDIT, END, RESIDENTS, FOUNDER, PARTY, CREDIT])
def test_an_organisation_elsewhere_or_of_another_version_is_left_as_it_is(valid, changed, error):
    module, cmd = valid
    organisation = an_organisation(lambda it: it.register(a_registration()))
    with pytest.raises(error):
        module.step(msgspec.structs.replace(cmd, **changed), today=TODAY).change(organisation)

    assert organisation.version == 1


@pytest.mark.parametrize(
    ("valid", "changed", "error", "field"),
    [
        (ACCREDIT, {"kind": ""}, FieldMissing, "kind"),
        (ACCREDIT, {"kind": "castle"}, CodeUnknown, "kind"),
        (ACCREDIT, {"kind": LONG}, FieldTooLong, "kind"),
        (ACCREDIT, {"grantor": ""}, FieldMissing, "grantor"),
        (ACCREDIT, {"grantor": LONG}, FieldTooLong, "grantor"),
        (ACCREDIT, {"since": ""}, FieldMissing, "since"),
        (ACCREDIT, {"since": "2027-01-01"}, DateInFuture, "since"),
        (ACCREDIT, {"since": LONG}, DateInvalid, "since"),
        (ACCREDIT, {"until": "2021-01-01"}, IntervalReversed, "until"),
        (END, {"kind": LONG}, FieldTooLong, "kind"),
        (END, {"grantor": "x"}, CodeUnknown, "grantor"),
        (END, {"until": ""}, FieldMissing, "until"),
        (END, {"until": "2027-01-01"}, DateInFuture, "until"),
        (END, {"reason": LONG}, FieldTooLong, "reason"),
        (RESIDENTS, {"on": ""}, FieldMissing, "on"),
        (RESIDENTS, {"on": "2023-02-30"}, DateInvalid, "on"),
        (RESIDENTS, {"on": "2027-01-01"}, DateInFuture, "on"),
        (RESIDENTS, {"residents": -1}, AmountInvalid, "residents"),
        (RESIDENTS, {"residents": 100_001}, AmountInvalid, "residents"),
        (FOUNDER, {"founder_talent": ""}, FieldMissing, "founder_talent"),
        (FOUNDER, {"founder_talent": LONG}, FieldTooLong, "founder_talent"),
        (FOUNDER, {"founder_talent": "李明"}, IdMalformed, "founder_talent"),
        (FOUNDER, {"founder_organisation": "x"}, UsccInvalid, "founder_organisation"),
        (FOUNDER, {"founder_organisation": a_uscc(2)}, record_founder.FoundersTwo, "founder_organisation"),
        (PARTY, {"kind": ""}, FieldMissing, "kind"),
        (PARTY, {"kind": "club"}, CodeUnknown, "kind"),
        (PARTY, {"kind": "own_branch"}, record_party_arrangement.OtherNotNeeded, "other"),
        (PARTY, {"other": ""}, FieldMissing, "other"),
        (PARTY, {"other": LONG}, UsccInvalid, "other"),
        (PARTY, {"other": ONE}, record_party_arrangement.OtherIsItself, "other"),
        (PARTY, {"responsible": ""}, FieldMissing, "responsible"),
        (PARTY, {"responsible": LONG}, FieldTooLong, "responsible"),
        (PARTY, {"since": "2027-01-01"}, DateInFuture, "since"),
        (PARTY, {"until": "2019-01-01"}, IntervalReversed, "until"),
        (CREDIT, {"event": ""}, FieldMissing, "event"),
        (CREDIT, {"event": LONG}, FieldTooLong, "event"),
        (CREDIT, {"kind": "rumour"}, CodeUnknown, "kind"),
        (CREDIT, {"since": "2027-01-01"}, DateInFuture, "since"),
        (CREDIT, {"until": "2019-01-01"}, IntervalReversed, "until"),
        (CREDIT, {"appealed_on": ""}, FieldMissing, "appealed_on"),
        (CREDIT, {"appealed_on": "2019-01-01"}, IntervalReversed, "appealed_on"),
        (CREDIT, {"appeal": ""}, FieldMissing, "appeal"),
        (CREDIT, {"appeal": "maybe"}, CodeUnknown, "appeal"),
        (CREDIT, {"decided_on": ""}, FieldMissing, "decided_on"),
        (CREDIT, {"decided_on": "2020-01-15"}, IntervalReversed, "decided_on"),
        (CREDIT, {"decided_on": "2027-01-01"}, DateInFuture, "decided_on"),
    ],
)
def test_a_bad_field_is_named_with_its_code(valid, changed, error, field):
    module, cmd = valid
    with pytest.raises(error) as refused:
        module.step(msgspec.structs.replace(cmd, **changed), today=TODAY)

    assert refused.value.field == field
