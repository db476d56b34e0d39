"""Records of certificates, education, programmes and the roster leave the SDK as the platform takes them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clients.cli.partner import Type
from clients.partner.builders import BUILDERS, Builders
from clients.partner.checks import RecordInvalid
from clients.partner.seal import SealSession
from services.shared.runtime.partner_records import owners
from tests.builders.partner import A_USCC, AN_ID_NUMBER

PERSON = {"record_id": "r1", "name": "张三", "id_number": AN_ID_NUMBER}
RECORDS = {
    "ReviewRecord": {"granted_on": "2022-01-10"},
    "AnnulmentRecord": {"level": "assistant", "annulled_on": "2022-05-05", "reason": "fraud"},
    "RegistrationApplicationRecord": {"level": "assistant", "received_on": "2021-03-15", "area": "510104"},
    "RegistrationDecisionRecord": {
        "level": "assistant",
        "received_on": "2021-03-15",
        "decided_on": "2021-03-20",
        "granted": False,
    },
    "RegistrationEndRecord": {"level": "assistant", "ended_on": "2022-01-01", "reason": "own_request"},
    "EducationRecord": {
        "evidence_id": "e1",
        "kind": "training",
        "category": "ethics",
        "first_day": "2022-05-01",
        "last_day": "2022-05-02",
        "minutes": 600,
        "provider": A_USCC,
    },
    "EducationReversalRecord": {"evidence_id": "e1", "reversed_on": "2022-06-01"},
    "EnrolmentRecord": {
        "programme_id": "empowerment/510100/2024-1",
        "since": "2024-03-01",
        "until": "2024-06-01",
        "result": "passed",
    },
    "RosterRecord": {"area": "510100", "since": "2024-01-01", "until": "2025-01-01"},
}


class Kept(Builders):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__(validate=True)
        public = X25519PrivateKey.generate().public_key().public_bytes_raw()
        self.session = SealSession(public, deployment="local", partner="civil_affairs")
        self.sent = []

    def _session(self) -> SealSession:
        return self.session

    async def _send(self, type_, record_id, revision, value, seal) -> None:
        self.sent.append((type_, record_id, revision, value))


@pytest.mark.parametrize("type_", RECORDS)
async def test_every_field_arrives_and_the_person_is_sealed(type_):
    build, kind = BUILDERS[type_]
    kept = Kept()

    await build(kept, **PERSON, **RECORDS[type_])

    [(sent_type, record_id, revision, value)] = kept.sent
    body = kind.message.FromString(value)
    assert (sent_type, record_id, revision) == (type_, "r1", 1)
    assert {name: getattr(body, name) for name in RECORDS[type_]} == RECORDS[type_]
    assert body.identity.id_number
    assert AN_ID_NUMBER.encode() not in value


@pytest.mark.parametrize("type_", RECORDS)
async def test_a_day_that_is_none_is_found_before_it_is_sent(type_):
    build, kind = BUILDERS[type_]
    kept = Kept()
    for day in kind.rules.days:
        with pytest.raises(RecordInvalid, match=f"DATE_INVALID {day}"):
            await build(kept, **PERSON, **{**RECORDS[type_], day: "2022-02-30"})

    assert kept.sent == []


def test_the_command_line_and_the_builders_know_every_type_of_the_contract():
    lists = {"AttendanceRecord", "ExamResultsRecord"}  # many people in a record: Builders.attendance, exam_results

    assert {it.value for it in Type} == set(BUILDERS) == set(owners()) - lists
