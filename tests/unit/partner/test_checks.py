"""The SDK finds what is plainly wrong before it is sent, under the platform's own codes."""

import pytest

from clients.partner import records
from clients.partner.checks import TEXTS, faults_of
from services.registry.domain.identifiers import IdNumberInvalid
from services.shared.kernel import errors, text
from services.shared.kernel.origin import RevisionReused
from services.shared.kernel.uscc import UsccInvalid
from tests.builders.partner import a_talent_record, without


def codes(kind, record):
    return [(fault.code, fault.field) for fault in faults_of(kind.rules, record)]


def test_a_right_record_has_no_faults():
    assert codes(records.TALENT, a_talent_record()) == []


@pytest.mark.parametrize("name", records.TALENT.rules.required)
def test_each_required_field_is_missed(name):
    assert codes(records.TALENT, without(a_talent_record(), name)) == [("FIELD_MISSING", name)]


def test_false_is_an_answer_and_empty_text_is_none():
    assert codes(records.TALENT, a_talent_record(full_time=False)) == []
    assert codes(records.TALENT, a_talent_record(role="")) == [("FIELD_MISSING", "role")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"since": "2018-3-1"}, [("DATE_INVALID", "since")]),
        ({"since": "2018-02-30"}, [("DATE_INVALID", "since")]),
        ({"until": "2018-03-01"}, [("INTERVAL_REVERSED", "until")]),
        ({"place": "51010"}, [("AREA_UNKNOWN", "place")]),
        ({"place": "5101040"}, [("AREA_UNKNOWN", "place")]),
        ({"organisation": "52519999"}, [("USCC_INVALID", "organisation")]),
        ({"id_number": "519999199001011238"}, [("ID_NUMBER_INVALID", "id_number")]),
        ({"id_number": "51999919900101123"}, [("ID_NUMBER_INVALID", "id_number")]),
        ({"pay_year": 2020}, [("FIELD_MISSING", "pay_fen")]),
        ({"pay_year": 2020, "pay_fen": -1}, [("AMOUNT_INVALID", "pay_fen")]),
        ({"recognised_ground": "degree"}, [("FIELD_MISSING", "recognised_since")]),
        ({"recognised_since": "2018-03-01"}, [("FIELD_MISSING", "recognised_ground")]),
        ({"role": "x" * 1001}, [("FIELD_TOO_LONG", "role")]),
        ({"record_id": "成都-1"}, [("ID_MALFORMED", "record_id")]),
        ({"record_id": "-1"}, [("ID_MALFORMED", "record_id")]),
        ({"record_id": "x" * 129}, [("FIELD_TOO_LONG", "record_id")]),
        ({"record_id": ""}, [("FIELD_MISSING", "record_id")]),
        ({"revision": 0}, [("REVISION_INVALID", "revision")]),
    ],
)
def test_what_is_plainly_wrong_is_named_by_code_and_field(change, expected):
    assert codes(records.TALENT, a_talent_record(**change)) == expected


def test_all_faults_of_a_record_are_named_at_once():
    record = a_talent_record(since="gestern", place="x", name="")

    assert sorted(codes(records.TALENT, record)) == [
        ("AREA_UNKNOWN", "place"),
        ("DATE_INVALID", "since"),
        ("FIELD_MISSING", "name"),
    ]


@pytest.mark.parametrize("number", ["519999900101123", "51999919900101123 ".strip() + "9", " 519999199001011239 "])
def test_old_numbers_and_blanks_around_are_the_platform_s_to_put_right(number):
    assert codes(records.TALENT, a_talent_record(id_number=number)) == []


def test_codes_are_the_platform_s_own():
    local = {"COLUMN_UNKNOWN", "VALUE_INVALID", "REVISION_INVALID"}  # a file's columns and cells, a builder's argument
    platform = {
        family.reason
        for family in (
            errors.FieldMissing,
            errors.FieldTooLong,
            errors.DateInvalid,
            errors.IntervalReversed,
            errors.AreaUnknown,
            errors.AmountInvalid,
            text.IdMalformed,
            IdNumberInvalid,
            UsccInvalid,
            RevisionReused,
        )
    }

    assert set(TEXTS) - local == platform


def test_every_field_of_every_message_can_be_reported():
    for kind in (
        records.TALENT,
        records.AFFILIATION_END,
        records.EXAM_PASS,
        records.DESIGNATION,
        records.PAY,
        records.ORGANISATION,
        records.POST,
        records.COMMUNITY,
        records.APPROPRIATION,
        records.REVIEW,
        records.ANNULMENT,
        records.REGISTRATION_APPLICATION,
        records.REGISTRATION_DECISION,
        records.REGISTRATION_END,
        records.EDUCATION,
        records.EDUCATION_REVERSAL,
        records.TRAINING_SESSION,
        records.ATTENDANCE_REVERSAL,
        records.GRADUATE_COHORT,
    ):
        names = {field.name for field in kind.message.DESCRIPTOR.fields}
        wire = {name for name in names - {"identity"} if not name.startswith("evidence")}
        reported = {name for name in kind.types if not name.startswith("evidence_")}
        identity = {"name", "id_number", "phone"} if "name" in kind.sealed else set()

        assert reported - {"record_id", "revision"} - identity == wire - identity, kind.name
