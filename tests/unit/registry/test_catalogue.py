"""The catalogue of wanted talents, and who counts as had."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest

from services.registry.commands import revise_catalogue
from services.registry.commands.revise_catalogue import MOST_ROWS, CatalogueRowTwice
from services.registry.consumers.own_headcounts import OwnHeadcounts
from services.registry.domain import codes
from services.registry.domain.catalogue import CatalogueRow, RegionalCatalogue, YearInvalid
from services.registry.domain.headcount import SHARDS, Headcount, Worked, count, headcount_id, summary, worked
from services.registry.domain.reports import AnnulmentReport, NameSeen, PassReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import CertificateAnnulled, PassRecorded, TalentReported
from services.registry.storage import KINDS
from services.shared.kernel.codes import PRACTICE_FIELDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import (
    AmountInvalid,
    AreaUnknown,
    CodeUnknown,
    EtagMismatch,
    Exhausted,
    FieldMissing,
    FieldTooLong,
    OutsideScope,
)
from services.shared.runtime.store.kind import LARGEST_FACTS
from tests.builders.catalogues import WANTED, a_certificate, a_revise_catalogue, an_affiliation
from tests.builders.organisations import Sagas, a_work_report
from tests.builders.registry import TODAY, a_uscc, an_origin

LONG = "x" * 65536


def times(*given):
    return tuple(Worked(field, level, Day(since), Day(until)) for field, level, since, until in given)


def test_a_person_counts_from_the_pass_on_where_the_work_is():
    assert worked([an_affiliation(place="510104020001")], [a_certificate()]) == {
        "510104": times(("elderly_care", "assistant", "2019-06-16", ""))
    }


def test_who_holds_no_certificate_or_does_not_work_counts_nowhere():
    assert worked([an_affiliation()], []) == {}
    assert worked([], [a_certificate()]) == {}
    assert worked([an_affiliation(until="2019-06-16")], [a_certificate()]) == {}


def test_the_flagged_affiliation_is_the_principal_one_else_the_earliest_else_by_id():
    early, late = an_affiliation(id="b"), an_affiliation("2020-01-01", id="a", place="510105", field="minors")
    flagged = msgspec.structs.replace(late, principal=True, until=Day("2021-01-01"))
    same_day = msgspec.structs.replace(late, since=early.since)

    assert worked([early, late], [a_certificate()]).keys() == {"510104"}
    assert worked([early, flagged], [a_certificate()]) == {
        "510104": times(
            ("elderly_care", "assistant", "2019-06-16", "2020-01-01"), ("elderly_care", "assistant", "2021-01-01", "")
        ),
        "510105": times(("minors", "assistant", "2020-01-01", "2021-01-01")),
    }
    assert worked([early, same_day], [a_certificate()]).keys() == {"510105"}


def test_the_highest_level_counts_and_the_senior_one_from_its_review():
    held = [
        a_certificate(),
        a_certificate("intermediate", "2020-06-16"),
        a_certificate("senior", "2022-06-16", granted_on="2023-01-10", annulled_on="2024-01-01"),
    ]

    assert worked([an_affiliation()], held)["510104"] == times(
        ("elderly_care", "assistant", "2019-06-16", "2020-06-16"),
        ("elderly_care", "intermediate", "2020-06-16", "2023-01-10"),
        ("elderly_care", "senior", "2023-01-10", "2024-01-01"),
        ("elderly_care", "intermediate", "2024-01-01", ""),
    )


def test_nobody_is_counted_twice_on_any_day():
    rng = random.Random(5)
    days = [f"{2018 + number // 4}-{number % 4 * 3 + 1:02d}-01" for number in range(32)]
    for _ in range(200):
        work = [
            an_affiliation(*sorted(rng.sample(days, 2)), id=str(number), place=rng.choice(["510104", "510105"]),
                           field=rng.choice(["minors", "youth"]), principal=rng.random() < 0.3)
            for number in range(rng.randint(1, 4))
        ]  # fmt: skip
        held = [a_certificate(rng.choice(["assistant", "intermediate"]), rng.choice(days)) for _ in range(2)]
        counting = [it for one in worked(work, held).values() for it in one]
        for day in days:
            on = [it for it in counting if it.since <= day and (not it.until or day < it.until)]
            works = any(it.since <= day < it.until for it in work)
            assert len(on) == (works and any(it.passed_on <= day for it in held))


def test_a_county_is_counted_on_any_day_from_what_its_shards_keep():
    one = Headcount.new("510104/00")
    one.write("t1", times(("minors", "senior", "2020-01-01", "2022-01-01")))
    one.write("t2", times(("minors", "senior", "2021-01-01", ""), ("youth", "senior", "2019-01-01", "2021-01-01")))

    assert count([summary(one)], Day("2021-06-01")) == {("minors", "senior"): 2}
    assert count([summary(one), summary(one)], Day("2022-01-01")) == {("minors", "senior"): 2}
    assert b"t1" not in summary(one)


# ── the saga ──


def a_pass():
    return PassReport(an_origin("p"), NameSeen("n", "human_resources"), "510104", a_certificate(), "")


def reported(reports, *, seed):
    """What the county keeps of t1 after the reports, each event delivered late, and all of them twice."""
    sagas = Sagas(seed=seed)
    sagas.readers = (OwnHeadcounts(),)
    for report, event in reports:
        sagas.change(Talent, "t1", lambda it, said=report, as_=event: it.report(said, None, as_))
        sagas.deliver(most=1)
    sagas.deliver()
    sagas.deliver(again=True)
    return [it.worked for it in sagas.of(Headcount, headcount_id("510104", "t1")).state.people]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_headcounts_follow_work_passes_and_annulments_in_any_order(order):
    reports = [
        (a_work_report("w", a_uscc(), "2018-03-01"), TalentReported("", "")),
        (a_pass(), PassRecorded("assistant", Day("2019-06-16"))),
        (
            AnnulmentReport(an_origin("x"), None, "assistant", Day("2022-05-05"), "fraud"),
            CertificateAnnulled("assistant", Day("2022-05-05")),
        ),
    ]

    kept = reported([reports[number] for number in order], seed=sum(order[:2]))

    assert kept == list(times(("youth", "assistant", "2019-06-16", "2022-05-05")))


def test_who_moves_to_another_county_leaves_the_first():
    sagas = Sagas()
    sagas.readers = (OwnHeadcounts(),)
    work = a_work_report("w", a_uscc(), "2018-03-01")
    moved = msgspec.structs.replace(
        a_work_report("w", a_uscc(), "2018-03-01", revision=2),
        affiliation=msgspec.structs.replace(work.affiliation, place="510302"),
    )
    for report in (work, a_pass(), moved):
        sagas.change(Talent, "t1", lambda it, said=report: it.report(said, None, TalentReported("", "")))
    sagas.deliver()

    assert not sagas.of(Headcount, headcount_id("510104", "t1")).state.people
    assert [it.talent for it in sagas.of(Headcount, headcount_id("510302", "t1")).state.people] == ["t1"]


def test_a_countys_people_are_spread():
    assert len({headcount_id("510104", f"t{number}") for number in range(500)}) == SHARDS


# ── the catalogue ──


def revised(**changed):
    step = revise_catalogue.step(a_revise_catalogue(**changed), today=TODAY)
    catalogue = RegionalCatalogue.new(step.id)
    step.change(catalogue)
    return catalogue


def test_a_revision_puts_the_whole_catalogue_in_place():
    catalogue = revised()
    assert (catalogue.id, catalogue.facts().rows) == ("510100/2025", WANTED)

    revise_catalogue.step(a_revise_catalogue(rows=WANTED[::-1]), today=TODAY).change(catalogue)
    assert catalogue.version == 1

    revise_catalogue.step(a_revise_catalogue(rows=WANTED[:1]), today=TODAY).change(catalogue)
    assert (catalogue.version, catalogue.facts().rows) == (2, WANTED[:1])


def test_the_largest_catalogue_fits_the_facts():
    rows = [CatalogueRow(field, level, 1_000_000) for field in PRACTICE_FIELDS for level in codes.LEVELS]
    catalogue = revised(rows=rows)

    kind = next(it for it in KINDS if it.aggregate is RegionalCatalogue)
    assert len(catalogue.facts().rows) == MOST_ROWS
    assert len(kind.summary(catalogue)) < LARGEST_FACTS


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"area": ""}, FieldMissing, "area"),
        ({"area": "519999"}, AreaUnknown, "area"),
        ({"area": "510104020"}, AreaUnknown, "area"),
        ({"area": LONG}, AreaUnknown, "area"),
        ({"area": "510300"}, OutsideScope, "area"),
        ({"year": 0}, YearInvalid, "year"),
        ({"year": 2015}, YearInvalid, "year"),
        ({"year": 2032}, YearInvalid, "year"),
        ({"rows": ()}, FieldMissing, "rows"),
        ({"rows": WANTED * 100}, Exhausted, "rows"),
        ({"rows": (*WANTED, WANTED[0])}, CatalogueRowTwice, "rows[2]"),
        ({"rows": (CatalogueRow("", "senior", 1),)}, FieldMissing, "rows[0].field"),
        ({"rows": (CatalogueRow("space", "senior", 1),)}, CodeUnknown, "rows[0].field"),
        ({"rows": (WANTED[0], CatalogueRow("minors", LONG, 1))}, FieldTooLong, "rows[1].level"),
        ({"rows": (CatalogueRow("minors", "top", 1),)}, CodeUnknown, "rows[0].level"),
        ({"rows": (CatalogueRow("minors", "senior", 0),)}, AmountInvalid, "rows[0].wanted"),
        ({"rows": (CatalogueRow("minors", "senior", -1),)}, AmountInvalid, "rows[0].wanted"),
        ({"rows": (CatalogueRow("minors", "senior", 1_000_001),)}, AmountInvalid, "rows[0].wanted"),
        ({"etag": "7"}, EtagMismatch, "etag"),
    ],
)
def test_a_revision_refuses_bad_fields(changed, error, field):
    with pytest.raises(error) as refused:
        revised(**changed)

    assert refused.value.field == field
