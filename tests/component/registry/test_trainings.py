"""Attendance lists and results files through the whole service, saga included."""

from __future__ import annotations

import random

import pytest

from services.registry.domain.sheet import Sheet
from swtalent.registry.v1 import certificate_service_pb2 as certificates
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import registry_service_pb2 as pb
from swtalent.registry.v1 import training_service_pb2 as training
from swtalent.registry.v1.certificate_service_pb2_grpc import CertificateServiceStub
from swtalent.registry.v1.training_service_pb2_grpc import TrainingServiceStub
from tests.builders.registry import a_uscc, an_id_number
from tests.component.registry.test_registry import talent_events

EXAM = {"department": "human_resources"}


class Trainings:
    def __init__(self, registry) -> None:
        self.registry = registry
        self.stub = TrainingServiceStub(registry.channel)

    async def call(self, method, request, **token):
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = self.registry.request_id()
        return await getattr(self.stub, method)(request, metadata=self.registry.token(**token))

    async def planned(self, **changed):
        values = {
            "department": "civil_affairs",
            "session": "2021-017",
            "provider": a_uscc(),
            "venue": "510104",
            "since": "2021-03-01",
            "last_day": "2021-03-02",
            "minutes": 480,
            "category": "professional",
            "title": "个案工作",
        }
        return (await self.call("PlanSession", training.PlanSessionRequest(**{**values, **changed}))).session_id

    async def held(self, session="civil_affairs/2021-017", **changed):
        values = {"department": "civil_affairs", "session_id": session, "last_day": "2021-03-02", "minutes": 480}
        await self.call("HoldSession", training.HoldSessionRequest(**{**values, **changed}))

    async def attended(self, people, number=1, session="civil_affairs/2021-017", minutes=0, **given):
        request = training.ReceiveAttendanceRequest(
            department="civil_affairs",
            session_id=session,
            number=number,
            rows=[training.AttendanceRow(identity=an_identity(it), minutes=minutes) for it in people],
            **given,
        )
        return await self.call("ReceiveAttendance", request)

    async def announced(self):
        request = training.AnnounceSittingRequest(
            department="human_resources", level="assistant", passed_on="2021-10-16", issuing_province="510000"
        )
        return (await self.call("AnnounceSitting", request, **EXAM)).sitting_id

    async def results(self, rows, number=1, sitting="510000/assistant/2021-10-16"):
        request = training.ReceiveResultsRequest(
            department="human_resources",
            sitting_id=sitting,
            number=number,
            rows=[
                training.ResultRow(identity=identity, certificate=certificate, home_county="510104")
                for identity, certificate in rows
            ],
        )
        return await self.call("ReceiveResults", request, **EXAM)

    async def session(self, session="civil_affairs/2021-017"):
        return (await self.call("GetSession", training.GetSessionRequest(session_id=session))).session.facts

    def talents(self):
        """Last facts by talent."""
        return {event.id: event.after for event in talent_events(self.registry)}

    def last(self, kind):
        found = [
            kind.FromString(it.value)
            for it in self.registry.streams.of("registry.events.v1")
            if dict(it.headers)["ce_type"].decode() == kind.DESCRIPTOR.full_name
        ]
        return {event.id: event.after for event in found}


def an_identity(number, name="王芳"):
    return pb.Identity(name=name, id_number=an_id_number(f"1990{1 + number // 900:02d}01", number % 900))


@pytest.fixture
def trainings(registry):
    return Trainings(registry)


async def test_everybody_on_the_list_is_credited_once(trainings):
    await trainings.planned()
    await trainings.held()
    sheet = (await trainings.attended(range(3))).sheet_id
    await trainings.attended([2, 3], number=2, minutes=100)
    await trainings.registry.settled()

    facts = await trainings.session()
    assert (facts.attendees, facts.person_minutes) == (4, 2 * 480 + 2 * 100)
    learned = sorted(it.minutes for talent in trainings.talents().values() for it in talent.learned)
    assert learned == [100, 100, 480, 480]
    shown = await trainings.call("GetSheet", training.GetSheetRequest(sheet_id=sheet))
    assert (shown.facts.status, [row.masked_name for row in shown.rows]) == ("applied", ["王**"] * 3)


async def test_a_list_that_comes_before_the_session_was_held_waits_for_it(trainings):
    await trainings.planned()
    await trainings.attended(range(2))
    await trainings.registry.settled()
    assert (await trainings.session()).attendees == 0

    await trainings.held()
    await trainings.registry.settled()

    assert (await trainings.session()).person_minutes == 960
    assert [talent.learned[0].month for talent in trainings.talents().values()] == ["2021-03"] * 2


async def test_identities_leave_the_sheet_once_the_talents_have_them(trainings):
    await trainings.planned()
    await trainings.held()
    sheet = (await trainings.attended(range(2))).sheet_id
    await trainings.registry.settled()

    store = trainings.registry.app.parts[0]._store
    rows = (await store.get_many(Sheet, [sheet]))[sheet].aggregate.state.rows
    assert [row.sealed for row in rows] == [b"", b""]


async def test_what_is_taken_back_no_longer_counts_in_its_month(trainings):
    await trainings.planned()
    await trainings.held()
    sheet = (await trainings.attended([1, 2])).sheet_id
    await trainings.attended([2], number=2)
    await trainings.registry.settled()

    await trainings.call(
        "ReverseAttendance",
        training.ReverseAttendanceRequest(department="civil_affairs", sheet_id=sheet, reason="错误名单"),
    )
    await trainings.registry.settled()

    facts = await trainings.session()
    assert (facts.attendees, facts.person_minutes) == (1, 480)
    assert sorted(len(talent.learned) for talent in trainings.talents().values()) == [0, 1]
    assert trainings.last(events.SheetEvent)[sheet].status == "reversed"


async def test_the_education_statement_says_what_was_taken_back(trainings):
    await trainings.planned()
    await trainings.held()
    sheet = (await trainings.attended([1])).sheet_id
    await trainings.attended([1], number=2, minutes=400)
    await trainings.registry.settled()
    [talent] = trainings.talents()

    async def statement():
        request = certificates.EducationStatementRequest(talent_id=talent)
        stub = CertificateServiceStub(trainings.registry.channel)
        account = (await stub.EducationStatement(request, metadata=trainings.registry.token())).account
        return [(it.evidence_id, it.counted.minutes, it.reversed_on, it.why_not) for it in account.entries]

    evidence = "session/civil_affairs/2021-017"
    assert await statement() == [(evidence, 400, "", "OUTSIDE_EVERY_PERIOD")]

    for one, minutes in ((f"{evidence}/2", 480), (sheet, 0)):
        reversal = training.ReverseAttendanceRequest(
            department="civil_affairs", sheet_id=one, talent_id=talent, reason="错误"
        )
        await trainings.call("ReverseAttendance", reversal)
        await trainings.registry.settled()
        today = trainings.registry.clock.day()
        rest = (0, today, "REVERSED") if not minutes else (minutes, "", "OUTSIDE_EVERY_PERIOD")
        assert await statement() == [(evidence, *rest)]


async def test_lists_delivered_again_and_again_in_any_order_give_the_same(trainings):
    await trainings.planned()
    await trainings.held()
    deliveries = [number for number in range(1, 5) for _ in range(random.Random(number).randint(1, 5))]
    random.Random(7).shuffle(deliveries)
    for number in deliveries:
        await trainings.attended(range(number * 5, number * 5 + 8), number=number, minutes=60 * number)
    await trainings.registry.settled()

    facts = await trainings.session()
    assert facts.attendees == 23
    assert facts.person_minutes == 8 * 60 + 5 * 120 + 5 * 180 + 5 * 240
    told = sum(it.minutes for talent in trainings.talents().values() for it in talent.learned)
    assert told == facts.person_minutes


async def test_five_thousand_names_are_credited_each_once(trainings):
    await trainings.planned()
    await trainings.held()
    for number in range(1, 11):
        await trainings.attended(range((number - 1) * 500, number * 500), number=number)
    await trainings.registry.settled()

    facts = await trainings.session()
    assert (facts.attendees, facts.person_minutes) == (5000, 5000 * 480)
    assert [it.learned[0].minutes for it in trainings.talents().values()] == [480] * 5000


async def test_results_make_talents_without_affiliation(trainings):
    await trainings.announced()
    row = (an_identity(1), "SC-1")
    await trainings.results([row, row, (an_identity(2), "SC-2")])
    await trainings.registry.settled()

    found = trainings.talents().values()
    assert [[it.level for it in talent.certificates] for talent in found] == [["assistant"]] * 2
    assert {talent.home_county for talent in found} == {"510104"}
    assert [it.results for it in trainings.last(events.ExamSittingEvent).values()] == [2]


async def test_results_that_contradict_become_cases_and_stop_nothing(trainings):
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
    await trainings.announced()
    rows = [
        (an_identity(1), "SC-1"),
        (an_identity(2), "SC-1"),  # a number that is somebody else's in the file
        (an_identity(3), "SC-9"),  # … and in the registry
        (an_identity(4), "SC-4"),
        (an_identity(4), "SC-5"),  # one person, two numbers
        (an_identity(5), "SC-6"),
        (an_identity(5, "王方"), "SC-6"),  # one number, two names
        (an_identity(6), "SC-7"),
    ]
    await trainings.results(rows)
    await trainings.registry.settled()

    cases = trainings.last(events.IdentityCaseEvent)
    assert [(it.status, list(it.differing)) for id_, it in cases.items() if id_.startswith("exam/")] == [
        ("open", ["exam"])
    ] * 4
    assert sum(bool(it.certificates) for it in trainings.talents().values()) == 7
    assert trainings.registry.streams.of("registry.dead-letter.v1") == []


async def test_a_cohort_counts_the_latest_report(trainings):
    request = training.ReportGraduatesRequest(
        department="civil_affairs",
        school=a_uscc(),
        county="510104",
        major="social_work",
        level="bachelor",
        graduated_on="2021-06-30",
        graduates=80,
    )
    await trainings.call("ReportGraduates", request)
    request.request_id, request.graduates = "", 82
    await trainings.call("ReportGraduates", request)
    await trainings.registry.settled()

    assert [it.graduates for it in trainings.last(events.GraduateCohortEvent).values()] == [82]


async def test_sessions_are_listed_by_area(trainings):
    await trainings.planned()
    await trainings.planned(session="b", venue="510703")

    page = await trainings.call("ListSessions", training.ListSessionsRequest(area="510100"))

    assert [it.id for it in page.sessions] == ["civil_affairs/2021-017"]


async def test_who_is_on_a_sheet_twice_counts_once_with_the_fewest_minutes_in_any_order(trainings):
    await trainings.planned()
    await trainings.held()
    for number, minutes in ((1, (0, 60)), (2, (60, 0))):
        request = training.ReceiveAttendanceRequest(
            department="civil_affairs",
            session_id="civil_affairs/2021-017",
            number=number,
            rows=[training.AttendanceRow(identity=an_identity(number), minutes=it) for it in minutes],
        )
        await trainings.call("ReceiveAttendance", request)
    await trainings.registry.settled()

    facts = await trainings.session()
    assert (facts.attendees, facts.person_minutes) == (2, 120)


async def test_no_personal_data_is_in_the_log(trainings):
    await trainings.planned()
    await trainings.held()
    await trainings.attended(range(3))
    await trainings.announced()
    await trainings.results([(an_identity(1), "SC-2021-1")])
    await trainings.registry.settled()

    told = b"".join(it.value + b"".join(value for _, value in it.headers) for it in trainings.registry.streams.records)
    for secret in ("王芳", an_identity(1).id_number, "SC-2021-1"):
        assert secret.encode() not in told
