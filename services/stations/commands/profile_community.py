"""ProfileCommunity: what kind of community it is, and how many elderly people live there (社区基本情况; plan §4.2)."""

from __future__ import annotations

import msgspec

from services.shared.kernel import dates, text
from services.shared.kernel.area import COMMUNITY, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.stations.domain import codes
from services.stations.domain.community import Community, Profile

LONGEST_NAME = 60
MOST_RESIDENTS = 1_000_000


class ProfileCommunity(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    community: str
    name: str
    kind: str
    since: str
    until: str
    elderly: int
    elderly_on: str


def step(cmd: ProfileCommunity, *, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    community = area(cmd.community, field="community", levels=(COMMUNITY,))
    cmd.by.must_reach(community, field="community")
    since, until = dates.interval(cmd.since, cmd.until, field="", not_after=today)
    if not 0 <= cmd.elderly <= MOST_RESIDENTS or (cmd.elderly_on and not cmd.elderly):
        raise AmountInvalid(field="elderly", residents=cmd.elderly)
    profile = Profile(
        cmd.origin,
        text.name(cmd.name, field="name", longest=LONGEST_NAME),
        text.code(cmd.kind, codes.COMMUNITY_KINDS, field="kind"),
        since,
        until,
        cmd.elderly,
        dates.day(cmd.elderly_on, field="elderly_on", required=bool(cmd.elderly), not_after=today),
    )

    def change(it: Community) -> None:
        it.profile(profile)

    return Step(Community, community, change)


async def profile_community(cmd: ProfileCommunity, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
