"""The tree is that of RFC 6962: its published vectors, the definition by recursion, and every wrong proof refused."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trial.ledger.tree import EMPTY_ROOT, Frontier, consistency, inclusion, is_consistent, is_included, leaf, root

# The leaves and roots that Certificate Transparency implementations are tested with (trees of 1, 2, ... 8 leaves).
DATA = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined(data: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not data:
        return sha256().digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + defined(data[:k]) + defined(data[k:])).digest()


def path_defined(m: int, data: list[bytes]) -> list[bytes]:
    if len(data) == 1:
        return []
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m < k:
        return [*path_defined(m, data[:k]), defined(data[k:])]
    return [*path_defined(m - k, data[k:]), defined(data[:k])]


def proof_defined(m: int, data: list[bytes], whole: bool = True) -> list[bytes]:
    if m == len(data):
        return [] if whole else [defined(data)]
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m <= k:
        return [*proof_defined(m, data[:k], whole), defined(data[k:])]
    return [*proof_defined(m - k, data[k:], False), defined(data[:k])]


def words(length: int) -> list[bytes]:
    return [b"%d" % number for number in range(length)]


def test_the_published_roots() -> None:
    assert root([]) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for length, expected in enumerate(ROOTS, start=1):
        assert root([leaf(one) for one in DATA[:length]]).hex() == expected


@pytest.mark.parametrize("length", range(1, 34))
def test_every_proof_is_the_defined_one_and_holds(length: int) -> None:
    data = words(length)
    leaves = [leaf(one) for one in data]
    assert root(leaves) == defined(data)
    for index in range(length):
        path = inclusion(leaves, index)
        assert path == path_defined(index, data)
        assert is_included(leaves[index], index, length, path, root(leaves))
    for earlier in range(1, length + 1):
        proof = consistency(leaves, earlier)
        assert proof == proof_defined(earlier, data)
        assert is_consistent(earlier, root(leaves[:earlier]), length, root(leaves), proof)


def test_no_other_leaf_place_length_path_or_root_is_accepted() -> None:
    length = 13
    leaves = [leaf(one) for one in words(length)]
    whole = root(leaves)
    for index in range(length):
        path = inclusion(leaves, index)
        assert not any(
            is_included(leaves[index], other, length, path, whole) for other in range(-1, 40) if other != index
        )
        assert not any(is_included(other, index, length, path, whole) for other in leaves if other != leaves[index])
        assert not is_included(leaves[index], index, length, path[:-1], whole)
        assert not is_included(leaves[index], index, length, [*path, leaves[0]], whole)
        assert not is_included(leaves[index], index, length, path, leaves[0])
        for at in range(len(path)):
            wrong = [*path[:at], leaf(path[at]), *path[at + 1 :]]
            assert not is_included(leaves[index], index, length, wrong, whole)


def test_a_rewritten_beginning_is_not_consistent() -> None:
    for length in range(2, 20):
        leaves = [leaf(one) for one in words(length)]
        for earlier in range(1, length):
            proof = consistency(leaves, earlier)
            other = [leaf(b"other"), *leaves[1:]]
            assert not is_consistent(earlier, root(other[:earlier]), length, root(leaves), proof)
            assert not is_consistent(earlier, root(leaves[:earlier]), length, root(other), proof)
            assert not is_consistent(earlier, root(leaves[:earlier]), length, root(leaves), [*proof, leaves[0]])
            assert not is_consistent(earlier, root(leaves[:earlier]), length, root(leaves), proof[:-1])


def test_a_proof_for_nobody_is_refused() -> None:
    with pytest.raises(IndexError):
        inclusion([leaf(b"")], 1)
    with pytest.raises(IndexError):
        consistency([leaf(b"")], 0)
    assert not is_consistent(0, EMPTY_ROOT, 1, leaf(b""), [])
    assert not is_consistent(2, EMPTY_ROOT, 3, leaf(b""), [])
    assert not is_consistent(3, EMPTY_ROOT, 4, leaf(b""), [])


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=4), max_size=70), st.integers(0, 70))
def test_a_growing_tree_has_the_root_of_all_its_leaves(data: list[bytes], cut: int) -> None:
    frontier = Frontier(map(leaf, data[:cut]))
    frontier.extend(map(leaf, data[cut:]))
    assert (frontier.root(), frontier.length) == (defined(data), len(data))
