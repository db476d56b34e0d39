"""Sealed talent records in a partner's topic, for the arms of the intake benchmark."""

from __future__ import annotations

from pathlib import Path

from clients.partner import Publisher
from tests.builders.registry import a_uscc, an_id_number

PARTNER = "civil_affairs"
TOPIC = f"partner.{PARTNER}.records.v1"
# Sends education entries among its talents, and now and then a name that differs from what is known: a case.
MIXED_PARTNER = "health"
MIXED_TOPIC = f"partner.{MIXED_PARTNER}.records.v1"
_EMPLOYERS = [a_uscc(number) for number in range(1, 500)]


def person(number: int) -> str:
    """An ID number of nobody; a different one for every number below 12 million."""
    year, rest = 1957 + number % 45, number // 45
    month, rest = 1 + rest % 12, rest // 12
    day, sequence = 1 + rest % 28, rest // 28
    return an_id_number(f"{year}{month:02d}{day:02d}", sequence % 1000)


async def publish(bootstrap: str, keys: Path, *, count: int, partner: str = PARTNER, mixed: bool = False) -> None:
    """`count` records of as many people; `mixed`: of ten, three are education entries of whom the seven are about, and
    of a hundred one is a talent reported again by another name.
    """
    async with Publisher(
        partner, bootstrap_servers=bootstrap, platform_public_key=keys / "seal.pub", deployment="local"
    ) as publisher:
        for number in range(count):
            if mixed and number % 10 >= 7:
                await publisher.education(
                    record_id=f"bench-{number}",
                    revision=1,
                    name="李明华",
                    id_number=person(number - 5),
                    evidence_id=f"course-{number}",
                    kind="training",
                    category="professional",
                    first_day="2020-05-01",
                    last_day="2020-05-02",
                    minutes=600,
                    provider=_EMPLOYERS[number % len(_EMPLOYERS)],
                )
                continue
            disputed = mixed and number % 100 == 6
            await publisher.talent(
                record_id=f"bench-{number}",
                revision=1,
                name="李明花" if disputed else "李明华",
                id_number=person(number - 1 if disputed else number),
                phone="013900000001",
                as_of="2020-12-31",
                home_county="510104",
                organisation=_EMPLOYERS[number % len(_EMPLOYERS)],
                role="worker",
                field="elderly_care",
                place="510104",
                full_time=True,
                practitioner=True,
                principal=True,
                since="2018-03-01",
                recognised_ground="training",
                recognised_since="2019-06-01",
                pay_year=2020,
                pay_fen=4_200_000,
            )
        await publisher.flush()
