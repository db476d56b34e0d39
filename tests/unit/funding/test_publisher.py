from services.funding import publisher
from services.funding.commands.appropriate import LONGEST_PURPOSE
from services.funding.commands.sign_contract import LONGEST_MILESTONE_ID, LONGEST_MILESTONE_TITLE, LONGEST_TITLE
from services.funding.domain.budget_line import BudgetLine, LineTerms, earmark_id
from services.funding.domain.contract import MOST_MILESTONES, Contract, Leg, Milestone
from services.shared.kernel.dates import Day
from services.shared.kernel.money import MOST, Fen
from services.shared.kernel.text import LONGEST_ID
from services.shared.runtime.store.kind import LARGEST_FACTS, Stamp
from swtalent.funding.v1 import events_pb2 as pb
from tests.builders.funding import COUNTY, LINE, a_line, some_terms

STAMP = Stamp("2025-06-30T04:00:00.000Z")
WIDEST = "𠀀"  # four bytes in UTF-8


def test_events_of_a_line_tell_the_change_and_the_facts_after_it():
    line = a_line(appropriated=100, earmarks={"purchase-1": 60})
    earmark = earmark_id(line=LINE, reference="purchase-1")
    line.commit(some_terms(earmark=earmark, value=40), contract="c1", earmark=earmark)

    (message,) = publisher.line_messages(LINE, line.pending[0], STAMP)

    event = pb.BudgetLineEvent.FromString(message.value)
    assert (message.topic, message.key) == ("funding.events.v1", LINE.encode())
    assert (event.id, event.version, event.WhichOneof("change")) == (LINE, 3, "committed")
    assert (event.after.appropriated, event.after.earmarked, event.after.committed) == (100, 60, 40)
    assert event.committed.terms == publisher.contract_facts(some_terms(earmark=earmark, value=40))


def test_a_contracts_event_holds_its_terms():
    contract = Contract.new("c1")
    contract.sign(some_terms())

    (message,) = publisher.contract_messages("c1", contract.pending[0], STAMP)

    event = pb.ContractEvent.FromString(message.value)
    assert event.after == publisher.contract_facts(some_terms())
    assert event.contract_signed.on == "2025-03-01"


def test_the_largest_contract_fits_into_an_event():
    line_id = "l" * LONGEST_ID
    line = BudgetLine.new(line_id)
    terms = LineTerms(2025, "welfare_lottery", "emergency_management", COUNTY, WIDEST * LONGEST_PURPOSE, "one_off")
    line.appropriate(terms, reference="r", fen=Fen(MOST), on=Day("2025-01-10"))
    earmark = line.earmark(reference="e", fen=Fen(MOST), on=Day("2025-01-10"))
    share = Fen(MOST // MOST_MILESTONES)
    largest = some_terms(
        value=Fen(share * MOST_MILESTONES),
        purchaser="emergency_management",
        title=WIDEST * LONGEST_TITLE,
        legs=(Leg(line_id, earmark, Fen(share * MOST_MILESTONES)),),
        milestones=tuple(
            Milestone(f"{n:0>{LONGEST_MILESTONE_ID}}", WIDEST * LONGEST_MILESTONE_TITLE, Day("2026-04-15"), share)
            for n in range(MOST_MILESTONES)
        ),
    )

    line.commit(largest, contract="c" * 32, earmark=earmark)

    (message,) = publisher.line_messages(line_id, line.pending[-1], STAMP)
    assert len(message.value) <= LARGEST_FACTS
