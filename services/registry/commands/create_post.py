"""CreatePost: an organisation sets up a social-work post (岗位开发; plan §4.1)."""

from __future__ import annotations

import msgspec

from services.registry.domain.organisation import Organisation, PostReport
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.codes import PRACTICE_FIELDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import IntervalReversed
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc


class CreatePost(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    organisation: str
    post: str
    title: str
    field: str
    created_on: str
    closed_on: str


def step(cmd: CreatePost, *, today: Day) -> Step:
    """Check every field and prepare the change. The organisation may be registered later: it is a stub until then."""
    code = uscc(cmd.organisation, field="organisation")
    created_on = dates.day(cmd.created_on, field="created_on", not_after=today)
    closed_on = dates.day(cmd.closed_on, field="closed_on", required=False)
    if closed_on and closed_on <= created_on:
        raise IntervalReversed(field="closed_on", since=created_on, until=closed_on)
    report = PostReport(
        cmd.origin,
        text.identifier(cmd.post, field="post"),
        text.name(cmd.title, field="title", required=False),
        text.code(cmd.field, PRACTICE_FIELDS, field="field"),
        created_on,
        closed_on,
    )

    def change(organisation: Organisation) -> None:
        if organisation.facts().known:
            cmd.by.must_reach(organisation.facts().county, field="organisation")
        organisation.create_post(report)

    return Step(Organisation, code, change)


async def create_post(cmd: CreatePost, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
