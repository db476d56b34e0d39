"""`make up` asked to stop while it loads: it stops even when a library loses the cancellation."""

import asyncio
import os
import signal

import pytest

from deploy.local import up


@pytest.fixture(autouse=True)
def _as_before():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_work_that_nobody_interrupts_gives_its_result():
    async def work():
        return 7

    assert await up._until_asked_to_stop(work()) == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_cancellation_that_gets_lost_is_repeated(monkeypatch, number):
    monkeypatch.setattr(up, "_CANCEL_AGAIN_S", 0.01)
    lost = []

    async def work():
        while len(lost) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost.append(True)
        await asyncio.sleep(60)

    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), number)
    with pytest.raises(KeyboardInterrupt):
        await up._until_asked_to_stop(work())
    assert len(lost) == 2
    assert signal.getsignal(number) is signal.default_int_handler


async def test_what_the_work_raises_is_raised():
    async def work():
        raise TimeoutError("settles not")

    with pytest.raises(TimeoutError, match="settles not"):
        await up._until_asked_to_stop(work())
