"""Whole services in this process: a client with tokens and request ids, refusals as a caller reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import grpc

from services.shared.runtime.grpc_errors import error_info
from services.shared.runtime.lifecycle import App
from services.shared.runtime.settings import Settings
from tests.builders.serving import SetClock, a_token


class Caller:
    """Calls one service over its socket; every write gets a request id of its own unless it brings one."""

    def __init__(self, stub: Any, settings: Settings, clock: SetClock, **who: Any) -> None:
        self._stub = stub
        self._settings = settings
        self._clock = clock
        self._who = {"role": "officer", "department": "", "area": "510100"} | who
        self._requests = 0

    def as_(self, **who: Any) -> Caller:
        """The same service, called by somebody else."""
        return Caller(self._stub, self._settings, self._clock, **(self._who | who))

    def token(self) -> str:
        return a_token(self._settings, now=self._clock.now(), **self._who)

    async def __call__(self, method: str, request: Any) -> Any:
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            self._requests += 1
            request.request_id = f"request-{self._requests}"
        metadata = (("authorization", f"Bearer {self.token()}"),)
        return await getattr(self._stub, method)(request, metadata=metadata)


@asynccontextmanager
async def running(app: App, stub: Any, *, clock: SetClock, **who: Any) -> AsyncIterator[Caller]:
    """`stub` is the generated class. Stops the service on the way out."""
    async with app, grpc.aio.insecure_channel(app.address) as channel:
        yield Caller(stub(channel), app.settings, clock, **who)


async def refused(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str, str]:
    """Status, reason and field of a call that must fail."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        info = error_info(error)
        return error.code(), info.reason if info else "", info.metadata["field"] if info else ""
    raise AssertionError(f"was not refused: {answer}")
