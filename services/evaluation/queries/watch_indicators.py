"""WatchIndicators: the present values, then each that moves, as soon as its event is folded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from services.evaluation.domain.indicator import IndicatorNotFound, Point, Reading, reading
from services.evaluation.domain.reference import Catalogue
from services.evaluation.domain.table import Table
from services.evaluation.queries.get_indicator import asked_area, asked_month
from services.shared.kernel.ports import Clock


async def watch_indicators(
    numbers: Sequence[str], *, code: str, month: str, catalogue: Catalogue, table: Table, clock: Clock
) -> AsyncGenerator[Reading, None]:
    """Endless; several changes between two readings come as one. Raises as get_indicator does."""
    where = asked_area(code)
    asked_month(month, clock=clock)
    for number in numbers:
        if number not in catalogue.indicators:
            raise IndicatorNotFound(field="numbers", number=number)
    watched = list(numbers) or list(catalogue.indicators)
    shown: dict[str, Point] = {}
    with table.watched() as news:
        concerned = watched
        while True:
            when = asked_month(month, clock=clock)
            for number in concerned:
                now = reading(catalogue, number, where, when, table)
                if shown.get(number) != now.point:
                    shown[number] = now.point
                    yield now
            series = {series for series, moved in await news.moved() if moved == where}
            concerned = [
                number
                for number in watched
                if (it := catalogue.indicators[number]).numerator in series or it.denominator in series
            ]
