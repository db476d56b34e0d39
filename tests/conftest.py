"""Fixtures for every test, and the marks that follow from them."""

import pytest

from tests.kafka_fixture import kafka, own_kafka

__all__ = ["kafka", "own_kafka"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"kafka", "own_kafka"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)
