"""Objection (异议): a person says that a record about them is wrong; the department that sent it answers."""

from __future__ import annotations

import msgspec

from services.registry.domain.talent import OwnedByOtherDepartment
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.errors import NotFound, RuleBroken

# Views: open ones by department, all of a person.
BY_DEPARTMENT, OF_TALENT = "objections", "objections_of"


class ObjectionNotFound(NotFound):
    reason = "OBJECTION_NOT_FOUND"
    zh, en = "没有此异议", "No such objection"


class ObjectionAnswered(RuleBroken):
    reason = "OBJECTION_ANSWERED"
    zh, en = "异议已答复", "The objection is answered already"


class ObjectionState(msgspec.Struct, frozen=True):
    """`text` and `answer` are sealed under the objection's id; status: open, accepted or rejected."""

    talent: str = ""
    department: str = ""
    system: str = ""
    record_id: str = ""
    text: bytes = b""
    status: str = ""
    answer: bytes = b""
    answered_by: str = ""


class Objected(msgspec.Struct, frozen=True):
    """Never published."""


class Answered(msgspec.Struct, frozen=True):
    accepted: bool


class Forgotten(msgspec.Struct, frozen=True):
    pass


class Objection(Aggregate[ObjectionState]):
    """Invariant: answered once, by the department whose record it is about."""

    kind = "objection"
    __slots__ = ()

    @classmethod
    def blank(cls) -> ObjectionState:
        return ObjectionState()

    def open(self, *, talent: str, department: str, system: str, record_id: str, text: bytes) -> None:
        self._record(Objected(), ObjectionState(talent, department, system, record_id, text, "open"))

    def answer(self, *, department: str, accepted: bool, text: bytes, by: str) -> None:
        """Raises OBJECTION_NOT_FOUND, OWNED_BY_OTHER_DEPARTMENT, OBJECTION_ANSWERED."""
        if not self.exists:
            raise ObjectionNotFound(field="objection_id")
        if self.state.department != department:
            raise OwnedByOtherDepartment(field="department", owner=self.state.department)
        if self.state.status != "open":
            raise ObjectionAnswered(field="objection_id")
        status = "accepted" if accepted else "rejected"
        answered = msgspec.structs.replace(self.state, status=status, answer=text, answered_by=by)
        self._record(Answered(accepted), answered)

    def forget(self) -> None:
        """The person's identity was erased: what was written is destroyed. Without effect the second time."""
        if self.state.text:
            self._record(Forgotten(), msgspec.structs.replace(self.state, text=b"", answer=b""))

    def rows(self) -> list[tuple[str, str]]:
        rows = [(OF_TALENT, self.state.talent)]
        if self.state.status == "open":
            rows.append((BY_DEPARTMENT, self.state.department))
        return rows
