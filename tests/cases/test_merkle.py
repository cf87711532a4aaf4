"""The Merkle tree against the published vectors of Certificate Transparency, and its laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.cases.merkle import (
    EMPTY,
    consistency,
    consistent,
    included,
    inclusion,
    leaf_hash,
    root,
)

# Reference inputs, roots and paths of Certificate Transparency (RFC 6962).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
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
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]
MANY = [leaf_hash(bytes([index])) for index in range(40)]


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int):
    assert root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_published_empty_root():
    assert root([]) == EMPTY
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_published_paths(index: int, size: int):
    assert [step.hex() for step in inclusion(LEAVES[:size], index)] == PATHS[index, size]


@given(st.integers(1, 40), st.data())
def test_every_entry_is_proven_and_nothing_else(size: int, data: st.DataObject):
    index = data.draw(st.integers(0, size - 1))
    tree, top = MANY[:size], root(MANY[:size])
    path = inclusion(tree, index)
    assert included(tree[index], index, size, path, top)
    other = data.draw(st.integers(0, size))
    if other != index:
        assert not included(tree[index], other, size, path, top)
    assert not included(leaf_hash(b"other"), index, size, path, top)
    assert not included(tree[index], index, size, [*path, top], top)
    assert not path or not included(tree[index], index, size, path[:-1], top)


@given(st.integers(1, 40), st.data())
def test_a_longer_list_begins_with_a_shorter_one(second: int, data: st.DataObject):
    first = data.draw(st.integers(1, second))
    tree = MANY[:second]
    old, new = root(tree[:first]), root(tree)
    proof = consistency(tree, first)
    assert consistent(first, second, old, new, proof)
    changed = root([leaf_hash(b"other"), *tree[1:first]])
    assert not consistent(first, second, changed, new, proof)
    assert not consistent(first, second, old, root([*tree[:-1], leaf_hash(b"other")]), proof)


def test_what_is_not_there_is_refused():
    with pytest.raises(IndexError):
        inclusion(LEAVES, 8)
    with pytest.raises(IndexError):
        consistency(LEAVES, 0)
    assert not consistent(0, 8, EMPTY, root(LEAVES), [])
    assert not consistent(3, 8, root(LEAVES[:3]), root(LEAVES), [])
