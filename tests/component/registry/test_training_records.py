"""Partners' trainings, lists, results and graduates: the SDK cuts lists into sheets, which arrive in any order."""

from __future__ import annotations

import pytest

from clients.partner import lists
from clients.partner.builders import Builders
from clients.partner.seal import SealSession
from services.shared.kernel.ports import Message
from services.shared.runtime.envelope import records_topic
from swtalent.common.v1 import refusal_pb2
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import registry_service_pb2 as pb
from tests.builders.registry import a_uscc
from tests.component.registry.test_trainings import EXAM, Trainings, an_identity


@pytest.fixture
def trainings(registry):
    return Trainings(registry)


async def test_a_partner_takes_somebody_back_before_the_list_comes(trainings):
    department = Department(trainings.registry)
    person = {"name": "王芳", "id_number": an_identity(1).id_number}
    await department.attendance_reversal(record_id="r", session="s-1", number=1, reversed_on="2021-04-01", **person)
    await department.attendance([a_row(it) for it in range(3)], record_id="a", session="s-1")
    await department.training_session(
        record_id="t",
        session="s-1",
        provider=a_uscc(),
        venue="510104",
        since="2021-03-01",
        minutes=60,
        category="manager",
        title="机构管理",
        status="held",
    )
    await trainings.registry.settled()

    facts = await trainings.session("civil_affairs/s-1")
    assert (facts.attendees, facts.person_minutes) == (2, 120)
    assert sorted(len(talent.learned) for talent in trainings.talents().values()) == [0, 1, 1]
    assert trainings.registry.streams.of("registry.dead-letter.v1") == []


class Department(Builders):
    """The SDK, sending into the log of the test."""

    def __init__(self, registry, partner="civil_affairs") -> None:
        super().__init__(validate=True)
        self.registry, self.partner = registry, partner
        self.seals = SealSession(registry.platform, deployment="local", partner=partner)

    def _session(self):
        return self.seals

    async def _send(self, type_, record_id, revision, value, seal):
        headers = (
            ("ce_id", f"{record_id}:{revision}".encode()),
            ("ce_type", f"swtalent.partner.v1.{type_}".encode()),
            ("swtalent-seal", seal),
        )
        message = Message(records_topic(self.partner), record_id.encode(), headers, value)
        await self.registry.streams.append([message] * 2)


def a_row(person, **other):
    return {"name": "王芳", "id_number": an_identity(person).id_number, **other}


async def test_a_partners_list_may_come_before_its_session(trainings):
    department = Department(trainings.registry)
    await department.attendance([a_row(it) for it in range(700)], record_id="a", session="s-1")
    await trainings.registry.settled()
    assert trainings.talents() == {}

    await department.training_session(
        record_id="t",
        session="s-1",
        provider=a_uscc(),
        venue="510104",
        since="2021-03-01",
        minutes=60,
        category="manager",
        title="机构管理",
        status="held",
    )
    await trainings.registry.settled()

    facts = await trainings.session("civil_affairs/s-1")
    assert (facts.attendees, facts.person_minutes) == (700, 700 * 60)
    assert [[it.category for it in talent.trained] for talent in trainings.talents().values()] == [["manager"]] * 700
    assert trainings.registry.streams.of("registry.dead-letter.v1") == []


async def test_a_session_that_a_partner_corrects_to_cancelled_credits_nobody(trainings):
    department = Department(trainings.registry)
    session = {
        "session": "s-1",
        "provider": a_uscc(),
        "venue": "510104",
        "since": "2021-03-01",
        "minutes": 60,
        "category": "manager",
        "title": "机构管理",
    }
    await department.training_session(record_id="t", status="held", **session)
    await department.attendance([a_row(it) for it in range(3)], record_id="a", session="s-1")
    await trainings.registry.settled()
    assert [len(talent.learned) for talent in trainings.talents().values()] == [1] * 3

    await department.training_session(record_id="t", revision=2, status="cancelled", **session)
    await trainings.registry.settled()

    assert (await trainings.session("civil_affairs/s-1")).attendees == 0
    assert [len(talent.learned) for talent in trainings.talents().values()] == [0] * 3


async def test_a_partners_results_and_graduates_count(trainings):
    exams = Department(trainings.registry, "human_resources")
    sitting = {"level": "assistant", "passed_on": "2021-10-16", "issuing_province": "510000"}
    await exams.exam_results([a_row(it, number=f"SC-{it}") for it in range(3)], record_id="e", **sitting)
    await exams.graduate_cohort(
        record_id="g",
        school=a_uscc(),
        county="510104",
        major="social_work",
        level="bachelor",
        graduated_on="2021-06-30",
        graduates=80,
    )
    await trainings.registry.settled()

    assert [it.results for it in trainings.last(events.ExamSittingEvent).values()] == [3]
    assert len(trainings.talents()) == 3
    assert [it.graduates for it in trainings.last(events.GraduateCohortEvent).values()] == [80]


async def test_a_partners_result_with_somebodys_registered_number_is_refused_and_the_rest_is_taken(trainings):
    await trainings.registry.stub.RecordPass(
        pb.RecordPassRequest(
            request_id="earlier",
            identity=an_identity(9),
            department="human_resources",
            level="assistant",
            passed_on="2019-06-16",
            number="SC-9",
        ),
        metadata=trainings.registry.token(**EXAM),
    )
    exams = Department(trainings.registry, "human_resources")
    sitting = {"level": "assistant", "passed_on": "2021-10-16", "issuing_province": "510000"}
    await exams.exam_results([a_row(it, number=f"SC-{it + 7}") for it in range(4)], record_id="e", **sitting)
    await trainings.registry.settled()

    assert sum(bool(it.certificates) for it in trainings.talents().values()) == 4
    notices = trainings.registry.streams.of("registry.dead-letter.v1")
    assert {refusal_pb2.Refusal.FromString(it.value).reason for it in notices} == {"CLAIM_TAKEN"}


def test_a_list_is_cut_into_sheets_and_a_row_that_is_there_twice_is_one():
    rows = [a_row(it) for it in range(501)]

    assert [(number, len(part)) for number, part in lists.sheets([*rows, rows[0]])] == [(1, 500), (2, 1)]
