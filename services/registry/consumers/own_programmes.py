"""Saga on the registry's own events: how many take part in which programme.

Who takes part is private, so a talent's event says only that something changed: its state is read from the store, its
enrolments are written into the sheets of members, and what a sheet adds up to into the programme.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import msgspec

from services.registry.domain.enrolment import Enrolled, MemberSheet, enrolments_of, sheet_id, sheet_number
from services.registry.domain.programme import Programme
from services.registry.domain.talent import Talent
from services.shared.kernel.follower import Follower, hear
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.reader import Changes, Received, Ref, Task
from swtalent.registry.v1 import events_pb2 as events

_TALENT = events.TalentEvent.DESCRIPTOR.full_name.encode()
_PROGRAMME = events.ProgrammeEvent.DESCRIPTOR.full_name.encode()
# Changes of a talent that may be one of an enrolment: nearly none.
_CONCERNING = frozenset(
    {"private_changed", "record_withdrawn", "moved_into", "part_taken", "part_released", "moved_back"}
)
# Changes of the days on which a programme runs.
_DAYS = frozenset({"programme_opened", "programme_closed"})


class _TalentSeen(msgspec.Struct, frozen=True):
    talent: str
    follower: str
    version: int


class _ProgrammeSeen(msgspec.Struct, frozen=True):
    programme: str


class OwnProgrammes:
    """Each step writes what the states say now, so an event that comes late or again changes nothing."""

    name = "own-programmes"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        kind = header(record.headers, "ce_type")
        if kind == _TALENT:
            told = events.TalentEvent.FromString(record.value or b"")
            if told.WhichOneof("change") not in _CONCERNING:
                return None
            follower = f"programmes/{told.id}"
            return Task(((Follower, follower), (Talent, told.id)), _TalentSeen(told.id, follower, told.version))
        if kind == _PROGRAMME:
            event = events.ProgrammeEvent.FromString(record.value or b"")
            if event.WhichOneof("change") in _DAYS:
                return Task(((Programme, event.id),), _ProgrammeSeen(event.id))
        return None

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        seen: _TalentSeen | _ProgrammeSeen = task.content
        if isinstance(seen, _ProgrammeSeen):
            counted = changes(Programme, seen.programme).aggregate.state.counted
            return [(MemberSheet, sheet_id(seen.programme, number)) for number, _ in counted]
        before = changes(Follower, seen.follower).aggregate.state.written_to
        named = {*enrolments_of(changes(Talent, seen.talent).aggregate), *before}
        number = sheet_number(seen.talent)
        return [
            ref
            for programme in sorted(named)
            for ref in ((Programme, programme), (MemberSheet, sheet_id(programme, number)))
        ]

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _TalentSeen | _ProgrammeSeen = task.content
        if isinstance(seen, _ProgrammeSeen):
            for number, _ in changes(Programme, seen.programme).aggregate.state.counted:
                _count(changes, seen.programme, number)
            return
        follower = changes(Follower, seen.follower)
        followed = follower.aggregate.state
        if seen.version <= followed.last:
            return  # the state read at a later version held this one too
        talent = changes(Talent, seen.talent).aggregate
        enrolments, number = enrolments_of(talent), sheet_number(seen.talent)
        if not enrolments and not followed.written_to:
            return
        version = max(seen.version, talent.version)
        for programme in sorted(enrolments.keys() | set(followed.written_to)):
            write = partial(_write, talent=talent.id, rows=enrolments.get(programme, ()))
            hear(changes(MemberSheet, sheet_id(programme, number)), talent.id, version, write)
            _count(changes, programme, number)
        follower.apply(lambda it: it.see(version, tuple(sorted(enrolments))))


def _write(sheet: MemberSheet, *, talent: str, rows: tuple[Enrolled, ...]) -> None:
    sheet.write(talent, rows)


def _count(changes: Changes, programme: str, number: int) -> None:
    sheet = changes(MemberSheet, sheet_id(programme, number)).aggregate
    changes(Programme, programme).apply(partial(_take, number=number, version=sheet.version, rows=sheet.state.rows))


def _take(programme: Programme, *, number: int, version: int, rows: tuple[Enrolled, ...]) -> None:
    programme.count(number, version, rows)
