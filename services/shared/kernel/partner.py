"""A registered partner: a system with a department and an area subtree.

The name is the registration: `womens_federation` speaks for its department in the whole province,
`civil_affairs-510100` for civil affairs in Chengdu. Who may write to the partner's topic is the broker's business.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from services.shared.kernel.area import PROVINCE, area, within
from services.shared.kernel.codes import DEPARTMENTS
from services.shared.kernel.errors import AreaUnknown, Invalid, OutsideScope


class PartnerUnknown(Invalid):
    reason = "PARTNER_UNKNOWN"
    zh, en = "接入方未登记", "The partner is not registered"
    fix_zh, fix_en = "请联系平台登记接入方", "Ask the platform to register the partner"


class Partner(msgspec.Struct, frozen=True):
    name: str
    department: str
    area: str

    def must_reach(self, code: str, *, field: str) -> None:
        """OUTSIDE_SCOPE unless the area lies in the partner's subtree."""
        if not within(code, self.area):
            raise OutsideScope(field=field, area=code, scope=self.area)


@lru_cache(maxsize=1024)
def partner(name: str) -> Partner:
    """Raises PARTNER_UNKNOWN when department or area of the name do not exist."""
    department, _, code = name.partition("-")
    if department not in DEPARTMENTS:
        raise PartnerUnknown(field="topic")
    try:
        return Partner(name, department, area(code or PROVINCE, field="topic"))
    except AreaUnknown:
        raise PartnerUnknown(field="topic") from None
