"""What is remembered of accounts beyond what they say: whom they reach, and what comes back.

A `Book` holds an `AccountState` per account and a `Space` per room. Everything is bounded, and
nearly all of it is kept as counts, earliest moments and flags, so that neither order nor
repetition changes it. Other accounts stand in it as 63-bit numbers; no text is part of it, only
sketches of how a first message reads (`sketches.py`).

When it fails: beyond `TIES` others the least telling are forgotten, and only counted.
"""

from __future__ import annotations

import hashlib
from bisect import insort
from functools import lru_cache
from typing import Final

import msgspec

from lamppost.core.ages import ADULT, range_of
from lamppost.core.times import MINUTE, from_ms, to_ms, zone
from lamppost.events.vocabulary import (
    Account,
    Contact,
    Event,
    Gift,
    Message,
    Profile,
    Room,
    Session,
    UserReport,
)
from lamppost.history.children import Diary
from lamppost.history.sketches import add, signature

TIES: Final = 12
"""Most others kept per account."""
ROOMS: Final = 6
OPENINGS: Final = 8
SCRIPT: Final = 20
"""Signs from which on a message can be a script: a greeting alone is none."""
SHARERS: Final = 6
SAMPLE: Final = 40
_SEEN: Final = 200_000
NIGHT: Final = frozenset({22, 23, 0, 1, 2, 3, 4, 5})

# what happened between an account and another; the first group is done by the account
ASKED, WROTE_REQUEST, SPACE_MADE, REMOVED = 1, 2, 4, 8
# by the other one
TOOK, DECLINED, BLOCKED, REPORTED, CAME = 16, 32, 64, 128, 256
# how it came about
FAR, PLAY, NEAR = 512, 1024, 2048
I_TOOK, I_BLOCKED, EXPLICIT, BACK = 4096, 8192, 16384, 32768
REFUSED: Final = DECLINED | BLOCKED | REPORTED
_ORIGIN: Final = {
    "search": FAR, "suggestion": FAR, "group": PLAY, "game": PLAY, "offline": NEAR, "import": NEAR,
}  # fmt: skip
NEVER: Final = 1 << 40


class Tie(msgspec.Struct, array_like=True, gc=False):
    """What passed between an account and one other, seen from the account.

    `begun`, `out`, `came` are the first step, message sent and message received, in minutes
    since 1970 (`NEVER` if none); `days` has a bit per day with a message, of 31.
    """

    other: int
    begun: int = NEVER
    out: int = NEVER
    came: int = NEVER
    last: int = 0
    flags: int = 0
    sent: int = 0
    got: int = 0
    night: int = 0
    deleted: int = 0
    days: int = 0
    private: int = 0
    given: int = 0
    received: int = 0
    event: str = ""

    def weight(self) -> int:
        """How telling the tie is; which ones are kept depends on nothing else."""
        told = self.flags & (REFUSED | SPACE_MADE | EXPLICIT | BACK | FAR | PLAY)
        return (
            4 * told.bit_count()
            + 2 * (self.flags & (ASKED | WROTE_REQUEST | CAME)).bit_count()
            + 4 * bool(self.given)
            + 3 * bool(self.private)
            + (self.sent + self.got).bit_length()
        )


class AccountState(msgspec.Struct, array_like=True, gc=False):
    """One account. Ages are inclusive years, -1 when not known; times in minutes since 1970."""

    id: str
    low: int = -1
    high: int = -1
    made: int = 0
    first: int = NEVER
    zone: str = ""
    roles: list[str] = []
    wards: list[int] = []
    ages: list[int] = []
    told: int = 0
    device: int = 0
    payment: int = 0
    profile: dict[str, list[int]] = {}
    public: bool = False
    rooms: list[int] = []
    entered: list[int] = []
    ties: list[Tie] = []
    openings: list[tuple[int, int, int, int]] = []
    approached: bytes = b""
    approached_children: bytes = b""
    refused: bytes = b""
    refused_by_children: bytes = b""
    met: bytes = b""
    sent: int = 0
    sent_to_children: int = 0
    deleted: int = 0
    deleted_to_children: int = 0
    lessons: int = 0
    weekdays: int = 0
    blocked_devices: list[int] = []
    diary: Diary | None = None

    @property
    def minor(self) -> bool:
        """Whether the account says it is under 18."""
        return 0 <= self.high < ADULT

    @property
    def adult(self) -> bool:
        """Whether the account says it is 18 or older."""
        return self.low >= ADULT


class Space(msgspec.Struct, array_like=True, gc=False):
    """A room: a sample of its members and how many of the sample are children."""

    id: int
    public: bool = False
    private: int = 0
    owner: int = 0
    begun: int = NEVER
    members: dict[int, bool] = {}


class Book(msgspec.Struct, array_like=True):
    """All accounts and rooms; `contacts` counts steps of contact; `calendar` counts by
    zone and weekday the children who were online, and in lessons."""

    accounts: dict[str, AccountState] = {}
    spaces: dict[int, Space] = {}
    names: dict[int, str] = {}
    devices: dict[int, list[int]] = {}
    payments: dict[int, list[int]] = {}
    calendar: dict[str, list[int]] = {}
    seen: dict[int, int] = {}
    contacts: int = 0
    now: int = 0

    def account(self, identifier: str) -> AccountState:
        """State of an account, made on first mention."""
        found = self.accounts.get(identifier)
        if found is None:
            found = self.accounts[identifier] = AccountState(identifier)
            self.names[number(identifier)] = identifier
        return found

    def forget(self, identifier: str) -> None:
        """Take an account out; others keep no more of it than a number."""
        self.accounts.pop(identifier, None)
        self.names.pop(number(identifier), None)

    def school_day(self, place: str, day: int) -> bool:
        """Whether children of a zone kept away in lessons that day: it was no holiday.

        `day` counts from 1970. With fewer than 20 children seen it is taken for a school day.
        """
        seen, in_lessons = self.calendar.get(f"{place}\x1f{day}", (0, 0))
        return seen < 20 or in_lessons < 0.5 * seen

    def by_number(self, key: int) -> AccountState | None:
        """State of an account by its number."""
        name = self.names.get(key)
        return None if name is None else self.accounts.get(name)


@lru_cache(maxsize=1 << 17)
def number(identifier: str) -> int:
    """63-bit number of a name."""
    return int.from_bytes(hashlib.blake2b(identifier.encode(), digest_size=8).digest()) >> 1


@lru_cache(maxsize=1 << 15)
def _digest(value: str) -> int:
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=4).digest())


@lru_cache(maxsize=1 << 16)
def local(name: str, minutes: int) -> tuple[int, int]:
    """Hour and weekday (0 is Monday) at a place."""
    place = zone(name)
    moment = from_ms(minutes * MINUTE)
    if place is not None:
        moment = moment.astimezone(place)
    return moment.hour, moment.weekday()


def clock(state: AccountState, minutes: int) -> tuple[int, int]:
    """Hour and weekday where an account says it is (UTC if it does not say)."""
    return local(state.zone, minutes - minutes % 15)


def _tie(state: AccountState, other: int) -> Tie:
    for tie in state.ties:
        if tie.other == other:
            return tie
    made = Tie(other)
    insort(state.ties, made, key=_by_other)
    return made


def _by_other(tie: Tie) -> int:
    return tie.other


def _trim(state: AccountState) -> None:
    """Forget the least telling tie when there are too many."""
    if len(state.ties) > TIES:
        state.ties.remove(min(state.ties, key=lambda tie: (tie.weight(), -tie.begun, tie.other)))


def _of_interest(one: AccountState, other: AccountState) -> bool:
    """Ties are kept where a child is on one side, or might be."""
    return one.minor or other.minor or one.high < 0 or other.high < 0


def _known(book: Book, kind: str, identifier: str, stamp: int = 0) -> int | None:
    """Stamp under which an event was known before (-1: not at all), or `None`: nothing new."""
    key = number(f"{kind}\x1f{identifier}")
    held = book.seen.get(key, -1)
    if held >= stamp:
        return None
    book.seen[key] = stamp
    if len(book.seen) > _SEEN:
        book.seen = dict(list(book.seen.items())[_SEEN // 2 :])
    return held


def _new(book: Book, kind: str, identifier: str) -> bool:
    """Whether an event has not been seen before."""
    return _known(book, kind, identifier) is not None


def follow(book: Book, event: Event, *, told: int = -1, explicit: bool = False) -> None:
    """Remember what an event says about the accounts in it.

    `told` is the age (years) that a message gives of its sender, -1 for none; `explicit` says
    that the platform labelled it, or a phrase was seen, as sexual talk.
    """
    match event:
        case Message():
            _message(book, event, told, explicit)
        case Session():
            _session(book, event)
        case Contact():
            _contact(book, event)
        case Profile():
            _profile(book, event)
        case Room():
            _room(book, event)
        case Gift():
            _gift(book, event)
        case UserReport():
            _report(book, event)
        case Account():
            _account(book, event)


def _account(book: Book, event: Account) -> None:
    state = book.account(event.id)
    if event.age is not None:
        state.low = state.high = event.age
    elif event.age_band is not None:
        state.low, state.high = range_of(event.age_band)
    if event.age is not None or event.age_band is not None:
        state.ages = sorted({*state.ages, state.low})[:6]
    if event.created_at is not None:
        state.made = to_ms(event.created_at) // MINUTE
    state.zone = event.time_zone or state.zone
    state.roles = sorted({*state.roles, *event.roles})[:6]
    if event.guardian_of:
        wards = {*state.wards, *(number(name) for name in event.guardian_of)}
        state.wards = sorted(wards)[:12]


def _moment(book: Book, state: AccountState, at: int) -> None:
    state.first = min(state.first, at)
    book.now = max(book.now, at)


def _message(book: Book, event: Message, told: int, explicit: bool) -> None:
    sender = book.account(event.sender_id)
    at = to_ms(event.sent_at) // MINUTE
    stamp = 0
    if event.edited_at is not None or event.deleted_at is not None:
        stamp = max(to_ms(m) for m in (event.edited_at, event.deleted_at) if m)
    known = _known(book, f"m{event.conversation_id}", event.id, stamp)
    if known is None:
        return
    _moment(book, sender, at)
    if told >= 0:
        sender.told |= 1 << min(told, 40)
    fresh = known < 0
    me = number(sender.id)
    if fresh:
        sender.sent += 1
        if sender.minor:
            _diary(sender).wrote(at, clock(sender, at))
    deleted = event.deleted_at is not None
    if deleted:
        sender.deleted += 1
        if sender.minor:
            _diary(sender).hid(at)
    others = [name for name in event.recipient_ids if name != event.sender_id]
    if event.surface != "direct" or len(others) != 1:
        if event.surface == "public" or len(others) != 1:
            _speaks(book, event, sender, me, others, at)
        return
    other = book.account(others[0])
    you = number(other.id)
    if fresh:
        if not other.minor:
            sender.met = add(sender.met, you)
        if other.minor:
            sender.sent_to_children += 1
    if deleted and other.minor:
        sender.deleted_to_children += 1
    if not _of_interest(sender, other):
        return
    mine, yours = _tie(sender, you), _tie(other, me)
    day = 1 << (at // (24 * 60) % 31)
    if mine.event == "" or at < mine.begun:
        mine.event = event.id
    if yours.event == "" or at < yours.begun:
        yours.event = event.id
    for tie in (mine, yours):
        tie.begun = min(tie.begun, at)
        tie.last = max(tie.last, at)
        if explicit:
            tie.flags |= EXPLICIT
    mine.deleted += deleted
    if fresh:
        mine.days |= day
        yours.days |= day
        mine.out = min(mine.out, at)
        yours.came = min(yours.came, at)
        mine.sent += 1
        yours.got += 1
        child = other if other.minor else sender
        if clock(child, at)[0] in NIGHT:
            mine.night += 1
            yours.night += 1
        if event.request:
            mine.flags |= WROTE_REQUEST
            yours.flags |= CAME
            _approach(book, sender, other, mine)
        if len(event.text) >= SCRIPT:
            _opening(sender, you, at, event.text)
        if other.minor:
            _diary(other).heard(at, me)
        if sender.minor:
            _diary(sender).spoke(at, you)
    _trim(sender)
    _trim(other)


def _opening(sender: AccountState, you: int, at: int, text: str) -> None:
    """How the earliest message of some length to somebody reads, as a sketch; of many people the
    lowest numbers stay, and of one minute the larger sketch, whatever order they come in."""
    held = next((item for item in sender.openings if item[0] == you), None)
    if held is not None and at > held[1]:
        return
    if held is None and len(sender.openings) == OPENINGS and you > sender.openings[-1][0]:
        return
    made = (you, at, *signature(text))
    if held is None or at < held[1] or made > held:
        kept = [item for item in sender.openings if item[0] != you]
        sender.openings = sorted([*kept, made])[:OPENINGS]


def _approach(book: Book, sender: AccountState, other: AccountState, mine: Tie) -> None:
    """Somebody turned to somebody who was no contact."""
    you = number(other.id)
    sender.approached = add(sender.approached, you)
    if other.minor:
        sender.approached_children = add(sender.approached_children, you)
    if sender.device and sender.device in other.blocked_devices and not mine.flags & BLOCKED:
        mine.flags |= BACK


def _speaks(
    book: Book, event: Message, sender: AccountState, me: int, others: list[str], at: int
) -> None:
    space = _space(book, event.conversation_id, at)
    space.public = space.public or event.surface == "public"
    _enters(space, me, sender)
    _remember_room(sender, space)
    for name in others:
        who = book.account(name)
        _enters(space, number(name), who)
        _remember_room(who, space)


def _space(book: Book, identifier: str, at: int) -> Space:
    key = number(identifier)
    found = book.spaces.get(key)
    if found is None:
        found = book.spaces[key] = Space(key)
    found.begun = min(found.begun, at)
    return found


def _enters(space: Space, who: int, state: AccountState) -> None:
    """Keep the sample: the members with the smallest numbers."""
    if who in space.members:
        space.members[who] = state.minor
        return
    space.members[who] = state.minor
    if len(space.members) > SAMPLE:
        del space.members[max(space.members)]


def _remember_room(state: AccountState, space: Space) -> None:
    if space.id not in state.rooms:
        state.rooms = [*state.rooms, space.id][-ROOMS:]


def _contact(book: Book, event: Contact) -> None:
    if event.action == "suggested" or not _new(book, "k", event.id):
        return
    book.contacts += 1
    actor, target = book.account(event.actor_id), book.account(event.target_id)
    at = to_ms(event.at) // MINUTE
    _moment(book, actor, at)
    me, you = number(actor.id), number(target.id)
    if not _of_interest(actor, target):
        if event.action == "requested":
            actor.approached = add(actor.approached, you)
        elif event.action in ("declined", "blocked"):
            target.refused = add(target.refused, me)
        elif event.action == "accepted":
            for one, key in ((actor, you), (target, me)):
                one.met = add(one.met, key)
        return
    mine, yours = _tie(actor, you), _tie(target, me)
    origin = _ORIGIN.get(event.origin or "", 0)
    for tie in (mine, yours):
        if tie.event == "" or at < tie.begun:
            tie.event = event.id
        tie.begun = min(tie.begun, at)
        tie.last = max(tie.last, at)
        tie.flags |= origin
    match event.action:
        case "requested":
            mine.flags |= ASKED
            yours.flags |= CAME
            _approach(book, actor, target, mine)
        case "accepted":
            yours.flags |= TOOK
            mine.flags |= I_TOOK
            if not target.minor:
                actor.met = add(actor.met, you)
            if not actor.minor:
                target.met = add(target.met, me)
        case "declined" | "blocked":
            yours.flags |= DECLINED if event.action == "declined" else BLOCKED
            target.refused = add(target.refused, me)
            if actor.minor:
                target.refused_by_children = add(target.refused_by_children, me)
            if event.action == "blocked":
                mine.flags |= I_BLOCKED
                if target.device:
                    actor.blocked_devices = [
                        *(d for d in actor.blocked_devices if d != target.device), target.device,
                    ][-6:]  # fmt: skip
        case "removed":
            mine.flags |= REMOVED
    _trim(actor)
    _trim(target)


def _report(book: Book, event: UserReport) -> None:
    if event.reporter_id == event.target_id or not _new(book, "p", event.id):
        return
    reporter, target = book.account(event.reporter_id), book.account(event.target_id)
    _moment(book, reporter, to_ms(event.at) // MINUTE)
    if not _of_interest(reporter, target):
        return
    me = number(reporter.id)
    tie = _tie(target, me)
    tie.flags |= REPORTED
    if tie.event == "":
        tie.event = event.id
    target.refused = add(target.refused, me)
    if reporter.minor:
        target.refused_by_children = add(target.refused_by_children, me)
    _trim(target)


def _room(book: Book, event: Room) -> None:
    if not _new(book, "o", event.id):
        return
    actor = book.account(event.actor_id)
    at = to_ms(event.at) // MINUTE
    _moment(book, actor, at)
    space = _space(book, event.room_id, at)
    me = number(actor.id)
    if event.action == "created":
        space.owner = me
    elif event.action == "made_private":
        space.private = 1
        space.owner = space.owner or me
    elif event.action == "left":
        return
    if event.action == "joined" and space.owner != me and space.id not in actor.entered:
        actor.entered = [*actor.entered, space.id][-ROOMS:]
    for name in (event.actor_id, *event.member_ids):
        who = book.account(name)
        _enters(space, number(name), who)
        _remember_room(who, space)
    if space.private and 2 <= len(space.members) <= 4:
        _closed(book, space, at)


def _closed(book: Book, space: Space, at: int) -> None:
    """A small private room: note who made it and whom it holds."""
    owner = book.by_number(space.owner)
    if owner is None:
        return
    alone = len(space.members) == 2
    for key in sorted(space.members):
        other = book.by_number(key)
        if other is None or other is owner or not _of_interest(owner, other):
            continue
        mine, yours = _tie(owner, key), _tie(other, space.owner)
        mine.flags |= SPACE_MADE
        for tie in (mine, yours):
            tie.private = max(tie.private, 2 if alone else 1)
            tie.begun = min(tie.begun, at)
        _trim(owner)
        _trim(other)


def _gift(book: Book, event: Gift) -> None:
    if event.sender_id == event.recipient_id or not _new(book, "g", event.id):
        return
    sender, other = book.account(event.sender_id), book.account(event.recipient_id)
    at = to_ms(event.at) // MINUTE
    _moment(book, sender, at)
    if not _of_interest(sender, other):
        return
    value = max(1, event.value_minor or 1)
    mine, yours = _tie(sender, number(other.id)), _tie(other, number(sender.id))
    mine.given += value
    yours.received += value
    for tie in (mine, yours):
        if tie.event == "" or at < tie.begun:
            tie.event = event.id
        tie.begun = min(tie.begun, at)
    if other.minor:
        _diary(other).received(at, value)
    _trim(sender)
    _trim(other)


def _session(book: Book, event: Session) -> None:
    if not _new(book, "s", event.id):
        return
    state = book.account(event.account_id)
    at = to_ms(event.started_at) // MINUTE
    _moment(book, state, at)
    if event.device:
        state.device = number(event.device)
        _shares(book.devices, state.device, number(state.id))
    end = at if event.ended_at is None else to_ms(event.ended_at) // MINUTE
    hour, weekday = clock(state, at)
    if weekday < 5:
        day = at // (24 * 60)
        bit = 1 << (day % 31)
        in_lessons = 9 <= hour < 14
        if state.minor:
            counts = book.calendar.setdefault(f"{state.zone}\x1f{day}", [0, 0])
            counts[0] += not state.weekdays & bit
            counts[1] += in_lessons and not state.lessons & bit
        state.weekdays |= bit
        if in_lessons:
            state.lessons |= bit
    if state.minor:
        _diary(state).online(at, end, clock(state, at), clock(state, end))


def _shares(table: dict[int, list[int]], key: int, who: int) -> None:
    found = table.setdefault(key, [])
    if who not in found:
        table[key] = sorted([*found, who])[:SHARERS]


def _profile(book: Book, event: Profile) -> None:
    if not _new(book, "f", event.id):
        return
    state = book.account(event.account_id)
    _moment(book, state, to_ms(event.at) // MINUTE)
    if event.value_digest is None:
        return
    if event.field == "payment":
        state.payment = number(event.value_digest)
        _shares(book.payments, state.payment, number(state.id))
        return
    if event.field == "visibility":
        state.public = event.value_digest == _PUBLIC
    value = _digest(event.value_digest)
    held = state.profile.get(event.field, [])
    if value not in held and (held or len(state.profile) < 8):
        state.profile = {**state.profile, event.field: sorted([*held, value])[:5]}


_PUBLIC: Final = hashlib.sha256(b"public").hexdigest()


def _diary(state: AccountState) -> Diary:
    if state.diary is None:
        state.diary = Diary()
    return state.diary


_encoder = msgspec.msgpack.Encoder()
_accounts: Final = msgspec.msgpack.Decoder(AccountState)


def pack(state: AccountState) -> bytes:
    """One account as bytes, as a store keeps it."""
    return _encoder.encode(state)


def unpack(data: bytes) -> AccountState:
    """The account of `pack`'s bytes; raises `msgspec.DecodeError` when they are not."""
    return _accounts.decode(data)
