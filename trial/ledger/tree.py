"""The Merkle tree over the ledger, as in RFC 6962 and RFC 9162: one root for many entries, a short proof for one.

1. A leaf is SHA-256(0x00, data), a node SHA-256(0x01, left, right); the empty tree has the hash of nothing.
2. The left part of a tree of n leaves has the largest power of two below n. A tree that grows keeps its full parts.
3. The data of a leaf are the 32 bytes of the entry's hash, which is that of all its other fields.
4. An inclusion proof holds the roots of the parts beside the leaf, from the leaf upwards: at most 1 + log2 n.
5. A consistency proof shows that a tree is the beginning of a larger one: nothing of it was changed or removed.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256().digest()


def leaf(data: bytes) -> bytes:
    """Give the hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Give the hash of two parts."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """A growing tree, of which only the roots of its full parts are kept: as many as its length has binary ones."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.length = 0
        self._full: list[bytes] = []
        self.extend(leaves)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add the hashes of further leaves."""
        for own in leaves:
            size, found = self.length, own
            while size & 1:
                size, found = size >> 1, node(self._full.pop(), found)
            self._full.append(found)
            self.length += 1

    def root(self) -> bytes:
        """Give the root of the leaves so far."""
        if not self._full:
            return EMPTY_ROOT
        *rest, found = self._full
        for left in reversed(rest):
            found = node(left, found)
        return found


def entry_leaf(own_hash: str) -> bytes:
    """Give the leaf of an entry, by the entry's hash as the ledger writes it."""
    return leaf(bytes.fromhex(own_hash))


def ledger_root(hashes: Iterable[str]) -> str:
    """Give the root over the hashes of entries, as a checkpoint writes it."""
    return Frontier(map(entry_leaf, hashes)).root().hex()


def root(leaves: Sequence[bytes]) -> bytes:
    """Give the root over the hashes of leaves."""
    return Frontier(leaves).root()


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Give the path from the leaf of an index (from 0) to the root."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path, low, high = [], 0, len(leaves)
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return path[::-1]


def sides(index: int, length: int) -> list[str]:
    """Tell, for each step of a leaf's path, on which side the part beside it lies: "left" or "right"."""
    found, low, high = [], 0, length
    while high - low > 1:
        middle = low + split(high - low)
        found.append("right" if index < middle else "left")
        low, high = (low, middle) if index < middle else (middle, high)
    return found[::-1]


def is_included(own: bytes, index: int, length: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Tell whether a path leads from the leaf of an index to the root of a tree of a length (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < length:
        return False
    place, last, found = index, length - 1, own
    for beside in path:
        if not last:
            return False
        if place & 1 or place == last:
            found = node(beside, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, beside)
        place, last = place >> 1, last >> 1
    return not last and found == expected


def consistency(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """Give the proof that the tree of the first `earlier` leaves is the beginning of the tree of all."""
    if not 0 < earlier <= len(leaves):
        raise IndexError(earlier)
    path, low, high, whole = [], 0, len(leaves), True
    while earlier != high:
        middle = low + split(high - low)
        if earlier <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low, whole = middle, False
    return [*([] if whole else [root(leaves[low:high])]), *reversed(path)]


def is_consistent(earlier: int, earlier_root: bytes, length: int, later_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that one tree is the beginning of another (RFC 9162, 2.1.4.2)."""
    if not 0 < earlier <= length:
        return False
    if earlier == length:
        return not path and earlier_root == later_root
    hashes = [earlier_root, *path] if earlier & (earlier - 1) == 0 else list(path)
    if not hashes:
        return False
    place, last = earlier - 1, length - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = hashes[0]
    for beside in hashes[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            first, second = node(beside, first), node(beside, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node(second, beside)
        place, last = place >> 1, last >> 1
    return not last and first == earlier_root and second == later_root


def split(length: int) -> int:
    """Give the largest power of two below a length of at least 2."""
    return 1 << ((length - 1).bit_length() - 1)
