"""Every command of the registry as a step, what must have happened before it, and which series it moves."""

from __future__ import annotations

import inspect
from typing import Any
from zlib import crc32

import msgspec

from services.registry.commands import (
    accredit,
    annul_certificate,
    apply_registration,
    close_programme,
    count_residents,
    create_post,
    decide_registration,
    designate,
    end_accreditation,
    end_affiliation,
    end_designation,
    end_party_arrangement,
    end_registration,
    grant_honour,
    open_programme,
    plan_session,
    receive_attendance,
    receive_results,
    record_credit_event,
    record_departure,
    record_education,
    record_enrolment,
    record_founder,
    record_organisation_credit,
    record_party_arrangement,
    record_party_membership,
    record_pass,
    record_pay,
    record_roster_entry,
    record_talent,
    register_organisation,
    report_graduates,
    report_snapshot,
    reverse_attendance,
    reverse_education,
    review_senior,
    revise_catalogue,
    withdraw_record,
)
from services.registry.domain.catalogue import CatalogueRow
from services.shared.kernel.partner import partner
from services.shared.kernel.step import Step
from tests.builders.registry import KEYS, PERSON, TODAY, a_uscc, an_origin

AGENCY, INSTITUTION, HOME = a_uscc(1), a_uscc(2), a_uscc(3)
_ZERO = {str: "", int: 0, bool: False}


def a_step(module: Any, command: str, *, record: str = "", revision: int = 1, by: str = "", **given: Any) -> Step:
    """The command as a department's record brings it; what is not given is empty."""
    struct = getattr(module, command)
    sender = by or given.get("department") or "civil_affairs"
    values: dict[str, Any] = {
        "person": PERSON,
        "origin": an_origin(record or f"{command}/{crc32(repr(sorted(given.items())).encode())}", revision, sender),
        "by": partner(sender),
        "department": sender,
        **given,
    }
    for field in msgspec.structs.fields(struct):
        values.setdefault(field.name, _ZERO.get(field.type, ""))
    wanted = {field.name for field in msgspec.structs.fields(struct)}
    prepared = {"keys": KEYS, "today": TODAY}
    takes = inspect.signature(module.step).parameters
    return module.step(
        struct(**{name: value for name, value in values.items() if name in wanted}),
        **{name: value for name, value in prepared.items() if name in takes},
    )


def organisation(uscc: str, kind: str, **given: Any) -> Step:
    values = {
        "uscc": uscc,
        "name": "天府机构",
        "kind": kind,
        "county": "510107",
        "registered_on": "2015-01-01",
    }
    return a_step(register_organisation, "RegisterOrganisation", record=f"o/{uscc}", **{**values, **given})


def work(**given: Any) -> Step:
    values = {
        "as_of": "2020-12-31",
        "home_county": "510104",
        "organisation": INSTITUTION,
        "role": "manager",
        "post": "P1",
        "field": "minors",
        "place": "510107",
        "full_time": True,
        "practitioner": True,
        "principal": True,
        "since": "2018-03-01",
        "recognised_ground": "training",
        "recognised_since": "2019-06-01",
    }
    return a_step(record_talent, "RecordTalent", **{**values, **given})


def passed(level: str, on: str) -> Step:
    return a_step(
        record_pass, "RecordPass", by="human_resources", level=level, passed_on=on, issuing_province="510000",
        home_county="510104",
    )  # fmt: skip


def applied(on: str = "2021-03-15") -> Step:
    return a_step(apply_registration, "ReportApplication", level="assistant", received_on=on, area="510104")


def decided(on: str = "2021-03-15") -> Step:
    return a_step(decide_registration, "ReportDecision", level="assistant", received_on=on, decided_on=on, granted=True)


def taught(evidence: str = "e1", day: str = "2022-05-02", category: str = "manager") -> Step:
    return a_step(
        record_education, "ReportEducation", evidence_id=evidence, kind="training", category=category, first_day=day,
        last_day=day, minutes=1_200, provider=a_uscc(9),
    )  # fmt: skip


def party(kind: str, **given: Any) -> Step:
    values = {"organisation": AGENCY, "kind": kind, "responsible": "街道党工委", "since": "2016-01-01"}
    return a_step(record_party_arrangement, "RecordPartyArrangement", **{**values, **given})


def base(**given: Any) -> Step:
    return a_step(accredit, "Accredit", organisation=AGENCY, kind="training_base", grantor="province", **given)


def titled(kind: str) -> Step:
    title = designate.Title(kind=kind, grade="", grantor_level="province", since="2021-05-01", until="")
    return a_step(designate, "ReportDesignation", title=title)


def withdrawn(of: Step, record: str) -> Step:
    """Withdraws that record of civil_affairs, which is known to be about the same talent."""
    cmd = withdraw_record.ReportWithdrawal(
        origin=an_origin("w"), department="civil_affairs", withdrawn_id=record, withdrawn_revision=2
    )
    return Step(of.kind, of.id, withdraw_record.step(cmd).change)


def session(**given: Any) -> Step:
    values = {
        "session": "s1",
        "provider": AGENCY,
        "venue": "510107",
        "since": "2022-05-02",
        "minutes": 900,
        "category": "vocational",
        "title": "能力提升班",
        "status": "held",
    }
    return a_step(plan_session, "PlanSession", record="s1", **{**values, **given})


def attended() -> Step:
    rows = (receive_attendance.Attended(PERSON, 0),)
    return a_step(receive_attendance, "ReceiveAttendance", session_id="civil_affairs/s1", number=1, rows=rows)


def opened() -> Step:
    return a_step(
        open_programme, "OpenProgramme", kind="emei", area="510000", code="2022", name="天府峨眉", since="2022-01-01",
        until="2022-12-31",
    )  # fmt: skip


BEFORE = {
    "record_pass": [work()],
    "annul_certificate": [work(), passed("assistant", "2020-11-15")],
    "review_senior": [work(), passed("intermediate", "2015-08-20"), passed("senior", "2020-11-15")],
    "apply_registration": [work(), passed("assistant", "2020-11-15"), decided()],
    "decide_registration": [work(), passed("assistant", "2020-11-15"), applied()],
    "record_education": [work(), passed("assistant", "2020-11-15"), applied(), decided()],
    "end_affiliation": [work(), passed("assistant", "2020-11-15"), applied(), decided(), taught()],
    "designate": [work()],
    "record_pay": [work()],
    "create_post": [work()],
    "count_residents": [work(organisation=HOME)],
    "end_accreditation": [base(since="2021-01-01")],
    "end_party_arrangement": [party("party_work_instructor")],
    "record_enrolment": [work()],
}
BEFORE["end_designation"] = [work(), titled("practice_supervisor")]
BEFORE["record_party_membership"] = [work(organisation=AGENCY, role="worker", post=""), party("party_work_instructor")]
BEFORE["record_departure"] = BEFORE["end_registration"] = BEFORE["reverse_education"] = BEFORE["end_affiliation"]

BEFORE["receive_attendance"] = [session(), *BEFORE["record_education"]]
BEFORE["reverse_attendance"] = [*BEFORE["receive_attendance"], attended()]
BEFORE["receive_results"] = [work()]
BEFORE["withdraw_record"] = [work(record="work")]
BEFORE["close_programme"] = [opened()]

# Command → what it is given, and the series that it moves.
COMMANDS: dict[str, tuple[Step, str]] = {
    "register_organisation": (organisation(a_uscc(4), "private_agency", registered_on="2022-05-01"), "16 17d"),
    "create_post": (
        a_step(create_post, "CreatePost", organisation=INSTITUTION, post="P1", field="minors", created_on="2017-01-01"),
        "15 15n S19",
    ),
    "accredit": (base(since="2021-01-01"), "10"),
    "end_accreditation": (
        a_step(
            end_accreditation,
            "EndAccreditation",
            organisation=AGENCY,
            kind="training_base",
            grantor="province",
            until="2023-01-01",
        ),
        "10",
    ),
    "count_residents": (
        a_step(count_residents, "CountResidents", organisation=HOME, on="2021-01-01", residents=120),
        "S2d",
    ),
    "record_founder": (
        a_step(record_founder, "RecordFounder", organisation=AGENCY, founder_organisation=INSTITUTION),
        "",
    ),
    "record_organisation_credit": (
        a_step(
            record_organisation_credit,
            "RecordOrganisationCredit",
            organisation=AGENCY,
            event="e1",
            kind="contract_breach",
            since="2020-01-01",
        ),
        "",
    ),
    "record_party_arrangement": (party("party_work_instructor"), "17"),
    "end_party_arrangement": (
        a_step(
            end_party_arrangement,
            "EndPartyArrangement",
            organisation=AGENCY,
            kind="party_work_instructor",
            until="2022-01-01",
        ),
        "17",
    ),
    "record_talent": (work(), "1 9d S14ad S17 S5b"),
    "end_affiliation": (
        a_step(
            end_affiliation, "ReportEnd", organisation=INSTITUTION, role="manager", until="2022-01-31", reason="离职"
        ),
        "1 9 9d S14bd S14b S5a S5b",
    ),
    "record_pass": (passed("assistant", "2020-11-15"), "3 3a 9 S14ad S14bd S5a"),
    "review_senior": (a_step(review_senior, "ReportReview", by="human_resources", granted_on="2021-01-10"), "3b 3c"),
    "annul_certificate": (
        a_step(
            annul_certificate,
            "ReportAnnulment",
            by="human_resources",
            level="assistant",
            annulled_on="2022-05-05",
            reason="fraud",
        ),
        "3 3a 9 S14ad S14bd S5a",
    ),
    "apply_registration": (applied(), "12d S12d"),
    "decide_registration": (decided(), "12d S12d"),
    "end_registration": (
        a_step(
            end_registration, "ReportRegistrationEnd", level="assistant", ended_on="2022-03-01", reason="own_request"
        ),
        "12 12d S12d S12",
    ),
    "record_education": (taught(), "12 S12 S14b"),
    "reverse_education": (
        a_step(reverse_education, "ReportEducationReversal", evidence_id="e1", reversed_on="2022-06-01"),
        "12 S12 S14b",
    ),
    "designate": (titled("practice_supervisor"), "6"),
    "record_pay": (
        a_step(record_pay, "ReportPay", organisation=INSTITUTION, year=2020, fen=2_900_000),
        "S15a S15b S15d",
    ),
    "end_designation": (
        a_step(
            end_designation, "ReportDesignationEnd", kind="practice_supervisor", since="2021-05-01", until="2023-05-01"
        ),
        "6",
    ),
    "grant_honour": (
        a_step(grant_honour, "ReportHonour", title="最美社工", grantor_level="province", on="2021-03-16"),
        "",
    ),
    "record_credit_event": (
        a_step(record_credit_event, "ReportCreditEvent", kind="breach", on="2021-03-16", reason="违规"),
        "",
    ),
    "record_party_membership": (
        a_step(record_party_membership, "ReportPartyMembership", status="formal", since="2021-07-01"),
        "17",
    ),
    "record_departure": (
        a_step(record_departure, "ReportDeparture", departure="left_province", on="2022-01-31"),
        "1 9 9d S14bd S14b S5a S5b",
    ),
    "plan_session": (session(), "13"),
    "receive_attendance": (attended(), "12 S13a S13b"),
    "reverse_attendance": (
        a_step(reverse_attendance, "ReportAttendanceReversal", session="s1", number=1, reversed_on="2022-06-01"),
        "12 S13a S13b",
    ),
    "receive_results": (
        a_step(
            receive_results,
            "ReceiveResults",
            department="human_resources",
            level="assistant",
            passed_on="2020-11-15",
            issuing_province="510000",
            number=1,
            rows=(receive_results.Result(PERSON, "", "510104"),),
        ),
        "3 3a 9 S14ad S14bd S5a",
    ),
    "report_graduates": (
        a_step(
            report_graduates,
            "ReportGraduates",
            by="education",
            school=a_uscc(8),
            county="510107",
            major="social_work",
            level="bachelor",
            graduated_on="2021-06-30",
            graduates=48,
        ),
        "11",
    ),
    "record_roster_entry": (
        a_step(record_roster_entry, "ReportRosterEntry", area="510107", since="2021-05-12"),
        "",
    ),
    "report_snapshot": (
        a_step(
            report_snapshot,
            "ReportList",
            area="510000",
            organisation=INSTITUTION,
            as_of="2021-01-01",
            id_numbers=(PERSON.id_number,),
        ),
        "",
    ),
    "revise_catalogue": (
        a_step(
            revise_catalogue,
            "ReviseCatalogue",
            area="510107",
            year=2021,
            rows=(CatalogueRow("elderly_care", "assistant", 40),),
        ),
        "",
    ),
    "withdraw_record": (withdrawn(work(), "work"), "1 9d S14ad S17 S5b"),
    "close_programme": (
        a_step(close_programme, "CloseProgramme", programme_id="emei/510000/2022", until="2022-09-01"),
        "",
    ),
    "open_programme": (opened(), ""),
    "record_enrolment": (
        a_step(record_enrolment, "ReportEnrolment", programme_id="emei/510000/2022", since="2022-02-01"),
        "",
    ),
}


def employers() -> list[Step]:
    return [
        organisation(AGENCY, "private_agency"),
        organisation(INSTITUTION, "public_institution", civil_affairs=True),
        organisation(HOME, "elderly_care_institution"),
    ]
