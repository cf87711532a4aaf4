"""A day in the synthetic community: who talks to whom, asks whom, gives, joins, leaves, blocks.

`Life` is what everybody acts through, offenders too, so that whatever they do leaves the same
kinds of event in the same form. Events wait in a heap of their own until their day is over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

from lamppost.core.times import from_ms
from lamppost.evaluation.community import talk
from lamppost.evaluation.community.world import (
    DAY,
    HOUR,
    NAMES,
    Person,
    World,
    digest,
    hours,
    slots,
)
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

MINUTE = 60_000
Say = Callable[[], str]


class Life:
    """Turns acts into events, and lives the ordinary days."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng: Random = world.rng
        self.day = 0
        self._waiting: list[tuple[int, int, Event]] = []
        self._count = 0
        self._direct: dict[tuple[int, int], str] = {}
        self.blocked: set[tuple[int, int]] = set()
        self.answered_at = 0
        """When the other person first answered in the last dialogue (ms)."""
        self._hours = {
            (minor, young, night, school): slots(hours(minor, young, night, school))
            for minor in (False, True)
            for young in (False, True)
            for night in (False, True)
            for school in (False, True)
        }

    # --- acts ---------------------------------------------------------------------------------

    def put(self, at: int, event: Event) -> None:
        """Let an event happen at `at` (ms)."""
        self._count += 1
        self._waiting.append((at, self._count, event))

    def take(self, before: int) -> Iterator[Event]:
        """Events before a moment, in order of time."""
        self._waiting.sort(key=lambda item: item[:2])
        cut = 0
        for cut, (at, _, event) in enumerate(self._waiting):
            if at >= before:
                break
            yield event
        else:
            cut = len(self._waiting)
        del self._waiting[:cut]

    def here(self, index: int) -> bool:
        """Whether somebody has had an account since before today."""
        who = self.world.people[index]
        return who.born < self.day and not who.gone

    def moment(self, who: Person) -> int:
        """A moment of today at which somebody might be online (ms)."""
        local = (self.world.start // DAY + self.day + 3) % 7
        region = next(i for i, (_, zone, _) in enumerate(self.world.regions) if zone == who.zone)
        school = local < 5 and self.day not in self.world.holiday[region]
        table = self._hours[(who.minor, who.age < 13, who.night, school)]
        rng = self.rng.random
        hour = table[int(rng() * 240)]
        at = self.world.start + self.day * DAY + hour * HOUR + int(rng() * HOUR) - who.utc
        earliest = max(who.made, self.world.start) + 60_000
        return at if at >= earliest else earliest + int(rng() * 6 * HOUR)

    def pair(self, a: int, b: int) -> str:
        """Conversation of two people."""
        key = (a, b) if a < b else (b, a)
        found = self._direct.get(key)
        if found is None:
            found = self._direct[key] = self.world.token("c")
        return found

    def message(
        self,
        sender: Person,
        conversation: str,
        recipients: list[str],
        at: int,
        text: str,
        surface: str = "direct",
        labels: tuple[str, ...] = (),
        *,
        request: bool = False,
    ) -> None:
        """Send a message; now and then the sender deletes it a little later."""
        rng = self.rng
        sender.times.append(at)
        event = Message(
            id=f"m{rng.getrandbits(48):012x}",
            conversation_id=conversation,
            sender_id=sender.id,
            recipient_ids=recipients,
            sent_at=from_ms(at),
            text=text,
            labels=list(labels),
            surface=surface,  # type: ignore[arg-type]
            request=request,
        )
        self.put(at, event)
        if rng.random() < sender.deletes:
            self.delete(event, at + int(rng.expovariate(1 / (20 * MINUTE))) + 5_000)

    def delete(self, event: Message, at: int) -> None:
        """The same message again, deleted."""
        self.put(
            at,
            Message(
                id=event.id,
                conversation_id=event.conversation_id,
                sender_id=event.sender_id,
                recipient_ids=event.recipient_ids,
                sent_at=event.sent_at,
                surface=event.surface,
                deleted_at=from_ms(at),
            ),
        )

    def dialogue(
        self,
        a: Person,
        b: Person,
        at: int,
        turns: int,
        say_a: Say,
        say_b: Say,
        *,
        room: str = "",
        request: bool = False,
        answered: bool = True,
    ) -> int:
        """A talk of two in turns that `a` begins; returns when it ends."""
        if (b.index, a.index) in self.blocked or (a.index, b.index) in self.blocked:
            return at
        rng = self.rng.random
        conversation = room or self.pair(a.index, b.index)
        first = True
        for turn in range(turns):
            if not answered and turn > 1:
                break
            mine = turn == 0 or not answered or (turn > 1 and rng() < 0.5)
            sender, other = (a, b) if mine else (b, a)
            text = say_a() if mine else say_b()
            if turn == 1:
                self.answered_at = at
            self.message(sender, conversation, [other.id], at, text, request=request and first)
            first = False
            at += 6_000 + int(-math.log(1 - rng()) * 45_000)
        return at

    def contact(self, actor: Person, target: Person, action: str, at: int, origin: str) -> None:
        """One step of a contact."""
        actor.times.append(at)
        self.put(
            at,
            Contact(
                id=f"k{self.rng.getrandbits(44):011x}",
                actor_id=actor.id,
                target_id=target.id,
                action=action,  # type: ignore[arg-type]
                origin=origin or None,  # type: ignore[arg-type]
                at=from_ms(at),
            ),
        )

    def suggest(self, viewer: Person, shown: Person, at: int) -> None:
        """The platform shows somebody to somebody."""
        self.put(
            at,
            Contact(
                id=f"k{self.rng.getrandbits(44):011x}",
                actor_id=viewer.id,
                target_id=shown.id,
                action="suggested",
                origin="suggestion",
                at=from_ms(at),
            ),
        )

    def ask(
        self, actor: Person, target: Person, at: int, origin: str, chance: float
    ) -> tuple[str, int]:
        """Ask for contact; returns what came of it and when (ms)."""
        if (target.index, actor.index) in self.blocked or not self.here(target.index):
            return "ignored", at
        if target.index in actor.known:
            return "known", at
        rng = self.rng
        if origin == "suggestion":
            self.suggest(actor, target, at)
            at += rng.randint(5_000, 90_000)
        self.contact(actor, target, "requested", at, origin)
        later = at + int(rng.expovariate(1 / (3 * HOUR))) + 20_000
        if rng.random() < chance:
            self.contact(target, actor, "accepted", later, origin)
            self.world.befriend(actor.index, target.index)
            return "accepted", later
        pick = rng.random()
        if pick < 0.45:
            return "ignored", later
        if pick < 0.45 + self.world.params.blocking:
            self.block(target, actor, later, origin)
            return "blocked", later
        self.contact(target, actor, "declined", later, origin)
        return "declined", later

    def block(self, actor: Person, target: Person, at: int, origin: str = "") -> None:
        """Block somebody; some report as well."""
        self.contact(actor, target, "blocked", at, origin)
        self.blocked.add((actor.index, target.index))
        for one, other in ((actor, target), (target, actor)):
            if other.index in one.friends:
                one.friends.remove(other.index)
        if self.rng.random() < 0.15:
            self.report(actor, target, at + 30_000)

    def report(self, actor: Person, target: Person, at: int) -> None:
        """Tell the platform about somebody."""
        self.put(
            at,
            UserReport(
                id=f"p{self.rng.getrandbits(44):011x}",
                reporter_id=actor.id,
                target_id=target.id,
                conversation_id=self._direct.get(
                    (min(actor.index, target.index), max(actor.index, target.index))
                ),
                reason=self.rng.choice(("spam", "harassment", "uncomfortable", "other")),
                at=from_ms(at),
            ),
        )

    def gift(self, sender: Person, recipient: Person, at: int, value: int) -> None:
        """Give something, in cents."""
        sender.times.append(at)
        self.put(
            at,
            Gift(
                id=f"g{self.rng.getrandbits(44):011x}",
                sender_id=sender.id,
                recipient_id=recipient.id,
                value_minor=value,
                currency="USD",
                at=from_ms(at),
            ),
        )

    def private_room(self, owner: Person, guests: list[Person], at: int) -> str:
        """Open a room with a few people and close it to others; returns its conversation."""
        identifier = self.world.token("r")
        members = [guest.id for guest in guests]
        self._room(identifier, owner, "created", at, [] if self.rng.random() < 0.5 else members)
        for guest in guests:
            self._room(identifier, guest, "joined", at + self.rng.randint(5_000, 300_000), [])
        self._room(identifier, owner, "made_private", at + self.rng.randint(1_000, 400_000), [])
        return identifier

    def join(self, who: Person, room: int, at: int) -> None:
        """Enter a room."""
        place = self.world.rooms[room]
        if who.index not in place.members:
            place.members.append(who.index)
            who.rooms.append(room)
            self._room(place.id, who, "joined", at, [])

    def _room(self, room: str, actor: Person, action: str, at: int, members: list[str]) -> None:
        actor.times.append(at)
        self.put(
            at,
            Room(
                id=f"o{self.rng.getrandbits(44):011x}",
                room_id=room,
                actor_id=actor.id,
                action=action,  # type: ignore[arg-type]
                member_ids=members,
                at=from_ms(at),
            ),
        )

    def profile(self, who: Person, field: str, value: str, at: int) -> None:
        """Change a field of a profile."""
        self.put(
            at,
            Profile(
                id=f"f{self.rng.getrandbits(44):011x}",
                account_id=who.id,
                field=field,
                value_digest=value if len(value) == 64 else digest(value),
                at=from_ms(at),
            ),
        )

    def restate(self, who: Person, at: int) -> None:
        """The account gives another age. Its `created_at` stays what it was."""
        self.put(at, Account(id=who.id, age=who.shown, created_at=from_ms(who.made)))

    # --- arriving -----------------------------------------------------------------------------

    def arrive(self, who: Person, at: int, created: int) -> None:
        """An account comes into being, with as much of a profile as people give."""
        rng = self.rng
        who.made = created
        self.put(
            at,
            Account(
                id=who.id,
                age=who.shown,
                age_confidence=None
                if who.shown is None
                else rng.choices(("asserted", "standard", "enhanced"), (8, 2, 1))[0],
                created_at=from_ms(created),
                country=who.country,
                time_zone=who.zone,
                roles=[who.role] if who.role else [],
                guardian_of=[self.world.people[i].id for i in who.guardian_of],
                display_name=who.name,
            ),
        )
        full = rng.random()
        fields = (
            ("name", who.name, 0.95),
            ("picture", rng.choice(_AVATARS) if rng.random() < 0.35 else who.picture, 0.8),
            ("town", who.town, 0.4),
            ("school", f"school-{who.school}", 0.4 if who.school >= 0 else 0.0),
            ("visibility", "public" if who.public else "friends", 1.0),
            ("payment", who.payment, 0.3),
        )
        for place, (field, value, share) in enumerate(fields):
            if rng.random() < share * (0.45 + 0.75 * full):
                self.profile(who, field, value, at + 1 + place * (1 if at == created else 900))

    # --- an ordinary day ----------------------------------------------------------------------

    def live(self) -> None:
        """Today, for everybody who is active."""
        rng = self.rng
        params = self.world.params
        for who in self.world.people:
            if who.born > self.day or who.gone:
                continue
            if rng.random() > who.active:
                continue
            for _ in range(1 + int(rng.expovariate(1 / params.episodes))):
                if who.rooms and (rng.random() < params.groups or not who.friends):
                    self._group(who)
                elif who.friends:
                    self._friend(who)
            if rng.random() < params.suggestions:
                self._suggested(who)
            if rng.random() < 0.035 or (who.born >= 0 and rng.random() < 0.25):
                self._new_contact(who)
            if rng.random() < params.gifts * 0.5:
                self._present(who)
            self._whims(who)
            special = _SPECIAL.get(who.kind)
            if special is not None:
                special(self, who)

    def sessions(self) -> None:
        """Sessions that cover what people did today, and some without anything seen."""
        rng = self.rng
        for who in self.world.people:
            if who.born > self.day:
                continue
            times = who.times
            if not times:
                continue
            if rng.random() < 0.25:
                times.append(self.moment(who))
            times.sort()
            begin = last = times[0]
            for at in [*times[1:], times[-1] + DAY * 9]:
                if at - last > 30 * MINUTE:
                    lead = int(rng.expovariate(1 / (5 * MINUTE))) + 5_000
                    tail = int(rng.expovariate(1 / (12 * MINUTE))) + 10_000
                    event = Session(
                        id=f"s{rng.getrandbits(44):011x}",
                        account_id=who.id,
                        started_at=from_ms(max(self.world.start, begin - lead)),
                        ended_at=from_ms(last + tail),
                        device=who.device,
                    )
                    self.put(max(self.world.start, begin - lead), event)
                    begin = at
                last = at
            who.times = []

    def words(self, who: Person, other: Person | None = None) -> Say:
        """How somebody talks, and to whom."""
        rng, style = self.rng, who.style
        pool = None
        if other is not None:
            if who.kind == "coach" and other.index in who.kids:
                pool = talk.COACH
            elif who.kind in ("teacher", "tutor") and other.index in who.kids:
                pool = talk.TEACHER
            elif who.kind == "clan_leader" and other.index in who.kids:
                pool = talk.CLAN
            elif who.family == other.family >= 0:
                pool = talk.FAMILY
        if pool is None and who.minor and other is not None and other.index not in who.known:
            age = who.age + (rng.random() < 0.05) * rng.randint(1, 3)
            return lambda: (
                talk.own_age(rng, age, style) if rng.random() < 0.05 else talk.chat(rng, style)
            )
        if pool is None:
            return lambda: talk.chat(rng, style)
        chosen = pool
        return lambda: talk.say(rng, chosen, style) if rng.random() < 0.5 else talk.chat(rng, style)

    def _length(self) -> int:
        return 1 + int(self.rng.expovariate(1 / self.world.params.length))

    def _friend(self, who: Person) -> None:
        rng = self.rng
        other = self.world.people[who.friends[int(len(who.friends) * rng.random() ** 1.8)]]
        if not self.here(other.index):
            return
        say, reply = self.words(who, other), self.words(other, who)
        at = self.moment(who)
        couple = (
            abs(who.age - other.age) <= 3
            and who.age >= 15
            and (who.index * 7 + other.index * 7) % 23 == 0
        )
        if couple:
            style = who.style
            before = say
            say = lambda: talk.say(rng, talk.COUPLE, style) if rng.random() < 0.2 else before()  # noqa: E731
            if rng.random() < 0.05:
                self.message(
                    who, self.pair(who.index, other.index), [other.id], at - 60_000,
                    "(message withheld)", labels=("sexual",),
                )  # fmt: skip
        self.dialogue(who, other, at, self._length(), say, reply, answered=rng.random() < 0.92)
        if rng.random() < 0.0006:
            self.block(other, who, at + HOUR)

    def _group(self, who: Person) -> None:
        rng = self.rng
        place = self.world.rooms[rng.choice(who.rooms)]
        at = self.moment(who)
        members = [i for i in place.members if self.here(i)]
        if len(members) < 2:
            return
        talkers = [who, *(self.world.people[rng.choice(members)] for _ in range(3))]
        named = [self.world.people[i].id for i in members] if len(members) <= 6 else []
        for turn in range(self._length()):
            speaker = who if turn == 0 else rng.choice(talkers)
            pool = None
            if place.owner == speaker.index:
                pool = {"club": talk.COACH, "class": talk.TEACHER, "clan": talk.CLAN}.get(
                    place.kind
                )
            text = (
                talk.say(rng, pool, speaker.style)
                if pool is not None and rng.random() < 0.6
                else talk.chat(rng, speaker.style)
            )
            others = [name for name in named if name != speaker.id]
            self.message(speaker, place.id, others, at, text, place.surface)
            at += 8_000 + int(rng.expovariate(1 / 60_000))

    def _suggested(self, who: Person) -> None:
        other = self.acquaintance(who) if self.rng.random() < 0.6 else self.stranger(who)
        if other is not None and other.index not in who.known:
            self.suggest(who, other, self.moment(who))

    def acquaintance(self, who: Person) -> Person | None:
        """A friend of a friend."""
        if not who.friends:
            return None
        friend = self.world.people[self.rng.choice(who.friends)]
        if not friend.friends:
            return None
        other = self.world.people[self.rng.choice(friend.friends)]
        return other if self.here(other.index) and other is not who else None

    def stranger(self, who: Person) -> Person | None:
        """Anybody, mostly of a similar age."""
        rng = self.rng
        for _ in range(6):
            other = self.world.people[int(rng.random() * len(self.world.people))]
            if other is who or not self.here(other.index):
                continue
            near = abs(other.age - who.age) <= (2 if who.minor else 12)
            if near and other.minor == who.minor:
                return other
            if rng.random() < self.world.params.across_ages * 0.3:
                return other
        return None

    def roommate(self, who: Person) -> Person | None:
        """Somebody of a room they share."""
        if not who.rooms:
            return None
        place = self.world.rooms[self.rng.choice(who.rooms)]
        other = self.world.people[self.rng.choice(place.members)]
        return other if self.here(other.index) and other is not who else None

    def chance(self, who: Person, other: Person, mutual: bool) -> float:
        """How likely `other` is to take `who` as a contact."""
        if mutual:
            return 0.75
        if other.minor and not who.minor:
            return other.openness * 0.9
        return min(0.9, other.openness + 0.3) if other.minor else 0.35

    def _new_contact(self, who: Person) -> None:
        rng = self.rng
        pick = rng.random()
        at = self.moment(who)
        if pick < 0.35:
            other, origin, mutual = self.acquaintance(who), "suggestion", True
        elif pick < 0.65:
            other, origin = self.roommate(who), rng.choice(("group", "game"))
            mutual = other is not None and rng.random() < 0.6
        elif pick < 0.8:
            other, origin, mutual = self.acquaintance(who), rng.choice(("offline", "import")), True
        else:
            other, origin = self.stranger(who), rng.choice(("search", "game", "suggestion"))
            mutual = False
        if other is None:
            return
        if other.minor != who.minor and pick < 0.65 and rng.random() > 0.25:
            return
        self.approach(who, other, at, origin, self.chance(who, other, mutual))

    def approach(
        self,
        who: Person,
        other: Person,
        at: int,
        origin: str,
        chance: float,
        say: Say | None = None,
    ) -> str:
        """Ask, or write first as a message request; then a first talk if it was taken."""
        rng = self.rng
        if other.index in who.known:
            return "known"
        if rng.random() < self.world.params.messages_first * 0.4:
            if not self.here(other.index) or (other.index, who.index) in self.blocked:
                return "ignored"
            taken = rng.random() < chance
            self.dialogue(
                who, other, at, self._length() if taken else rng.randint(1, 2),
                say or self.words(who, other), self.words(other, who),
                request=True, answered=taken,
            )  # fmt: skip
            if not taken:
                if rng.random() < self.world.params.blocking:
                    self.block(other, who, at + rng.randint(60_000, 5 * HOUR))
                return "ignored"
            self.world.befriend(who.index, other.index)
            return "accepted"
        outcome, later = self.ask(who, other, at, origin, chance)
        if outcome == "accepted":
            self.dialogue(
                who, other, later + rng.randint(30_000, HOUR), self._length(),
                say or self.words(who, other), self.words(other, who),
                answered=rng.random() < 0.9,
            )  # fmt: skip
        return outcome

    def _present(self, who: Person) -> None:
        rng = self.rng
        if not who.friends or (who.minor and rng.random() < 0.6):
            return
        other = self.world.people[who.friends[int(len(who.friends) * rng.random() ** 2)]]
        if self.here(other.index):
            value = rng.choice((99, 199, 299, 499, 499, 999, 1999))
            self.gift(who, other, self.moment(who), value)

    def _whims(self, who: Person) -> None:
        rng = self.rng
        pick = rng.random()
        lively = 3 if who.kind in ("teen", "private") else 1
        at = self.moment(who)
        if pick < 0.006 * lively:
            self.profile(who, "picture", self.world.token("i"), at)
        elif pick < 0.008 * lively:
            self.profile(who, "name", rng.choice(NAMES) + str(rng.randrange(99)), at)
        elif pick < 0.0085 * lively:
            self.profile(who, "town", f"town-0-{rng.randrange(40)}", at)
        elif pick < 0.0088 * lively and who.shown is not None:
            who.shown = max(8, who.shown + rng.choice((-1, 1, 1, 2)))
            self.restate(who, at)
        elif pick < 0.0094 * lively and who.rooms:
            place = rng.choice(self.world.lobbies)
            self.join(who, place, at)
        elif pick < 0.0115 * lively and len(who.friends) > 1:
            size = 1 if rng.random() < 0.55 else 2
            guests = [
                self.world.people[who.friends[int(len(who.friends) * rng.random() ** 1.5)]]
                for _ in range(size)
            ]
            guests = [one for one in dict.fromkeys(guests) if self.here(one.index)]
            if guests:
                room = self.private_room(who, guests, at)
                self.dialogue(
                    who, guests[0], at + 600_000, self._length(), self.words(who, guests[0]),
                    self.words(guests[0], who), room=room,
                )  # fmt: skip
        elif pick < 0.0120 * lively and rng.random() < 0.3:
            who.device = self.world.token("d")


_AVATARS = [f"avatar-{number}" for number in range(60)]


def _coach(life: Life, who: Person) -> None:
    rng = life.rng
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        child = life.world.people[rng.choice(who.kids)] if who.kids else None
        if child is None or not life.here(child.index):
            continue
        life.dialogue(
            who, child, life.moment(who), rng.choice((1, 2, 3, 4, 6)), life.words(who, child),
            life.words(child, who), answered=rng.random() < 0.75,
        )  # fmt: skip
        if rng.random() < 0.02:
            life.private_room(who, [child], life.moment(who))
        if rng.random() < 0.01:
            life.gift(who, child, life.moment(who), 499)
    if rng.random() < 0.08:
        child = life.world.people[int(rng.random() * len(life.world.people))]
        if child.minor and child.zone == who.zone:
            outcome = life.approach(who, child, life.moment(who), rng.choice(("group", "offline")),
                                    0.8)  # fmt: skip
            if outcome == "accepted":
                who.kids.append(child.index)


def _clan(life: Life, who: Person) -> None:
    rng, world = life.rng, life.world
    room = next((r for r in who.rooms if world.rooms[r].kind == "clan"), None)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        other = life.roommate(who) if rng.random() < 0.4 else None
        if other is None:
            place = world.rooms[rng.choice(world.lobbies)]
            if not place.members:
                continue
            other = world.people[rng.choice(place.members)]
        script = lambda: talk.say(rng, talk.CLAN, who.style)  # noqa: E731
        chance = 0.55 if not other.minor else min(0.8, other.openness + 0.25)
        outcome = life.approach(who, other, life.moment(who), "game", chance, script)
        if outcome == "accepted" and room is not None:
            life.join(other, room, life.moment(who) + HOUR)
            if other.minor:
                who.kids.append(other.index)
            if rng.random() < 0.15:
                life.gift(who, other, life.moment(who), rng.choice((99, 199, 499)))
    if rng.random() < 0.08 and who.friends:
        guests = [world.people[rng.choice(who.friends)] for _ in range(rng.choice((1, 2, 3)))]
        guests = [one for one in dict.fromkeys(guests) if life.here(one.index)]
        if guests:
            life.private_room(who, guests, life.moment(who))


def _streamer(life: Life, who: Person) -> None:
    rng, world = life.rng, life.world
    for _ in range(rng.randint(1, 7)):
        fan = world.people[int(rng.random() * len(world.people))]
        if fan.age > 25 or not life.here(fan.index):
            continue
        life.approach(fan, who, life.moment(fan), rng.choice(("search", "suggestion")), 0.8)
    if rng.random() < 0.1 and who.friends:
        for _ in range(rng.randint(2, 6)):
            fan = world.people[rng.choice(who.friends)]
            if life.here(fan.index):
                life.gift(who, fan, life.moment(who), rng.choice((99, 299, 499)))


def _seller(life: Life, who: Person) -> None:
    rng, world = life.rng, life.world
    line = talk.say(rng, talk.SELL, who.style)
    for _ in range(rng.choice((0, 1, 2, 4, 6))):
        place = world.rooms[rng.choice(world.lobbies)]
        if not place.members:
            continue
        other = world.people[rng.choice(place.members)]
        if not life.here(other.index) or other is who:
            continue
        at = life.moment(who)
        taken = rng.random() < 0.25
        script = lambda: line if rng.random() < 0.6 else talk.say(rng, talk.SELL, who.style)  # noqa: E731
        life.dialogue(who, other, at, 4 if taken else 1, script, life.words(other),
                      request=True, answered=taken)  # fmt: skip
        if taken and rng.random() < 0.4:
            life.gift(other, who, at + 10 * MINUTE, rng.choice((99, 199, 499)))
            life.gift(who, other, at + 12 * MINUTE, rng.choice((99, 199, 499)))
        elif not taken and rng.random() < 0.06:
            life.block(other, who, at + HOUR)


def _tutor(life: Life, who: Person) -> None:
    rng = life.rng
    if not who.kids:
        return
    child = life.world.people[rng.choice(who.kids)]
    if rng.random() < 0.5 and life.here(child.index):
        at = life.moment(who)
        room = life.private_room(who, [child], at) if rng.random() < 0.12 else ""
        life.dialogue(who, child, at + 400_000, rng.randint(4, 16), life.words(who, child),
                      life.words(child, who), room=room)  # fmt: skip
    if rng.random() < 0.04:
        new = life.world.people[int(rng.random() * len(life.world.people))]
        if new.minor and life.here(new.index) and new.zone == who.zone:
            outcome = life.approach(new, who, life.moment(new), rng.choice(("search", "offline")),
                                    0.9)  # fmt: skip
            if outcome == "accepted":
                who.kids.append(new.index)


def _helper(life: Life, who: Person) -> None:
    rng, world = life.rng, life.world
    line = talk.say(rng, talk.HELP, who.style)
    for _ in range(rng.randint(0, 4)):
        other = life.roommate(who)
        if other is None or other.index in who.known:
            continue
        taken = rng.random() < 0.4
        life.dialogue(who, other, life.moment(who), 3 if taken else 1, lambda: line,
                      life.words(other), request=True, answered=taken)  # fmt: skip
    if rng.random() < 0.2:
        life.join(who, rng.choice(world.lobbies), life.moment(who))


def _gamer(life: Life, who: Person) -> None:
    """An adult who plays with anybody, children too, gives now and then, and plays at night."""
    rng = life.rng
    if rng.random() < 0.4:
        other = life.roommate(who)
        if other is not None:
            outcome = life.approach(who, other, life.moment(who), "game",
                                    life.chance(who, other, mutual=False))  # fmt: skip
            if outcome == "accepted":
                if rng.random() < 0.12:
                    life.private_room(who, [other], life.moment(who) + HOUR)
                if rng.random() < 0.12:
                    life.gift(who, other, life.moment(who) + HOUR, rng.choice((99, 199, 499)))


def _spammer(life: Life, who: Person) -> None:
    rng = life.rng
    line = talk.say(rng, talk.SPAM, 1)
    for _ in range(rng.randint(2, 14)):
        other = life.world.people[int(rng.random() * len(life.world.people))]
        if other is not who and life.here(other.index):
            life.approach(who, other, life.moment(who), rng.choice(("search", "suggestion")),
                          other.openness * 0.3 if other.minor else 0.08, lambda: line)  # fmt: skip


_SPECIAL: dict[str, Callable[[Life, Person], None]] = {
    "coach": _coach,
    "teacher": _coach,
    "clan_leader": _clan,
    "streamer": _streamer,
    "seller": _seller,
    "tutor": _tutor,
    "mentor": _tutor,
    "helper": _helper,
    "gamer": _gamer,
    "spammer": _spammer,
}
