"""What was learned at trainings counts for a registration; taking it back does not undo what was granted before."""

from __future__ import annotations

from swtalent.registry.v1 import registry_service_pb2 as pb
from swtalent.registry.v1 import training_service_pb2 as training
from tests.builders.registry import PERSON
from tests.component.registry.test_certificates import Certificates
from tests.component.registry.test_registry import refused
from tests.component.registry.test_trainings import Trainings


async def renewed(registry, decided_on):
    """72 hours at one training, and a renewal granted on them."""
    certificates, trainings = Certificates(registry, registry.channel), Trainings(registry)
    await certificates.registered()
    await trainings.planned(since="2022-05-01", last_day="2022-05-10", minutes=72 * 60)
    await trainings.held(last_day="2022-05-10", minutes=72 * 60)
    request = training.ReceiveAttendanceRequest(
        department="civil_affairs",
        session_id="civil_affairs/2021-017",
        number=1,
        rows=[training.AttendanceRow(identity=pb.Identity(name=PERSON.name, id_number=PERSON.id_number))],
    )
    sheet = (await trainings.call("ReceiveAttendance", request)).sheet_id
    await registry.settled()
    await certificates.call("ApplyRegistration", received_on="2024-01-10")
    await certificates.call("DecideRegistration", received_on="2024-01-10", decided_on=decided_on)
    reversal = training.ReverseAttendanceRequest(department="civil_affairs", sheet_id=sheet, reason="错误名单")
    return certificates, trainings, reversal


async def test_attendance_taken_back_later_leaves_the_registration_that_rested_on_it(registry):
    certificates, trainings, reversal = await renewed(registry, "2024-01-20")
    before = await certificates.periods()

    await trainings.call("ReverseAttendance", reversal)
    await registry.settled()

    assert len(before) == 2
    assert await certificates.periods() == before
    assert list((await certificates.facts()).learned) == []


async def test_attendance_on_which_a_registration_was_granted_today_is_not_taken_back(registry):
    certificates, trainings, reversal = await renewed(registry, registry.clock.day())
    before = await certificates.periods()

    refusal = await refused(trainings.call("ReverseAttendance", reversal))

    assert refusal[1:] == ("REGISTRATION_RESTS_ON_IT", "talent_id")
    await registry.settled()
    assert await certificates.periods() == before
    assert (await trainings.session()).attendees == 1
