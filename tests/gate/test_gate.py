"""Who may reach whom."""

from __future__ import annotations

import tomllib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.core.errors import UsageError
from lamppost.protect.gate import (
    OUTCOMES,
    PURPOSES,
    Asked,
    Contacts,
    Gate,
    filter_suggestions,
    read_contacts,
    version_of,
)
from lamppost.protect.gate.policy import DEFAULT

from .people import (
    NOW,
    account,
    ask,
    befriend,
    contact,
    graph_of,
    report,
    room,
    session,
    write,
)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_an_adult_without_a_tie_does_not_reach_a_child(purpose: str):
    answer = ask(graph_of(), "adult", "child", purpose)
    assert answer.outcome == "deny"
    assert [reason.rule for reason in answer.reasons] == ["adult"]
    assert answer.appeal_hours == 72


@pytest.mark.parametrize("purpose", PURPOSES)
def test_friends_stay_friends(purpose: str):
    graph = graph_of(befriend("adult", "child"))
    assert ask(graph, "adult", "child", purpose).outcome == "allow"
    assert ask(graph_of(), "adult", "child", purpose, friends=True).outcome == "allow"


@pytest.mark.parametrize(
    ("events", "actor", "rule", "outcome"),
    [
        ([], "parent", "routes.guardian", "allow"),
        (befriend("adult", "parent"), "adult", "routes.family", "allow"),
        ([room("club", "coach", "child", "kid")], "coach", "routes.role", "allow"),
        ([], "coach", "routes.role_alone", "limit"),
        ([contact("child", "adult", "requested")], "adult", "routes.answered", "allow"),
        ([write("child", "adult")], "adult", "routes.answered", "allow"),
        ([write("adult", "child"), write("child", "adult")], "adult", "routes.talking", "limit"),
        ([*befriend("kid", "adult"), *befriend("kid", "child")], "adult", "routes.mutual", "limit"),
        ([room("clan", "kid", "adult", "child")], "adult", "routes.room", "limit"),
    ],
)
def test_ordinary_ways_to_a_child_work(events: list, actor: str, rule: str, outcome: str):
    answer = ask(graph_of(events), actor, "child")
    assert [reason.rule for reason in answer.reasons] == [rule]
    assert answer.outcome == outcome
    assert bool(answer.limits) == (outcome == "limit")


def test_what_an_adult_made_itself_is_no_tie():
    won = graph_of(befriend("adult", "kid"), befriend("kid", "child"))
    assert ask(won, "adult", "child").outcome == "deny"
    own = graph_of(room("den", "adult", "child"))
    assert ask(own, "adult", "child").outcome == "deny"
    lobby = graph_of(room("lobby", "kid", "adult", "child"),
                     msgspec.structs.replace(write("kid", "x", surface="public"),
                                             conversation_id="lobby"))  # fmt: skip
    assert ask(lobby, "adult", "child").outcome == "deny"
    second = graph_of(account("twin", 30), session("adult", "d1"), session("twin", "d1"),
                      befriend("kid", "twin"), befriend("twin", "child"),
                      befriend("adult", "twin"))  # fmt: skip
    assert ask(second, "adult", "child").outcome == "deny"


def test_teens_and_those_just_past_eighteen():
    shared = [*befriend("young", "teen2"), *befriend("teen", "teen2")]
    assert ask(graph_of(shared), "young", "teen").outcome == "allow"
    assert ask(graph_of(), "young", "teen").outcome == "deny"
    bands = {"actor_age_band": "18-24", "target_age_band": "16-17"}
    assert ask(graph_of(shared), "young", "teen", **bands).outcome == "allow"
    # a friend who turns eighteen stays a friend
    grown = graph_of(befriend("teen2", "teen"), account("teen2", 18))
    assert ask(grown, "teen2", "teen").outcome == "allow"


def test_ages_that_are_not_known_fail_closed_towards_children():
    graph = graph_of()
    assert ask(graph, "nobody", "child").outcome == "hold"
    assert ask(graph, "not in the graph", "child").outcome == "hold"
    assert ask(graph, "adult", "nobody").outcome == "limit"
    assert ask(graph, "adult", "nobody", target_age_band="10-12").outcome == "deny"
    assert ask(graph, "adult", "child", actor_age_band="10-12").outcome == "allow"
    with pytest.raises(UsageError, match="actor_age_band"):
        ask(graph, "adult", "child", actor_age_band="24-18")


def test_who_was_turned_away_stays_away():
    for turned in (contact("child", "kid", "blocked"), report("child", "kid")):
        graph = graph_of(befriend("kid", "child"), turned)
        answer = ask(graph, "kid", "child")
        assert answer.outcome == "deny"
        assert answer.reasons[0].rule == "turned_away"
    assert (
        ask(graph_of(contact("child", "parent", "blocked")), "parent", "child").outcome == "allow"
    )


def test_many_strangers_in_a_short_time_are_slowed_and_a_checked_child_is_not_refused():
    strangers = [account(f"s{number}", 11) for number in range(6)]
    asked = [contact("kid", f"s{number}", "requested") for number in range(4)]
    graph = graph_of(strangers, asked)
    assert ask(graph, "kid", "s5").outcome == "hold"
    assert ask(graph, "kid", "s5", now=NOW + 20 * 86_400_000).outcome == "allow"
    checked = ask(graph, "kid", "s5", actor_age_confidence="enhanced")
    assert checked.outcome == "limit"
    # friends of friends do not count as strangers
    near = graph_of(strangers, befriend("child", "kid"),
                    *(befriend("child", f"s{number}") for number in range(6)),
                    *(befriend("kid", f"s{number}") for number in range(5)))  # fmt: skip
    assert ask(near, "kid", "s5").outcome == "allow"


def test_a_child_that_reaches_out_is_never_refused():
    graph = graph_of()
    graph.note_level("child", 3)
    for purpose in PURPOSES:
        answer = ask(graph, "child", "adult", purpose)
        if purpose == "suggest":
            assert answer.outcome == "deny"  # the platform's doing, not the child's
        else:
            assert (answer.outcome, answer.limits) == ("limit", ["friction"])


def test_the_engine_closes_ways_and_softens_friendships():
    mutual = [*befriend("kid", "adult"), *befriend("kid", "child")]
    for level, outcome in (("watch", "limit"), ("concern", "hold"), ("high", "deny")):
        assert ask(graph_of(mutual), "adult", "child", actor_level=level).outcome == outcome
    friends = graph_of(befriend("child", "adult"))
    assert ask(friends, "adult", "child", actor_level="concern").outcome == "allow"
    assert ask(friends, "adult", "child", actor_level="urgent").outcome == "limit"
    assert ask(graph_of(), "parent", "child", actor_level="high").outcome == "allow"


def test_refusals_all_sound_the_same():
    graph = graph_of(contact("child", "kid", "blocked"))
    refused = [ask(graph, "adult", "child"), ask(graph, "nobody", "child"),
               ask(graph, "kid", "child")]  # fmt: skip
    assert len({answer.tell for answer in refused}) == 1
    for answer in refused:
        words = " ".join(reason.because for reason in answer.reasons)
        assert not {"offender", "predator", "groomer", "suspect", "dangerous"} & set(words.split())


def test_a_recommender_shows_nobody_across():
    graph = graph_of(befriend("kid", "child"))
    gate = Gate(graph)
    shown = filter_suggestions(gate, "child", ["kid", "adult", "parent", "nobody", "coach"], NOW)
    assert shown == ["kid"]
    assert filter_suggestions(gate, "adult", ["child", "young", "teen"], NOW) == ["young"]


_events = st.lists(
    st.one_of(
        st.builds(contact, st.sampled_from(["adult", "child", "kid", "young", "nobody"]),
                  st.sampled_from(["adult", "child", "kid", "parent"]),
                  st.sampled_from(["requested", "accepted", "declined", "blocked", "removed"])),
        st.builds(room, st.sampled_from("xyz"), st.sampled_from(["adult", "kid"]),
                  st.sampled_from(["child", "young"])),
        st.builds(write, st.sampled_from(["adult", "child"]), st.sampled_from(["kid", "child"])),
    ),
    max_size=25,
)  # fmt: skip


@given(_events, st.sampled_from(PURPOSES), st.sampled_from(["adult", "young", "kid", "nobody"]))
def test_a_higher_level_is_never_answered_more_mildly(events: list, purpose: str, actor: str):
    graph = graph_of(events)
    ranks = [
        OUTCOMES.index(ask(graph, actor, "child", purpose, actor_level=level).outcome)
        for level in ("none", "watch", "concern", "high", "urgent")
    ]
    assert ranks == sorted(ranks)


@given(_events, st.sampled_from(PURPOSES))
def test_an_adult_never_reaches_a_child_without_a_named_route(events: list, purpose: str):
    answer = ask(graph_of(events), "adult", "child", purpose)
    if answer.outcome in ("allow", "limit"):
        assert any(reason.rule.startswith("routes.") for reason in answer.reasons)


@given(_events, st.sampled_from(PURPOSES))
def test_asking_changes_nothing(events: list, purpose: str):
    graph = graph_of(events)
    first = ask(graph, "adult", "child", purpose)
    assert ask(graph, "adult", "child", purpose) == first


# --- the policy -------------------------------------------------------------------------------


def test_the_file_shows_the_values_in_force():
    assert read_contacts(DEFAULT.read_text(encoding="utf-8")) == Contacts()
    shown = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))["contacts"]

    def missing(kind: type, given: dict) -> list[str]:
        return [item.name for item in msgspec.structs.fields(kind) if item.name not in given]

    assert missing(Contacts, shown) == []
    for name in ("adult", "routes", "peers", "levels", "appeal"):
        assert missing(type(getattr(Contacts(), name)), shown[name]) == []


def test_other_rules_have_another_version_and_stand_in_the_answer():
    other = read_contacts("[contacts.adult]\nmessage = 'hold'\n")
    assert version_of(other) != version_of(Contacts())
    answer = ask(graph_of(), "adult", "child", contacts=other)
    assert answer.outcome == "hold"
    assert version_of(other) in answer.policy


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[contacts]\nadult_to_unknown = 'perhaps'", "adult_to_unknown"),
        ("[contacts]\nchild_to_adult = 'deny'", "child_to_adult"),
        ("[contacts.peers]\nknown_age = 'hold'", "known_age"),
        ("[contacts.peers]\npace = -1.0", "pace"),
        ("[contacts.routes]\nuncle = 'allow'", "uncle"),
        ("[contacts.appeal]\nurl = 'javascript:x'", "url"),
        ("[contacts.levels]\nhigh = 'allow'", "contacts.levels"),
        ("[contacts", "policy"),
    ],
)
def test_a_wrong_policy_names_place_and_fix(text: str, told: str):
    with pytest.raises(UsageError, match=told) as caught:
        read_contacts(text)
    assert caught.value.hint


def test_questions_refuse_what_they_do_not_know():
    for body in (b'{"actor_id":"a"}', b'{"actor_id":"","target_id":"b","purpose":"message"}',
                 b'{"actor_id":"a","target_id":"b","purpose":"marry"}',
                 b'{"actor_id":"a","target_id":"b","purpose":"gift","red_flags":1}'):  # fmt: skip
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(body, type=Asked)
