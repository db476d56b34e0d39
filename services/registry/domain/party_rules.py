"""Which party arrangement an organisation needs (党建覆盖; plan §3.1): dated data, a new document may change it."""

from __future__ import annotations

import msgspec

from services.shared.kernel.dates import NO_DAY, Day

OWN_BRANCH, JOINT_BRANCH = "own_branch", "joint_branch"
INSTRUCTOR, LEAD = "party_work_instructor", "lead_organisation"


class PartyRule(msgspec.Struct, frozen=True):
    """In [since, until): from how many formal members on an own branch is needed, which branch a lead must have, and
    by what a joint branch's organisations may be near each other.
    """

    since: Day
    until: Day
    own_branch_from: int
    lead_needs: tuple[str, ...]
    near_by: tuple[str, ...]
    source: str


# A new document closes the last line and adds one.
PARTY_RULES = (
    PartyRule(
        Day("1900-01-01"),
        NO_DAY,
        3,
        (OWN_BRANCH,),
        ("county", "prefecture", "field"),
        "plan §3.1; what is near (地域相邻、行业相近) and which branch a lead must have are inferred",
    ),
)
