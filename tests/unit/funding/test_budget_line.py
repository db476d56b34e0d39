import pytest

from services.funding.domain.budget_line import (
    MOST_MOVEMENTS,
    ContractAreaOutsideLine,
    EarmarkNotFound,
    LineAmountTooLarge,
    LineDiffers,
    LineFull,
    LineIdReserved,
    LineNotFound,
    NotEnoughAppropriated,
    NotEnoughEarmarked,
    ReferenceReused,
    earmark_id,
    line_id,
)
from services.funding.storage import KINDS
from services.shared.kernel.dates import Day
from services.shared.kernel.money import MOST, Fen, yuan
from services.shared.runtime.store.kind import LARGEST_DOCUMENT
from tests.builders.funding import LINE, LINE_TERMS, OTHER_COUNTY, a_line, some_terms

JANUARY, FEBRUARY = Day("2025-01-10"), Day("2025-02-01")


def balances(line):
    state = line.state
    return state.appropriated, state.earmarked, state.committed, state.disbursed


def test_the_first_appropriation_opens_the_line_and_further_ones_add():
    line = a_line(appropriated=yuan(100))

    line.appropriate(LINE_TERMS, reference="budget-2025-b", fen=yuan(50), on=FEBRUARY)

    assert balances(line) == (yuan(150), 0, 0, 0)
    assert line.facts().purpose == LINE_TERMS.purpose


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("fiscal_year", 2026),
        ("source", "charity"),
        ("owner", "health"),
        ("area", OTHER_COUNTY),
        ("purpose", "其他"),
        ("basis", "one_off"),
    ],
)
def test_money_under_other_attributes_is_refused_and_the_attribute_named(attribute, value):
    line = a_line(appropriated=yuan(100))
    other = type(LINE_TERMS)(**{**{n: getattr(LINE_TERMS, n) for n in LINE_TERMS.__struct_fields__}, attribute: value})

    with pytest.raises(LineDiffers) as refused:
        line.appropriate(other, reference="more", fen=yuan(1), on=FEBRUARY)

    assert refused.value.field == attribute
    assert line.pending == []


def test_the_same_reference_and_content_is_one_movement():
    line = a_line(appropriated=yuan(100), earmarks={"purchase-1": yuan(40)})

    line.appropriate(LINE_TERMS, reference="budget-2025", fen=yuan(100), on=JANUARY)
    again = line.earmark(reference="purchase-1", fen=yuan(40), on=FEBRUARY)

    assert again == earmark_id(line=LINE, reference="purchase-1")
    assert balances(line) == (yuan(100), yuan(40), 0, 0)
    assert line.pending == []


@pytest.mark.parametrize(("fen", "on"), [(yuan(101), JANUARY), (yuan(100), FEBRUARY)])
def test_a_reference_does_not_stand_for_another_appropriation(fen, on):
    line = a_line(appropriated=yuan(100))

    with pytest.raises(ReferenceReused):
        line.appropriate(LINE_TERMS, reference="budget-2025", fen=fen, on=on)


def test_a_reference_of_an_appropriation_does_not_stand_for_an_earmark():
    line = a_line(appropriated=yuan(100))

    with pytest.raises(ReferenceReused):
        line.earmark(reference="budget-2025", fen=yuan(100), on=JANUARY)


def test_no_more_can_be_earmarked_than_is_free():
    line = a_line(appropriated=yuan(100), earmarks={"purchase-1": yuan(60)})

    with pytest.raises(NotEnoughAppropriated) as refused:
        line.earmark(reference="purchase-2", fen=Fen(yuan(40) + 1), on=FEBRUARY)

    assert refused.value.meta == {"appropriated": "10000", "free": "4000", "asked": "4001"}
    line.earmark(reference="purchase-2", fen=yuan(40), on=FEBRUARY)
    assert line.free == 0


def test_an_unknown_line_neither_earmarks_nor_commits():
    line = a_line()

    with pytest.raises(LineNotFound):
        line.earmark(reference="purchase-1", fen=yuan(1), on=FEBRUARY)
    with pytest.raises(LineNotFound):
        line.commit(some_terms(), contract="c1", earmark="e1")


def test_a_contract_takes_no_more_than_is_left_of_its_earmark():
    line = a_line(appropriated=yuan(200), earmarks={"purchase-1": yuan(100), "purchase-2": yuan(100)})
    earmark = earmark_id(line=LINE, reference="purchase-1")
    line.commit(some_terms(earmark=earmark, value=yuan(60)), contract="c1", earmark=earmark)

    with pytest.raises(NotEnoughEarmarked) as refused:
        line.commit(some_terms(earmark=earmark, value=yuan(60)), contract="c2", earmark=earmark)

    assert refused.value.meta == {"left": "4000", "asked": "6000"}
    assert balances(line) == (yuan(200), yuan(200), yuan(60), 0)


def test_a_used_up_earmark_is_closed():
    line = a_line(appropriated=yuan(100), earmarks={"purchase-1": yuan(100)})
    earmark = earmark_id(line=LINE, reference="purchase-1")

    line.commit(some_terms(earmark=earmark, value=yuan(100)), contract="c1", earmark=earmark)

    assert line.state.earmarks == ()
    with pytest.raises(EarmarkNotFound):
        line.commit(some_terms(earmark=earmark, value=1), contract="c2", earmark=earmark)


def test_a_commitment_says_the_terms_from_which_the_contract_is_written():
    line = a_line(appropriated=yuan(100), earmarks={"purchase-1": yuan(100)})
    earmark = earmark_id(line=LINE, reference="purchase-1")
    terms = some_terms(earmark=earmark, value=yuan(100))

    line.commit(terms, contract="c1", earmark=earmark)

    event = line.pending[-1].event
    assert (event.contract, event.earmark, event.fen, event.terms) == ("c1", earmark, yuan(100), terms)
    assert line.pending[-1].facts.committed == yuan(100)


def test_a_line_pays_for_contracts_of_its_own_area_only():
    line = a_line(appropriated=yuan(100), earmarks={"purchase-1": yuan(100)})
    earmark = earmark_id(line=LINE, reference="purchase-1")

    with pytest.raises(ContractAreaOutsideLine):
        line.commit(some_terms(earmark=earmark, value=1, area=OTHER_COUNTY), contract="c1", earmark=earmark)


def test_a_line_never_grows_beyond_what_money_can_be():
    line = a_line(appropriated=MOST)

    with pytest.raises(LineAmountTooLarge):
        line.appropriate(LINE_TERMS, reference="one-more", fen=Fen(1), on=FEBRUARY)


def test_a_full_line_refuses_a_new_movement_still_knows_the_old_ones_and_fits_its_document():
    line = a_line(appropriated=MOST)
    for number in range(MOST_MOVEMENTS - 1):
        line.earmark(reference=f"purchase-{number:0>119}", fen=Fen(10**11), on=FEBRUARY)

    with pytest.raises(LineFull):
        line.earmark(reference="one-more", fen=Fen(1), on=FEBRUARY)

    version = line.version
    line.earmark(reference=f"purchase-{7:0>119}", fen=Fen(10**11), on=FEBRUARY)
    assert line.version == version
    assert len(KINDS[0].encode(line.state)) < LARGEST_DOCUMENT


def test_a_line_cannot_take_an_id_that_a_contract_may_have():
    with pytest.raises(LineIdReserved):
        line_id("0123456789abcdef" * 2, field="line")
