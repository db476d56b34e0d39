"""TrainingSession (培训): one training and who attended, as far as it counts."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import NO_DAY, Day
from services.shared.kernel.errors import IntervalReversed, NotFound, RuleBroken
from services.shared.kernel.origin import Origin, held_for, put, supersedes

# View of sessions by county and prefecture of the venue.
BY_AREA = "area"
# What is reported later prevails in this order, whatever arrives first.
_RANKS = {"planned": 0, "held": 1, "cancelled": 2}
MOST_ATTENDANCE = 5_000


class SessionNotFound(NotFound):
    reason = "SESSION_NOT_FOUND"
    zh, en = "没有此培训", "No such training session"


class SessionOver(RuleBroken):
    reason = "SESSION_OVER"
    zh, en = "培训已举办或已取消", "The session was held or cancelled"
    fix_zh, fix_en = "请核对培训状态", "Check the session's status"


class AttendanceFull(RuleBroken):
    reason = "ATTENDANCE_FULL"
    zh, en = "签到名单超过5000人次", "The session's lists hold more than 5,000 rows"
    fix_zh, fix_en = "请拆分为多个培训", "Report it as several sessions"


class SessionReport(msgspec.Struct, frozen=True):
    """A session as one system reports it; `lecturers` are talent ids and stay private."""

    origin: Origin
    provider: str
    venue: str
    since: Day
    last_day: Day
    minutes: int
    category: str
    audience: str
    title: str
    lecturers: tuple[str, ...]
    status: str
    reason: str = ""


class Listed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Somebody on a sheet that is not reversed; `minutes` 0 = the session's."""

    talent: str
    minutes: int
    birth_year: int


class Counted(msgspec.Struct, frozen=True, gc=False, array_like=True):
    number: int
    people: tuple[Listed, ...]


class TrainingState(msgspec.Struct, frozen=True):
    reports: tuple[SessionReport, ...] = ()
    sheets: tuple[Counted, ...] = ()


class TrainingSessionFacts(msgspec.Struct, frozen=True):
    provider: str = ""
    venue: str = ""
    since: Day = NO_DAY
    last_day: Day = NO_DAY
    minutes: int = 0
    category: str = ""
    audience: str = ""
    status: str = ""
    attendees: int = 0
    person_minutes: int = 0
    title: str = ""


class SessionPlanned(msgspec.Struct, frozen=True):
    pass


class SessionHeld(msgspec.Struct, frozen=True):
    pass


class SessionCancelled(msgspec.Struct, frozen=True):
    reason: str


class AttendanceCounted(msgspec.Struct, frozen=True):
    sheet: str


class TrainingSession(Aggregate[TrainingState]):
    """Id = `<department>/<the department's own id>`. A sheet that names an unknown session makes a stub (status "").

    Invariants: facts depend on the set of reports and sheets, never on their order; a person on two sheets counts
    once, with the fewest minutes, never with more than the session's. Only a held session counts. Plan §3.2, 表1-13.
    """

    kind = "training_session"
    __slots__ = ()

    @classmethod
    def blank(cls) -> TrainingState:
        return TrainingState()

    def present(self) -> SessionReport | None:
        """The report that prevails: the furthest status, then the highest revision."""
        return max(
            self.state.reports,
            key=lambda it: (_RANKS[it.status], it.origin.revision, it.origin.system),
            default=None,
        )

    def facts(self) -> TrainingSessionFacts:
        it = self.present()
        if it is None:
            return TrainingSessionFacts()
        minutes = self.attendance()
        return TrainingSessionFacts(
            it.provider, it.venue, it.since, it.last_day, it.minutes, it.category, it.audience, it.status,
            len(minutes), sum(minutes.values()), it.title,
        )  # fmt: skip

    def attendance(self) -> dict[str, int]:
        """Talent → minutes that count; empty unless held."""
        it = self.present()
        if it is None or it.status != "held":
            return {}
        found: dict[str, int] = {}
        for sheet in self.state.sheets:
            for person in sheet.people:
                if (minutes := counts(it, person)) is not None:
                    found[person.talent] = min(found.get(person.talent, minutes), minutes)
        return found

    def report(self, report: SessionReport) -> None:
        """Take a report of the session; without effect when it is a repeat. Raises REVISION_REUSED."""
        if not supersedes(report, held_for(self.state.reports, report.origin)):
            return
        event: object = SessionPlanned()
        if report.status == "held":
            event = SessionHeld()
        elif report.status == "cancelled":
            event = SessionCancelled(report.reason)
        self._record(event, msgspec.structs.replace(self.state, reports=put(self.state.reports, report)))

    def hold(self, *, system: str, last_day: Day, minutes: int) -> None:
        """Fix what took place. Raises SESSION_NOT_FOUND, SESSION_OVER, INTERVAL_REVERSED."""
        planned = self._open()
        if last_day < planned.since:
            raise IntervalReversed(field="last_day", since=planned.since, until=last_day)
        self.report(
            msgspec.structs.replace(
                planned, origin=Origin(system, "held"), last_day=last_day, minutes=minutes, status="held"
            )
        )

    def cancel(self, *, system: str, reason: str) -> None:
        """Raises SESSION_NOT_FOUND, SESSION_OVER."""
        planned = self._open()
        self.report(
            msgspec.structs.replace(planned, origin=Origin(system, "cancelled"), status="cancelled", reason=reason)
        )

    def count(self, sheet: str, number: int, people: tuple[Listed, ...]) -> None:
        """Take who is on a sheet now, in place of what was known of it. Raises ATTENDANCE_FULL."""
        others = tuple(it for it in self.state.sheets if it.number != number)
        if sum(len(it.people) for it in others) + len(people) > MOST_ATTENDANCE:
            raise AttendanceFull(field="rows", most=MOST_ATTENDANCE)
        sheets = tuple(sorted((*others, Counted(number, people)), key=lambda it: it.number))
        if sheets != self.state.sheets:
            self._record(AttendanceCounted(sheet), msgspec.structs.replace(self.state, sheets=sheets))

    def must_be_reported(self) -> SessionReport:
        it = self.present()
        if it is None:
            raise SessionNotFound(field="session_id")
        return it

    def _open(self) -> SessionReport:
        planned = self.must_be_reported()
        if planned.status != "planned":
            raise SessionOver(field="session_id", status=planned.status)
        return planned


def counts(session: SessionReport, person: Listed) -> int | None:
    """Minutes of a person on a list; None = cannot have been there, because born later."""
    if person.birth_year > int(session.last_day[:4]):
        return None
    return min(person.minutes or session.minutes, session.minutes)


def session_key(session: str) -> str:
    """How sheets and education entries name a session: system of the origin, and evidence id."""
    return f"session/{session}"
