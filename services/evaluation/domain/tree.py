"""The growing tree of one partition: its right edge, and the tiles of 256 hashes that proofs are made of.

Tile (level L, index N) holds the hashes of the complete subtrees of height 8·L with numbers 256·N … 256·N + 255. Its
content depends on the log alone, so it may be written again, and longer, at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from services.evaluation.domain.merkle import EMPTY_ROOT, Subtree, node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 256
HASH = 32

TileId = tuple[int, int]


class Tree:
    """`edge` holds the roots of the complete subtrees that the leaves fall into, largest first."""

    __slots__ = ("_edge", "_open", "changed", "size")

    def __init__(self, size: int = 0, edge: Sequence[bytes] = (), tiles: Mapping[TileId, bytes] | None = None) -> None:
        """With the unfinished tile of each level (`open_tiles`); longer ones are cut to `size`."""
        self.size = size
        heights = [height for height in range(size.bit_length()) if size >> height & 1]
        self._edge = dict(zip(heights, reversed(edge), strict=True))
        self._open: list[list[bytes]] = []
        self.changed: dict[TileId, bytes] = {}
        for level, index, width in open_tiles(size):
            content = (tiles or {}).get((level, index), b"")
            self._open.append([content[at : at + HASH] for at in range(0, width * HASH, HASH)])

    @property
    def edge(self) -> tuple[bytes, ...]:
        return tuple(self._edge[height] for height in sorted(self._edge, reverse=True))

    def append(self, leaf: bytes) -> None:
        node, height, rest, edge = leaf, 0, self.size, self._edge
        self._keep(0, node)
        while rest & 1:
            node = node_hash(edge.pop(height), node)
            height += 1
            rest >>= 1
            if height % TILE_HEIGHT == 0:
                self._keep(height // TILE_HEIGHT, node)
        edge[height] = node
        self.size += 1

    def root(self) -> bytes:
        root = EMPTY_ROOT
        for height in sorted(self._edge):
            root = self._edge[height] if root is EMPTY_ROOT else node_hash(self._edge[height], root)
        return root

    def recent_leaf(self, offset: int) -> bytes | None:
        """The leaf hash of a record whose tile may not be stored yet; None = it is stored."""
        index, at = divmod(offset, TILE_WIDTH)
        if index == self._index(0):
            return self._open[0][at]
        content = self.changed.get((0, index))
        return content[at * HASH : (at + 1) * HASH] if content else None

    def tiles_to_write(self) -> dict[TileId, bytes]:
        """Every tile that grew since the last call."""
        tiles, self.changed = self.changed, {}
        for level, hashes in enumerate(self._open):
            if hashes:
                tiles[level, self._index(level)] = b"".join(hashes)
        return tiles

    def _keep(self, level: int, node: bytes) -> None:
        if level == len(self._open):
            self._open.append([])
        hashes = self._open[level]
        hashes.append(node)
        if len(hashes) == TILE_WIDTH:
            # The leaf being appended is not counted yet, so the index is that of the tile it completes.
            self.changed[level, self._index(level)] = b"".join(hashes)
            hashes.clear()

    def _index(self, level: int) -> int:
        return self.size >> (TILE_HEIGHT * (level + 1))


def open_tiles(size: int) -> list[tuple[int, int, int]]:
    """(level, index, hashes) of the unfinished tile of each level that has any hash; 0 hashes = just finished."""
    tiles = []
    level, count = 0, size
    while count:
        tiles.append((level, count // TILE_WIDTH, count % TILE_WIDTH))
        level, count = level + 1, count // TILE_WIDTH
    return tiles


def tile_of(height: int, index: int) -> tuple[TileId, int, int]:
    """Where the subtree's hash comes from: the tile, the first hash in it, and how many are to be combined."""
    level, rest = divmod(height, TILE_HEIGHT)
    first = index << rest
    return (level, first // TILE_WIDTH), first % TILE_WIDTH, 1 << rest


def tiles_needed(proof: Callable[[Subtree], object]) -> list[TileId]:
    """The tiles that a proof reads, found by making it with a subtree function that only takes notes."""
    needed: dict[TileId, None] = {}

    def note(height: int, index: int) -> bytes:
        needed[tile_of(height, index)[0]] = None
        return b""

    proof(note)
    return list(needed)


def from_tiles(tiles: Mapping[TileId, bytes]) -> Subtree:
    """Hashes of complete subtrees out of loaded tiles. KeyError or IndexError: the tiles do not reach that far."""

    def subtree(height: int, index: int) -> bytes:
        tile, first, count = tile_of(height, index)
        content = tiles[tile]
        hashes = [content[at * HASH : (at + 1) * HASH] for at in range(first, first + count)]
        if len(hashes[-1]) != HASH:
            raise IndexError(f"tile {tile} ends before hash {first + count - 1}")
        while len(hashes) > 1:
            hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    return subtree
