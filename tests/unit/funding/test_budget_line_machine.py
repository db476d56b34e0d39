"""Whatever is asked of a line, in whatever order and however often: the money never comes out twice."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.funding.domain.budget_line import BudgetLine, earmark_id
from services.funding.storage import KINDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import DomainError
from services.shared.kernel.money import Fen
from tests.builders.funding import LINE, LINE_TERMS, some_terms

REFERENCES = st.sampled_from([f"ref-{number}" for number in range(8)])
AMOUNTS = st.integers(min_value=1, max_value=60).map(Fen)
DAYS = st.sampled_from([Day("2025-01-10"), Day("2025-02-01")])


class Line(RuleBasedStateMachine):
    """Beside the line: a model that only adds up what was accepted."""

    def __init__(self):
        super().__init__()
        self.line = BudgetLine.new(LINE)
        self.movements = {}
        self.contracts = {}

    def attempt(self, function):
        mark = self.line.mark()
        before = self.line.state
        try:
            function()
        except DomainError:
            assert self.line.state is before
            assert self.line.mark() == mark
            return False
        return True

    @rule(reference=REFERENCES, fen=AMOUNTS, on=DAYS)
    def appropriate(self, reference, fen, on):
        if self.attempt(lambda: self.line.appropriate(LINE_TERMS, reference=reference, fen=fen, on=on)):
            assert self.movements.setdefault(reference, ("in", fen, on)) == ("in", fen, on)

    @rule(reference=REFERENCES, fen=AMOUNTS, on=DAYS)
    def earmark(self, reference, fen, on):
        if self.attempt(lambda: self.line.earmark(reference=reference, fen=fen, on=on)):
            assert self.movements.setdefault(reference, ("out", fen, on)) == ("out", fen, on)

    @rule(reference=REFERENCES, fen=AMOUNTS)
    def commit(self, reference, fen):
        earmark = earmark_id(line=LINE, reference=reference)
        contract = f"c{len(self.contracts)}"
        terms = some_terms(earmark=earmark, value=fen)
        if self.attempt(lambda: self.line.commit(terms, contract=contract, earmark=earmark)):
            self.contracts[contract] = (reference, fen)

    @rule()
    def store_and_load(self):
        kind = KINDS[0]
        self.line = BudgetLine(LINE, kind.decode(kind.encode(self.line.state)), self.line.version)

    @invariant()
    def the_chain_holds(self):
        state = self.line.state
        assert state.appropriated >= state.earmarked >= state.committed >= state.disbursed >= 0

    @invariant()
    def the_balances_are_the_sums_of_what_was_accepted(self):
        state = self.line.state
        assert state.appropriated == sum(fen for way, fen, _ in self.movements.values() if way == "in")
        assert state.earmarked == sum(fen for way, fen, _ in self.movements.values() if way == "out")
        assert state.committed == sum(fen for _, fen in self.contracts.values())

    @invariant()
    def no_earmark_pays_more_than_it_holds(self):
        paid = {}
        for reference, fen in self.contracts.values():
            paid[reference] = paid.get(reference, 0) + fen
        left = {earmark.id: earmark.left for earmark in self.line.state.earmarks}
        for reference, (way, fen, _) in self.movements.items():
            if way == "out":
                rest = left.get(earmark_id(line=LINE, reference=reference), 0)
                assert paid.get(reference, 0) + rest == fen


TestLine = Line.TestCase
TestLine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
