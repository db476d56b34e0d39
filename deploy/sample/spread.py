"""Arithmetic that scatters without memory: a permutation and its inverse, a hash, an order that can start anywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

_CHUNK = 2048
_GOLDEN = 0.6180339887498949
_MASK = (1 << 64) - 1


class Spread:
    """A permutation of 0 … n − 1, different per seed, computed both ways in constant time."""

    __slots__ = ("_factor", "_inverse", "_offset", "n")

    def __init__(self, n: int, seed: int) -> None:
        self.n = n
        factor = max(1, int(n * _GOLDEN)) + seed % 97
        while n > 1 and math.gcd(factor, n) != 1:
            factor += 1
        self._factor = factor
        self._inverse = pow(factor, -1, n) if n > 1 else 0
        self._offset = mixed(seed) % n if n else 0

    def at(self, rank: int) -> int:
        return (rank * self._factor + self._offset) % self.n

    def rank(self, value: int) -> int:
        """The rank r with at(r) = value."""
        return (value - self._offset) * self._inverse % self.n


def mixed(value: int) -> int:
    """64 well-mixed bits of a number (SplitMix64)."""
    value = (value + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


def shuffled(n: int, seed: int, start: int, stop: int) -> Iterator[int]:
    """Positions `start` … `stop` of a shuffle of 0 … n − 1: the same for the same seed wherever one starts.

    Memory: one chunk. Chunks are shuffled inside and scattered over the whole range.
    """
    spread = Spread(n, seed)
    at = spread.at
    for chunk in range(start // _CHUNK, -(-stop // _CHUNK)):
        first = chunk * _CHUNK
        positions = list(range(first, min(first + _CHUNK, n)))
        Random(seed * 1_000_003 + chunk).shuffle(positions)
        for position in positions[max(0, start - first) : max(0, stop - first)]:
            yield at(position)
