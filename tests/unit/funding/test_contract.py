import msgspec
import pytest

from services.funding.domain.contract import (
    MOST_MILESTONES,
    Contract,
    ContractDiffers,
    ContractNotFound,
    Milestone,
    MilestoneRepeated,
    MilestonesDifferFromValue,
    MilestonesTooMany,
    PeriodTooLong,
    SignedAfterEnd,
    must_be_signable,
)
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import FieldMissing
from services.shared.kernel.money import Fen, yuan
from tests.builders.funding import some_terms


def test_a_contract_is_written_once_from_its_terms():
    contract = Contract.new("c1")
    contract.sign(some_terms())

    contract.sign(some_terms())

    assert (contract.version, contract.facts()) == (1, some_terms())


def test_a_contract_is_not_written_over():
    contract = Contract.new("c1")
    contract.sign(some_terms())

    with pytest.raises(ContractDiffers):
        contract.sign(some_terms(title="其他服务"))


def test_nobody_signed_means_not_found():
    with pytest.raises(ContractNotFound):
        Contract.new("c1").must_exist()


@pytest.mark.parametrize("difference", [-1, 1])
def test_milestones_sum_exactly_to_the_value(difference):
    terms = some_terms(value=yuan(100))
    wrong = msgspec.structs.replace(terms, value=Fen(terms.value + difference))

    with pytest.raises(MilestonesDifferFromValue) as refused:
        must_be_signable(wrong)

    assert refused.value.meta == {"milestones": "10000", "value": str(10000 + difference)}


@pytest.mark.parametrize(("since", "latest"), [("2025-04-01", "2028-04-01"), ("2024-02-29", "2027-03-01")])
def test_a_contract_runs_at_most_three_years(since, latest):
    must_be_signable(some_terms(signed_on=Day("2024-02-01"), since=Day(since), until=Day(latest)))

    with pytest.raises(PeriodTooLong) as refused:
        must_be_signable(some_terms(signed_on=Day("2024-02-01"), since=Day(since), until=Day(f"{latest[:8]}02")))

    assert refused.value.meta == {"years": "3", "latest": latest}


def test_a_contract_needs_milestones():
    with pytest.raises(FieldMissing):
        must_be_signable(some_terms(milestones=()))


def test_a_contract_has_a_dozen_milestones_at_most():
    many = tuple(Milestone(f"m{n}", "评估", Day("2025-10-01"), Fen(1)) for n in range(MOST_MILESTONES + 1))

    with pytest.raises(MilestonesTooMany):
        must_be_signable(some_terms(milestones=many, value=Fen(len(many))))


def test_milestones_have_ids_of_their_own():
    twice = tuple(Milestone("m1", "评估", Day("2025-10-01"), Fen(1)) for _ in range(2))

    with pytest.raises(MilestoneRepeated):
        must_be_signable(some_terms(milestones=twice))


def test_a_contract_is_signed_before_its_end():
    with pytest.raises(SignedAfterEnd):
        must_be_signable(some_terms(signed_on=Day("2026-04-01")))
