"""IdentityCase: departments report one ID number under different names; a person has to look."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate


class IdentityCaseFacts(msgspec.Struct, frozen=True):
    talent: str = ""
    differing: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    status: str = ""


class IdentityCaseOpened(msgspec.Struct, frozen=True):
    talent: str


class IdentityCase(Aggregate[IdentityCaseFacts]):
    """Invariant: one case per talent and kind of difference, however often it is reported."""

    kind = "identity_case"
    __slots__ = ()

    @classmethod
    def blank(cls) -> IdentityCaseFacts:
        return IdentityCaseFacts()

    def facts(self) -> IdentityCaseFacts:
        return self.state

    def open(self, *, talent: str, differing: str, department: str) -> None:
        """Open it, or add the department that also differs; without effect when both are known."""
        state = self.state
        opened = IdentityCaseFacts(
            talent,
            tuple(sorted({*state.differing, differing})),
            tuple(sorted({*state.departments, department})),
            "open",
        )
        if opened != state:
            self._record(IdentityCaseOpened(talent), opened)
