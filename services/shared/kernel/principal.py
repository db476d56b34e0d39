"""Who calls: a person or system with roles and the scope that these hold in."""

from __future__ import annotations

import msgspec

from services.shared.kernel.area import within
from services.shared.kernel.errors import OutsideScope


class Principal(msgspec.Struct, frozen=True):
    """`area` is the root of the caller's subtree; empty department, organisation or talent = none."""

    name: str
    roles: frozenset[str]
    area: str = "510000"
    department: str = ""
    organisation: str = ""
    talent: str = ""

    def must_reach(self, area: str, *, field: str) -> None:
        """OUTSIDE_SCOPE unless `area` lies in the caller's subtree."""
        if not within(area, self.area):
            raise OutsideScope(field=field, area=area, scope=self.area)

    def must_speak_for(self, department: str, *, field: str) -> None:
        """OUTSIDE_SCOPE unless the department is the caller's own."""
        if self.department != department:
            raise OutsideScope(field=field, department=department)
