"""The metrics endpoint, asked by a plain HTTP client and by clients that behave badly."""

import asyncio
import urllib.error
import urllib.request

import pytest

from services.shared.runtime.metrics import METRICS, Counter, MetricsEndpoint


@pytest.fixture
def counted():
    """Registered for one test only: other tests list what the platform itself counts."""
    counter = Counter("swtalent_test_endpoint_total", "Counted in a test", registry=METRICS)
    yield counter
    METRICS.unregister(counter)


@pytest.fixture
async def endpoint():
    part = MetricsEndpoint("127.0.0.1", 0)
    await part.start()
    yield part
    await part.stop()


def get(endpoint, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{endpoint.port}{path}", timeout=5) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


async def test_prometheus_reads_what_was_counted(endpoint, counted):
    counted.inc()

    status, kind, text = await asyncio.to_thread(get, endpoint, "/metrics")

    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "swtalent_test_endpoint_total 1.0" in text
    assert "process_resident_memory_bytes" in text


async def test_there_is_nothing_else(endpoint):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        await asyncio.to_thread(get, endpoint, "/metricsx")


@pytest.mark.parametrize("nonsense", [b"", b"\x16\x03\x01", b"GET /" + b"x" * 20_000 + b"\r\n\r\n"])
async def test_a_bad_client_disturbs_nobody(endpoint, nonsense):
    _, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    writer.write(nonsense)
    writer.close()

    status, _, _ = await asyncio.to_thread(get, endpoint, "/metrics")

    assert status == 200
