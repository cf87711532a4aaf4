"""What the graph remembers, and within which bounds."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from lamppost.history.graph import DEVICES, FRIENDS, ROOMS, SHARERS, ContactGraph, Node, Ties

from .people import account, befriend, contact, graph_of, report, room, session, write


def test_reach_into_children_and_where_it_came_from():
    graph = graph_of(befriend("adult", "child", "search"), befriend("kid", "adult", "game"),
                     befriend("adult", "young"), befriend("kid", "teen"))  # fmt: skip
    found = graph.network("adult")
    assert found is not None
    assert (found.friends, found.children, found.children_asked_first) == (3, 2, 1)
    assert found.origins == {"search": 1, "game": 1} or found.origins == {"game": 1, "search": 1}
    assert found.second_ring_children == 1
    assert [item.age for item in found.neighbours] == ["child", "child", "adult"]
    assert graph.network("unheard of") is None


def test_a_chain_of_suggestions_grows_by_what_it_rests_on():
    graph = graph_of(
        befriend("child", "kid"), befriend("kid", "teen"),
        befriend("adult", "child", "suggestion"),
        befriend("adult", "kid", "suggestion"),
        befriend("adult", "teen", "suggestion"),
    )  # fmt: skip
    found = graph.network("adult")
    assert found is not None
    assert found.chain == 3
    assert {item.account_id: item.hops for item in found.neighbours} == {
        "child": 1, "kid": 2, "teen": 3
    }  # fmt: skip
    plain = graph_of(befriend("adult", "child", "search")).network("adult")
    assert plain is not None
    assert plain.chain == 0


def test_rings_by_a_shared_device():
    graph = graph_of(account("b1", 30), session("adult", "d1"), session("b1", "d1"),
                     befriend("b1", "kid"), befriend("adult", "child"))  # fmt: skip
    found = graph.network("adult")
    assert found is not None
    assert [(ring.account_ids, ring.children_reached) for ring in found.rings] == [
        (["adult", "b1"], 2)
    ]


def test_a_refusal_ends_a_friendship_on_both_sides():
    for end in (contact("child", "kid", "blocked"), contact("kid", "child", "removed"),
                report("child", "kid")):  # fmt: skip
        graph = graph_of(befriend("kid", "child"), end)
        assert graph.friends_of("kid") == graph.friends_of("child") == []


def test_answering_a_message_ties_and_writing_alone_does_not():
    assert graph_of(write("adult", "child")).ties("adult", "child") == Ties()
    tied = graph_of(write("adult", "child"), write("child", "adult"))
    assert tied.ties("adult", "child").talk
    assert not tied.ties("adult", "child").friends
    assert tied.friends_of("adult") == []


def test_everything_is_bounded():
    graph = graph_of([account(f"f{number}", 12) for number in range(400)])
    for number in range(400):
        graph.fold([*befriend("adult", f"f{number}"), room(f"r{number}", "kid", "adult"),
                    session("adult", f"d{number}"), session(f"f{number}", "library"),
                    contact(f"f{number}", "kid", "blocked")])  # fmt: skip
    node = graph.node("adult")
    assert node is not None
    assert node.friends is not None
    assert node.rooms is not None
    assert node.devices is not None
    assert (len(node.friends), len(node.rooms), len(node.devices)) == (FRIENDS, ROOMS, DEVICES)
    assert graph.ties("adult", "f399").friends
    assert graph.ties("adult", "f0").friends  # forgotten here, still known there
    found = graph.network("f399")
    assert found is not None
    assert all(len(ring.account_ids) <= SHARERS for ring in found.rings)
    assert sys.getsizeof(node.friends) + sys.getsizeof(node.edges) < 1024


def test_forgetting_leaves_no_trace():
    graph = graph_of(befriend("adult", "child"), session("adult", "d"), session("kid", "d"),
                     room("r", "kid", "adult", "child"))  # fmt: skip
    assert graph.forget("adult")
    assert not graph.forget("adult")
    assert graph.friends_of("child") == []
    assert graph.node("adult") is None
    assert graph.ties("adult", "child") == Ties()
    for node in graph.accounts():
        assert node.id != "adult"
        around = graph.network(node.id)
        assert around is not None
        assert "id='adult'" not in repr(around)
        assert all("adult" not in ring.account_ids for ring in around.rings)


_acts = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"),
              st.sampled_from(["requested", "accepted", "blocked", "removed"])),
    max_size=40,
)  # fmt: skip


@given(_acts)
def test_friendship_is_mutual(acts: list[tuple[str, str, str]]):
    graph = ContactGraph().fold(contact(a, b, action) for a, b, action in acts)
    for one in "abcd":
        for other in graph.friends_of(one):
            assert one in graph.friends_of(other)
            assert graph.ties(one, other).friends == graph.ties(other, one).friends


@given(_acts)
def test_an_event_twice_changes_no_tie(acts: list[tuple[str, str, str]]):
    once = ContactGraph()
    twice = ContactGraph()
    for a, b, action in acts:
        event = contact(a, b, action)
        once.apply(event)
        twice.fold([event, event])
    for one in "abcd":
        assert once.friends_of(one) == twice.friends_of(one)


def test_an_account_without_anything_is_small():
    assert sys.getsizeof(Node("a")) < 256
