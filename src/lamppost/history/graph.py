"""Who knows whom: a bounded graph of contacts, rooms and devices, folded from events.

Per account it keeps what a look at first contacts needs: an age range and how sure it is, roles,
guardians, its newest friends with where each came from, who it asked, whom it refused, its rooms
and its devices; everything with a fixed bound, numbers instead of names, no text. It answers who
is tied to whom (`ties`) and what surrounds an account (`network`).

When it fails: beyond the bounds the oldest is forgotten, so a friendship can become unknown (it
is looked up from both sides first); friendships older than the events it was fed are not known.
Nothing here judges: an account with many children around it may be a teacher.
"""

from __future__ import annotations

import contextlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from lamppost.core.ages import ADULT, CONFIDENCES, range_of
from lamppost.core.times import DAY, to_ms
from lamppost.events.vocabulary import (
    Account,
    Contact,
    Event,
    Message,
    Room,
    Session,
    UserReport,
)

FRIENDS: Final = 150
"""Most friends kept per account: the newest, about the size of a person's real circle."""
ROOMS: Final = 32
"""Most rooms kept per account: the newest."""
SHUT: Final = 48
"""Most accounts kept that an account refused, blocked or reported: the newest."""
ASKED: Final = 48
"""Most unanswered requests kept per account: the newest."""
BIG_ROOM: Final = 8
"""Members from which on a closed room ties even the one who made it: a class, a club, a clan."""
DEVICES: Final = 4
"""Most devices kept per account: the newest."""
SHARERS: Final = 12
"""Most accounts kept per device; a device of more people, such as a library's, says nothing."""
PACE_DAYS: Final = 7.0
"""Half-life, in days, of how many strangers an account asked and how often it was refused."""
VERIFIED: Final = ("parent", "teacher", "coach", "counsellor", "youth_worker", "moderator")
"""Roles that a platform has checked, in the order of their bits."""

ORIGINS: Final = ("", "search", "suggestion", "group", "game", "import", "offline")
"""Where a contact came from, by number; 0 is not known."""
_ORIGIN: Final = {name: number for number, name in enumerate(ORIGINS)}
_BEGAN: Final = 8
"""Bit of an edge: this account asked first."""
_TALK: Final = 16
"""Bit of an edge: they write to each other, and nobody accepted a request."""
_HOPS: Final = 32
"""Hops along suggestions are kept above this, up to 7."""
_ROLE: Final = {name: 1 << bit for bit, name in enumerate(VERIFIED)}


class Node:
    """What is known of one account. Ages are inclusive years, -1 for not known; times in ms UTC.

    `friends` and `edges` run in parallel: number of the other account, and bits of the edge.
    """

    __slots__ = (
        "asked", "at", "counted", "created", "devices", "edges", "friends", "guardians", "high",
        "id", "level", "low", "pace", "refused", "roles", "rooms", "shut", "sure", "wards",
    )  # fmt: skip

    def __init__(self, identifier: str) -> None:
        self.id = identifier
        self.low = -1
        self.high = -1
        self.sure = 0
        self.created = 0
        self.roles = 0
        self.level = 0
        self.pace = 0.0
        self.refused = 0.0
        self.at = 0
        self.counted = 0
        self.wards: tuple[int, ...] = ()
        self.guardians: tuple[int, ...] = ()
        self.friends: array[int] | None = None
        self.edges: bytearray | None = None
        self.rooms: array[int] | None = None
        self.shut: array[int] | None = None
        self.asked: array[int] | None = None
        self.devices: array[int] | None = None

    @property
    def child(self) -> bool:
        """Whether every age it may have is below 18."""
        return 0 <= self.high < ADULT

    @property
    def adult(self) -> bool:
        """Whether every age it may have is 18 or above."""
        return self.low >= ADULT

    def faded(self, value: float, now: int) -> float:
        """A count of the last days as of `now`: `pace` or `refused`."""
        return float(value * 0.5 ** (max(0, now - self.at) / (PACE_DAYS * DAY)))


class Place:
    """A room: who made it, how many are in it, whether it is private, who in it has a role."""

    __slots__ = ("children", "creator", "id", "keepers", "members", "private", "public")

    def __init__(self, identifier: str, creator: int) -> None:
        self.id = identifier
        self.creator = creator
        self.members = 0
        self.children = 0
        self.private = False
        self.public = False
        self.keepers = 0


class Ties(msgspec.Struct, frozen=True, gc=False):
    """What binds two accounts, seen from `actor` towards `target`.

    `mutual` are friends of both that share no device with the actor; `witnesses` of them were not
    won over by the actor: adults, and children whom the actor did not ask first. `family`: a
    guardian of the target is a friend of the actor, or they share a guardian. `rooms` counts
    rooms of both that are neither public nor small and made by the actor; in a `kept_room` the
    actor, or whoever made it, holds a verified role. `asked_back`: the target asked first.
    `shut`: the target refused, blocked or reported the actor.
    """

    friends: bool = False
    talk: bool = False
    guardian: bool = False
    family: bool = False
    role: bool = False
    kept_room: bool = False
    rooms: int = 0
    mutual: int = 0
    witnesses: int = 0
    asked_back: bool = False
    shut: bool = False


class Neighbour(msgspec.Struct, frozen=True):
    """An account around another one. `age` is `child`, `adult` or `unknown`."""

    account_id: str
    age: str
    origin: str | None
    began: bool
    hops: int
    mutual: int


class Ring(msgspec.Struct, frozen=True):
    """Accounts that used one device. Families and schools share devices too."""

    device: str
    account_ids: list[str]
    children_reached: int


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds an account. `origins` counts its children by where the contact came from.

    `chain` is the longest way along suggestions: 0 when none made a contact, 1 when a suggestion
    did, 2 when a suggestion did that rested on a friend gained by a suggestion. `shared_rooms`
    counts rooms with at least one child in them. `truncated`: older friends were forgotten.
    """

    account_id: str
    age: str
    roles: list[str]
    friends: int
    children: int
    unknown_ages: int
    children_asked_first: int
    origins: dict[str, int]
    chain: int
    second_ring_children: int
    rooms: int
    rooms_with_children: int
    asked_lately: float
    refused_lately: float
    truncated: bool
    neighbours: list[Neighbour]
    rings: list[Ring]


class ContactGraph:
    """The graph. `apply` events in order; ask with `ties` and `network`. One thread writes.

    `before` (ms) in `expire` and `forget` bound what is remembered; numbers are never used twice.
    """

    def __init__(self) -> None:
        self._index: dict[str, int] = {}
        self._nodes: list[Node | None] = []
        self._rooms: dict[str, int] = {}
        self._places: list[Place] = []
        self._devices: dict[str, int] = {}
        self._sharers: list[array[int]] = []
        self._device_names: list[str] = []

    def __len__(self) -> int:
        return len(self._index)

    # --- looking up -------------------------------------------------------------------------

    def node(self, account: str) -> Node | None:
        """What is known of an account."""
        number = self._index.get(account)
        return None if number is None else self._nodes[number]

    def accounts(self) -> Iterator[Node]:
        """Every account, in order of first mention."""
        return (node for node in self._nodes if node is not None)

    def friends_of(self, account: str) -> list[str]:
        """Friends of an account, oldest first, without those it merely writes with."""
        node = self.node(account)
        if node is None or node.friends is None or node.edges is None:
            return []
        found = []
        for number, edge in zip(node.friends, node.edges, strict=True):
            other = self._nodes[number]
            if other is not None and not edge & _TALK:
                found.append(other.id)
        return found

    def _number(self, account: str) -> int:
        number = self._index.get(account)
        if number is None:
            number = self._index[account] = len(self._nodes)
            self._nodes.append(Node(account))
        return number

    def _known(self, account: str) -> Node:
        node = self._nodes[self._number(account)]
        assert node is not None
        return node

    # --- folding ----------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Fold one event; kinds that say nothing of contact are passed over."""
        match event:
            case Contact():
                self._contact(event)
            case Message():
                self._message(event)
            case Account():
                self._account(event)
            case Room():
                self._room(event)
            case Session():
                if event.device:
                    self._device(event.account_id, event.device)
            case UserReport():
                self._refuse(event.reporter_id, event.target_id, to_ms(event.at))
            case _:
                pass

    def fold(self, events: Iterable[Event]) -> ContactGraph:
        """Fold many events; returns itself."""
        for event in events:
            self.apply(event)
        return self

    def _account(self, event: Account) -> None:
        number = self._number(event.id)
        node = self._nodes[number]
        assert node is not None
        if event.age is not None:
            node.low = node.high = event.age
        elif event.age_band is not None:
            with contextlib.suppress(ValueError):  # a band that is no range says nothing
                node.low, node.high = range_of(event.age_band)
        if event.age_confidence is not None:
            node.sure = CONFIDENCES.index(event.age_confidence)
        if event.created_at is not None:
            node.created = to_ms(event.created_at)
        for role in event.roles:
            node.roles |= _ROLE.get(role, 0)
        for name in event.guardian_of[:SHARERS]:
            ward = self._number(name)
            child = self._nodes[ward]
            assert child is not None
            if ward not in node.wards:
                node.wards = (*node.wards, ward)[-SHARERS:]
            if number not in child.guardians:
                child.guardians = (*child.guardians, number)[-SHARERS:]

    def _contact(self, event: Contact) -> None:
        if event.actor_id == event.target_id or event.action == "suggested":
            return
        at = to_ms(event.at)
        if event.action == "requested":
            self.ask(event.actor_id, event.target_id, at)
        elif event.action == "accepted":
            self.link(event.actor_id, event.target_id, event.origin)
        else:
            self._refuse(event.actor_id, event.target_id, at, heavy=event.action != "removed")

    def ask(self, actor: str, target: str, at: int) -> None:
        """An account asked another one; counts when they were strangers and the other a child."""
        one, two = self._number(actor), self._number(target)
        asker, asked = self._nodes[one], self._nodes[two]
        assert asker is not None
        assert asked is not None
        if asker.asked is not None and two in asker.asked:
            return
        if not asked.adult and self._edge(asker, two) < 0 and not self._tied(asker, asked):
            self._fade(asker, at)
            asker.pace += 1.0
        asker.asked = _push(asker.asked, two, ASKED)

    def _fade(self, node: Node, at: int) -> None:
        if at > node.at:
            node.pace = node.faded(node.pace, at)
            node.refused = node.faded(node.refused, at)
            node.at = at

    def link(self, actor: str, target: str, origin: str | None, *, talk: bool = False) -> None:
        """Two accounts became friends; who had asked is known from the request before."""
        one, two = self._number(actor), self._number(target)
        first, second = self._nodes[one], self._nodes[two]
        assert first is not None
        assert second is not None
        old = self._edge(first, two)
        if old >= 0 and (talk or not old & _TALK):
            return
        source = _ORIGIN.get(origin or "", 0)
        bits = source | (_TALK if talk else 0)
        for node, other, number in ((first, second, two), (second, first, one)):
            began = _drop(node.asked, number)
            hops = 0
            if source == _ORIGIN["suggestion"]:
                hops = self._hops(node, other)
            self._put(node, number, bits | (_BEGAN if began else 0) | (hops * _HOPS))

    def _hops(self, node: Node, other: Node) -> int:
        """One more than the least hops of the friends that a suggestion can have rested on."""
        if node.friends is None or other.friends is None:
            return 1
        theirs = set(other.friends)
        least = min(
            (
                edge // _HOPS
                for number, edge in zip(node.friends, node.edges or b"", strict=True)
                if number in theirs
            ),
            default=0,
        )
        return min(7, least + 1)

    def _put(self, node: Node, number: int, bits: int) -> None:
        if node.friends is None or node.edges is None:
            node.friends, node.edges = array("I"), bytearray()
        if number in node.friends:
            place = node.friends.index(number)
            del node.friends[place], node.edges[place]
        elif len(node.friends) >= FRIENDS:
            del node.friends[0], node.edges[0]
        node.friends.append(number)
        node.edges.append(bits)
        node.counted += 1

    def _refuse(self, actor: str, target: str, at: int, *, heavy: bool = True) -> None:
        """`actor` turned `target` away: the friendship ends, the other may not ask again."""
        one, two = self._number(actor), self._number(target)
        refuser, refused = self._nodes[one], self._nodes[two]
        assert refuser is not None
        assert refused is not None
        self._cut(refuser, two)
        self._cut(refused, one)
        _drop(refused.asked, one)
        if heavy:
            refuser.shut = _push(refuser.shut, two, SHUT)
            self._fade(refused, at)
            refused.refused += 1.0

    @staticmethod
    def _cut(node: Node, number: int) -> None:
        if node.friends is not None and node.edges is not None and number in node.friends:
            place = node.friends.index(number)
            del node.friends[place], node.edges[place]
            node.counted -= 1

    def _room(self, event: Room) -> None:
        number = self._rooms.get(event.room_id)
        if number is None:
            creator = self._number(event.actor_id) if event.action == "created" else -1
            number = self._rooms[event.room_id] = len(self._places)
            self._places.append(Place(event.room_id, creator))
        place = self._places[number]
        if event.action == "left":
            self._leave(event.actor_id, number, place)
            return
        if event.action == "made_private":
            place.private = True
            return
        for member in (event.actor_id, *event.member_ids):
            node = self._known(member)
            if node.rooms is not None and number in node.rooms:
                continue
            node.rooms = _push(node.rooms, number, ROOMS)
            place.members += 1
            place.children += node.child
            place.keepers += node.roles != 0

    def _leave(self, account: str, number: int, place: Place) -> None:
        node = self._known(account)
        if _drop(node.rooms, number):
            place.members -= 1
            place.children = max(0, place.children - node.child)
            place.keepers = max(0, place.keepers - (node.roles != 0))

    def _device(self, account: str, device: str) -> None:
        number = self._devices.get(device)
        if number is None:
            number = self._devices[device] = len(self._sharers)
            self._sharers.append(array("I"))
            self._device_names.append(device)
        owner = self._number(account)
        node = self._nodes[owner]
        assert node is not None
        if node.devices is not None and number in node.devices:
            return
        node.devices = _push(node.devices, number, DEVICES)
        self._sharers[number] = _push(self._sharers[number], owner, SHARERS)

    def _message(self, event: Message) -> None:
        """A direct message asks, and an answer to it ties: who writes back knows the other."""
        if event.surface == "public":  # anybody may read it: being in it together is no tie
            number = self._rooms.get(event.conversation_id)
            if number is not None:
                self._places[number].public = True
            return
        if event.surface != "direct" or len(event.recipient_ids) != 1:
            return
        sender, other = event.sender_id, event.recipient_ids[0]
        if sender == other:
            return
        one, two = self._number(sender), self._number(other)
        writer, reader = self._nodes[one], self._nodes[two]
        assert writer is not None
        assert reader is not None
        if self._edge(writer, two) >= 0:
            return
        if reader.asked is not None and one in reader.asked:
            self.link(sender, other, None, talk=True)
            return
        self.ask(sender, other, to_ms(event.sent_at))

    def note_level(self, account: str, level: int) -> None:
        """Keep the highest level that an account has reached, as the engine found it."""
        node = self._known(account)
        node.level = max(node.level, level)

    def forget(self, account: str) -> bool:
        """Remove an account and every edge to it; returns whether it was known."""
        number = self._index.pop(account, None)
        if number is None:
            return False
        node = self._nodes[number]
        assert node is not None
        for other in node.friends or ():
            if (friend := self._nodes[other]) is not None:
                self._cut(friend, number)
        for other in node.wards:
            if (ward := self._nodes[other]) is not None:
                ward.guardians = tuple(one for one in ward.guardians if one != number)
        for other in node.guardians:
            if (guardian := self._nodes[other]) is not None:
                guardian.wards = tuple(one for one in guardian.wards if one != number)
        for room in tuple(node.rooms or ()):
            self._places[room].members -= 1
        for device in node.devices or ():
            _drop(self._sharers[device], number)
        self._nodes[number] = None
        return True

    # --- asking -----------------------------------------------------------------------------

    @staticmethod
    def _edge(node: Node, number: int) -> int:
        if node.friends is None or node.edges is None or number not in node.friends:
            return -1
        return node.edges[node.friends.index(number)]

    def _tied(self, one: Node, two: Node) -> bool:
        """A common friend that `one` did not win over itself, a closed room, or kin."""
        if one.friends and two.friends:
            for number in set(one.friends).intersection(two.friends):
                friend = self._nodes[number]
                if friend is not None and not (friend.child and self._edge(one, number) & _BEGAN):
                    return True
        if one.rooms and two.rooms:
            common = set(one.rooms).intersection(two.rooms)
            if any(not self._places[room].public for room in common):
                return True
        return bool(one.guardians and not set(one.guardians).isdisjoint(two.guardians))

    def ties(self, actor: str, target: str) -> Ties:
        """What binds two accounts; nothing for accounts that are not known."""
        one, two = self._index.get(actor, -1), self._index.get(target, -1)
        if one < 0 or two < 0:
            return Ties()
        a, b = self._nodes[one], self._nodes[two]
        if a is None or b is None:
            return Ties()
        edge = max(self._edge(a, two), self._edge(b, one))
        mutual = witnesses = 0
        if a.friends and b.friends:
            near = self._near(one, a)
            for number in set(a.friends).intersection(b.friends):
                friend = self._nodes[number]
                mine = self._edge(a, number)
                if friend is None or number in near or (mine | self._edge(b, number)) & _TALK:
                    continue
                mutual += 1
                witnesses += not (friend.child and mine & _BEGAN)
        family = bool(b.guardians) and (
            not set(b.guardians).isdisjoint(a.guardians)
            or any(self._edge(a, number) & _TALK == 0 for number in b.guardians
                   if self._edge(a, number) >= 0)
        )  # fmt: skip
        kept = False
        rooms = 0
        if a.rooms and b.rooms:
            for number in set(a.rooms).intersection(b.rooms):
                place = self._places[number]
                own = place.creator == one and not a.roles and place.members < BIG_ROOM
                if place.public or own:
                    continue  # anybody's room, or a small one that the asker made, is no tie
                rooms += 1
                maker = self._nodes[place.creator] if place.creator >= 0 else None
                kept |= place.keepers > 0 and bool(a.roles or (maker is not None and maker.roles))
        return Ties(
            friends=edge >= 0 and not edge & _TALK,
            talk=edge >= 0 and bool(edge & _TALK),
            guardian=two in a.wards,
            family=family,
            role=a.roles != 0,
            kept_room=kept,
            rooms=rooms,
            mutual=mutual,
            witnesses=witnesses,
            asked_back=b.asked is not None and one in b.asked,
            shut=b.shut is not None and one in b.shut,
        )

    def seems_child(self, node: Node) -> bool:
        """Whether an account of unknown age has the friends of a child: most are children.

        Of at least three friends of known age. Meant to protect it, never to hold against it.
        """
        children = adults = 0
        for number in node.friends or ():
            friend = self._nodes[number]
            if friend is not None:
                children += friend.child
                adults += friend.adult
        return children + adults >= 3 and children * 3 > 2 * (children + adults)

    def _near(self, number: int, node: Node) -> set[int]:
        """Accounts that used a device of `node`."""
        found: set[int] = set()
        for device in node.devices or ():
            sharers = self._sharers[device]
            if len(sharers) < SHARERS:
                found.update(sharers)
        found.discard(number)
        return found

    def network(self, account: str, *, most: int = 100) -> Network | None:
        """What surrounds an account, at most `most` neighbours, children and newest first."""
        number = self._index.get(account)
        node = None if number is None else self._nodes[number]
        if node is None or number is None:
            return None
        around: list[tuple[int, Node, int]] = []
        for other, edge in zip(node.friends or (), node.edges or b"", strict=True):
            friend = self._nodes[other]
            if friend is not None:
                around.append((other, friend, edge))
        origins: Counter[str] = Counter()
        second: set[int] = set()
        mine = set(node.friends or ())
        for other, friend, edge in around:
            if friend.child:
                origins[ORIGINS[edge & 7] or "unknown"] += 1
            for further in friend.friends or ():
                beyond = self._nodes[further]
                if beyond is not None and beyond.child and further != number:
                    second.add(further)
        newest = list(reversed(around))
        newest.sort(key=lambda item: not item[1].child)
        rooms = [self._places[room] for room in node.rooms or ()]
        return Network(
            account_id=account,
            age=age_word(node),
            roles=[role for role, bit in _ROLE.items() if node.roles & bit],
            friends=len(around),
            children=sum(friend.child for _, friend, _ in around),
            unknown_ages=sum(not friend.child and not friend.adult for _, friend, _ in around),
            children_asked_first=sum(
                friend.child and bool(edge & _BEGAN) for _, friend, edge in around
            ),
            origins=dict(sorted(origins.items())),
            chain=max((edge // _HOPS for _, _, edge in around), default=0),
            second_ring_children=len(second - mine),
            rooms=len(rooms),
            rooms_with_children=sum(place.children > 0 for place in rooms),
            asked_lately=round(node.pace, 2),
            refused_lately=round(node.refused, 2),
            truncated=node.counted > FRIENDS,
            neighbours=[
                Neighbour(
                    friend.id,
                    age_word(friend),
                    ORIGINS[edge & 7] or None,
                    bool(edge & _BEGAN),
                    edge // _HOPS,
                    len(mine.intersection(friend.friends or ())),
                )
                for _, friend, edge in newest[:most]
            ],
            rings=list(self._rings(node)),
        )

    def _rings(self, node: Node) -> Iterator[Ring]:
        for device in node.devices or ():
            sharers = [self._nodes[number] for number in self._sharers[device]]
            people = [person for person in sharers if person is not None]
            if len(people) < 2:
                continue
            reached: set[int] = set()
            for person in people:
                for other in person.friends or ():
                    friend = self._nodes[other]
                    if friend is not None and friend.child:
                        reached.add(other)
            yield Ring(
                self._device_names[device], sorted(person.id for person in people), len(reached)
            )


def age_word(node: Node) -> str:
    """`child`, `adult` or `unknown`."""
    return "child" if node.child else "adult" if node.adult else "unknown"


def _push(items: array[int] | None, number: int, most: int) -> array[int]:
    """Put a number last, once; the oldest goes when there are more than `most`."""
    if items is None:
        return array("I", (number,))
    if number in items:
        items.remove(number)
    items.append(number)
    if len(items) > most:
        del items[0]
    return items


def _drop(items: array[int] | None, number: int) -> bool:
    """Take a number out; returns whether it was there."""
    if items is None or number not in items:
        return False
    items.remove(number)
    return True
