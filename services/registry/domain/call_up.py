"""CallUp (调派令): a department's mandate that calls up disaster social workers, and what they answer (plan §3.4)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import NO_DAY, Day
from services.shared.kernel.errors import Exhausted, IntervalReversed, NotFound, RuleBroken

# View of call-ups by area and the areas above it.
BY_AREA = "area"
# View of open call-ups by the talents they call.
BY_CALLED = "called"
# One document holds all answers; more people are called by several call-ups of smaller areas.
MOST_CALLED = 1_000
ACCEPTED, DECLINED = "accepted", "declined"


class CallUpNotFound(NotFound):
    reason = "CALL_UP_NOT_FOUND"
    zh, en = "没有此调派令", "No such call-up"


class NotCalled(NotFound):
    reason = "NOT_CALLED"
    zh, en = "此人不在调派名单中", "The call-up does not name this person"


class NobodyToCall(RuleBroken):
    reason = "NOBODY_TO_CALL"
    zh, en = "名册中无人可调派", "Nobody on the roster can be sent there on that day"


class CallUpOver(RuleBroken):
    reason = "CALL_UP_CLOSED"
    zh, en = "调派令已关闭", "The call-up is closed"


class Called(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """`answer`: accepted, declined or "" (none yet)."""

    talent: str
    answer: str = ""


class Mandate(msgspec.Struct, frozen=True):
    department: str = ""
    area: str = ""
    disaster: str = ""
    since: Day = NO_DAY
    until: Day = NO_DAY


class CallUpFacts(msgspec.Struct, frozen=True):
    area: str
    disaster: str
    since: Day
    until: Day
    called: int
    accepted: int
    declined: int


class CallUpState(msgspec.Struct, frozen=True):
    mandate: Mandate = Mandate()
    closed: bool = False
    # By ascending talent id.
    called: tuple[Called, ...] = ()


class CallUpIssued(msgspec.Struct, frozen=True):
    pass


class CallUpAnswered(msgspec.Struct, frozen=True):
    accepted: bool


class CallUpClosed(msgspec.Struct, frozen=True):
    pass


class CallUp(Aggregate[CallUpState]):
    """Invariants: who is called is fixed when it is issued; nobody answers a closed one. Facts count the answers."""

    kind = "call_up"
    __slots__ = ()

    @classmethod
    def blank(cls) -> CallUpState:
        return CallUpState()

    def facts(self) -> CallUpFacts:
        it = self.state.mandate
        answers = [one.answer for one in self.state.called]
        return CallUpFacts(
            it.area,
            it.disaster,
            it.since,
            it.until,
            called=len(answers),
            accepted=answers.count(ACCEPTED),
            declined=answers.count(DECLINED),
        )

    def must_exist(self) -> Mandate:
        if not self.exists:
            raise CallUpNotFound(field="call_up_id")
        return self.state.mandate

    def issue(self, mandate: Mandate, talents: Sequence[str]) -> None:
        """Raises NOBODY_TO_CALL, LIMIT_REACHED."""
        if not talents:
            raise NobodyToCall(field="area", area=mandate.area, since=mandate.since)
        if len(talents) > MOST_CALLED:
            raise Exhausted(field="area", limit=MOST_CALLED, size=len(talents))
        called = tuple(Called(talent) for talent in sorted(talents))
        self._record(CallUpIssued(), CallUpState(mandate, called=called))

    def answer_of(self, talent: str) -> str:
        """Raises NOT_CALLED."""
        for it in self.state.called:
            if it.talent == talent:
                return it.answer
        raise NotCalled(field="talent_id")

    def answer(self, talent: str, *, accepted: bool) -> None:
        """The last answer counts; the same again is nothing. Raises CALL_UP_NOT_FOUND, NOT_CALLED, CALL_UP_CLOSED."""
        self.must_exist()
        said = ACCEPTED if accepted else DECLINED
        before = self.answer_of(talent)
        self._must_be_open()
        if said == before:
            return
        called = tuple(Called(talent, said) if it.talent == talent else it for it in self.state.called)
        self._record(CallUpAnswered(accepted), msgspec.structs.replace(self.state, called=called))

    def close(self, until: Day) -> None:
        """Raises CALL_UP_CLOSED, INTERVAL_REVERSED."""
        mandate = self.must_exist()
        self._must_be_open()
        if until <= mandate.since:
            raise IntervalReversed(field="until", since=mandate.since, until=until)
        ended = msgspec.structs.replace(mandate, until=until)
        self._record(CallUpClosed(), msgspec.structs.replace(self.state, mandate=ended, closed=True))

    def _must_be_open(self) -> None:
        if self.state.closed:
            raise CallUpOver(field="call_up_id", until=self.state.mandate.until)
