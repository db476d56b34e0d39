"""What PersonService shows of lists, objections and the person's own record."""

from __future__ import annotations

from services.registry.domain.objection import Objection
from services.registry.domain.snapshot import Snapshot
from services.registry.publisher import talents
from services.registry.queries.my_record import MyRecord
from swtalent.registry.v1 import person_service_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2 as talents_pb


def snapshot_shown(snapshot: Snapshot, missing: tuple[str, ...]) -> pb.Snapshot:
    state = snapshot.state
    return pb.Snapshot(
        id=snapshot.id,
        department=state.department,
        organisation=state.organisation,
        as_of=state.as_of,
        listed=state.count,
        status=state.status,
        missing=missing,
        etag=str(snapshot.version),
    )


def objection_shown(objection: Objection, *, text: str, answer: str) -> pb.Objection:
    """`text` and `answer` in clear: for the person and for the department that answers."""
    state = objection.state
    return pb.Objection(
        id=objection.id,
        talent_id=state.talent,
        department=state.department,
        system=state.system,
        record_id=state.record_id,
        text=text,
        status=state.status,
        answer=answer,
        etag=str(objection.version),
    )


def record_shown(record: MyRecord, objections: list[pb.Objection]) -> pb.MyRecordResponse:
    texts = record.texts
    return pb.MyRecordResponse(
        talent=talents_pb.Talent.FromString(talents.talent_summary(record.talent)),
        education=[pb.EducationYear(year=year, minutes=minutes) for year, minutes in record.education],
        records=[
            pb.RecordAboutMe(
                department=department,
                kind=str(it.__struct_config__.tag),
                system=it.origin.system,
                record_id=it.origin.record_id,
            )
            for department, it in record.records
        ],
        memberships=[pb.Membership(status=it.status, since=it.since, until=it.until) for it in record.memberships],
        honours=[
            pb.Honour(title=texts.get(it.text, ""), grantor_level=it.grantor_level, on=it.on) for it in record.honours
        ],
        credit=[
            pb.CreditEvent(
                id=it.id,
                department=it.report.department,
                kind=it.report.kind,
                on=it.report.on,
                reason=texts.get(it.report.text, ""),
                appeal=it.appeal,
            )
            for it in record.credit
        ],
        looks=[
            pb.Look(principal=it.principal, department=it.department, purpose=it.purpose, at=it.at)
            for it in record.looks
        ],
        objections=objections,
    )
