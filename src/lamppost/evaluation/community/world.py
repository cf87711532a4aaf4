"""Who lives in the synthetic community: people, families, schools, clubs, clans and rooms.

Every proportion is drawn anew from the seed, within ranges wide enough that a detector tuned on
one world is not tuned on the next. All ranges are invented.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR

_REGIONS: Final = [
    ("GB", "Europe/London"), ("DE", "Europe/Berlin"), ("FR", "Europe/Paris"),
    ("US", "America/New_York"), ("US", "America/Chicago"), ("CA", "America/Toronto"),
    ("IN", "Asia/Kolkata"), ("AU", "Australia/Sydney"), ("BR", "America/Sao_Paulo"),
    ("ZA", "Africa/Johannesburg"), ("PL", "Europe/Warsaw"), ("MX", "America/Mexico_City"),
]  # fmt: skip
NAMES: Final = (
    "Mila Noa Kit Theo Ada Jun Iris Remy Sol Ines Bo Lars Nia Omar Tess Vik Yara Zeno Cleo Dov "
    "Esme Fritz Gia Hugo Ivo Jana Kaja Leo Marlow Nils Ola Pia Quin Rafa Suri Timo Uma Vera Wim Xia"
).split()


@dataclass(frozen=True, slots=True)
class Params:
    """What kind of platform this is. Shares of people unless said otherwise."""

    minors: float
    young: float
    regions: int
    active: float
    episodes: float
    length: float
    groups: float
    open_children: float
    age_missing: float
    minors_as_adults: float
    adults_off: float
    roles_known: float
    guardians_known: float
    suggestions: float
    across_ages: float
    gifts: float
    shared_devices: float
    deleting: float
    blocking: float
    messages_first: float
    night: float
    newcomers: float
    adult_gamers: float

    @classmethod
    def draw(cls, rng: Random) -> Params:
        """A platform at random."""
        u = rng.uniform
        return cls(
            minors=u(0.34, 0.55), young=u(0.3, 0.5), regions=rng.randint(2, 5),
            active=u(0.4, 0.6), episodes=u(0.4, 0.8), length=u(2.4, 4.0), groups=u(0.22, 0.42),
            open_children=u(0.2, 0.45), age_missing=u(0.01, 0.07), minors_as_adults=u(0.01, 0.05),
            adults_off=u(0.005, 0.03), roles_known=u(0.55, 0.95), guardians_known=u(0.3, 0.8),
            suggestions=u(0.2, 0.6), across_ages=u(0.1, 0.4), gifts=u(0.006, 0.02),
            shared_devices=u(0.2, 0.5), deleting=u(0.003, 0.012), blocking=u(0.02, 0.08),
            messages_first=u(0.25, 0.6), night=u(0.05, 0.2), newcomers=u(0.04, 0.12),
            adult_gamers=u(0.02, 0.05),
        )  # fmt: skip


class Person:
    """Somebody with an account. Indices point into `World.people` and `World.rooms`."""

    __slots__ = (
        "active", "age", "born", "club", "country", "deletes", "device", "family", "friends",
        "gone", "guardian_of", "id", "index", "kids", "kind", "known", "made", "name", "night",
        "openness", "payment", "picture", "public", "role", "rooms", "school", "shown",
        "style", "times", "town", "utc", "zone",
    )  # fmt: skip

    def __init__(self, index: int, identifier: str, age: int) -> None:
        self.index = index
        self.id = identifier
        self.age = age
        self.shown: int | None = age
        self.kind = "child" if age < 13 else "teen" if age < 18 else "adult"
        self.country = ""
        self.zone = ""
        self.utc = 0
        self.family = -1
        self.school = -1
        self.club = -1
        self.role = ""
        self.guardian_of: list[int] = []
        self.friends: list[int] = []
        self.known: set[int] = set()
        self.kids: list[int] = []
        self.rooms: list[int] = []
        self.active = 0.5
        self.openness = 0.0
        self.public = False
        self.night = False
        self.deletes = 0.0
        self.style = 0
        self.born = -1
        self.made = 0
        self.device = ""
        self.payment = ""
        self.name = ""
        self.picture = ""
        self.town = ""
        self.gone = False
        self.times: list[int] = []

    @property
    def minor(self) -> bool:
        """Whether this person is under 18, whatever the account says."""
        return self.age < 18


class Place:
    """A room: its members, how talk in it is addressed, what kind it is."""

    __slots__ = ("id", "kind", "members", "owner", "surface")

    def __init__(self, identifier: str, kind: str, surface: str, owner: int) -> None:
        self.id = identifier
        self.kind = kind
        self.surface = surface
        self.owner = owner
        self.members: list[int] = []


@dataclass(slots=True)
class World:
    """Everybody and every room, and the chance that drives them."""

    rng: Random
    params: Params
    start: int
    people: list[Person] = field(default_factory=list)
    rooms: list[Place] = field(default_factory=list)
    lobbies: list[int] = field(default_factory=list)
    clans: list[int] = field(default_factory=list)
    regions: list[tuple[str, str, int]] = field(default_factory=list)
    holiday: list[set[int]] = field(default_factory=list)

    def token(self, prefix: str) -> str:
        """A fresh opaque name; tells nothing about when or by whom it was made."""
        return f"{prefix}{self.rng.getrandbits(44):011x}"

    def person(self, age: int, region: int) -> Person:
        """Add somebody of `age` in a region."""
        rng = self.rng
        made = Person(len(self.people), self.token("u"), age)
        self.people.append(made)
        made.country, made.zone, made.utc = self.regions[region]
        params = self.params
        made.active = min(0.97, max(0.05, rng.gauss(params.active, 0.2)))
        made.openness = min(0.95, max(0.02, rng.betavariate(2, 2) * 2 * params.open_children))
        made.public = rng.random() < (0.45 if age >= 18 else made.openness)
        made.night = rng.random() < params.night
        made.deletes = params.deleting * rng.expovariate(1.0)
        made.style = rng.choice((0, 0, 1, 1, 2)) if age >= 18 else rng.choice((1, 2, 2))
        made.device = self.token("d")
        made.payment = digest(self.token("p"))
        made.name = rng.choice(NAMES)
        made.picture = self.token("i")
        made.town = f"town-{region}-{rng.randrange(12)}"
        made.shown = _shown(rng, params, age)
        return made

    def room(self, kind: str, surface: str, owner: int, members: list[int]) -> int:
        """Add a room; returns its place in `rooms`."""
        place = Place(self.token("r"), kind, surface, owner)
        place.members = list(dict.fromkeys([owner, *members] if owner >= 0 else members))
        self.rooms.append(place)
        number = len(self.rooms) - 1
        for member in place.members:
            self.people[member].rooms.append(number)
        return number

    def befriend(self, a: int, b: int, *, close: bool = False) -> None:
        """Two people become friends; close ones come first in their lists."""
        if a == b:
            return
        for x, y in ((a, b), (b, a)):
            one = self.people[x]
            if y in one.known:
                continue
            one.known.add(y)
            if close:
                one.friends.insert(0, y)
            else:
                one.friends.append(y)


def _shown(rng: Random, params: Params, age: int) -> int | None:
    """The age on the account: mostly right, sometimes missing, sometimes not true."""
    pick = rng.random()
    if pick < params.age_missing:
        return None
    if age < 18 and pick < params.age_missing + params.minors_as_adults:
        return rng.randint(18, 25)
    if age >= 18 and pick < params.age_missing + params.adults_off * 0.2:
        return rng.randint(14, 17)
    if age < 13 and rng.random() < 0.25:
        return 13
    return age


def digest(text: str) -> str:
    """SHA-256 in lower-case hex, as profile fields carry it."""
    return hashlib.sha256(text.encode()).hexdigest()


def build(accounts: int, days: int, seed: int) -> World:
    """A world of about `accounts` people, those of later days included."""
    rng = Random(f"community {seed}")  # noqa: S311
    params = Params.draw(rng)
    first = datetime(2026, rng.randint(1, 5), rng.randint(1, 28), tzinfo=UTC)
    world = World(rng, params, int(first.timestamp() * 1000))
    for country, zone in rng.sample(_REGIONS, params.regions):
        offset = ZoneInfo(zone).utcoffset(first.replace(tzinfo=None))
        assert offset is not None
        world.regions.append((country, zone, int(offset.total_seconds() * 1000)))
        at = rng.randrange(0, max(1, days))
        world.holiday.append(set(range(at, at + 7)) if rng.random() < 0.4 else set())
    weights = [rng.uniform(0.3, 1.0) for _ in world.regions]
    count = _families(world, accounts, weights)
    while count < accounts:
        region = rng.choices(range(len(weights)), weights)[0]
        age = int(min(80, 18 + rng.expovariate(1 / 13)))
        world.person(age, region)
        count += 1
    _schools(world)
    _circles(world)
    _clubs(world)
    _gaming(world)
    _specials(world)
    for who in world.people:
        alone = not who.guardian_of and who.family < 0
        share = {"spammer": 1.0, "seller": 0.4, "helper": 0.4}.get(
            who.kind, params.newcomers if alone else 0.0
        )
        if rng.random() < share:
            who.born = rng.randrange(0, max(1, days - 2))
    return world


def _families(world: World, accounts: int, weights: list[float]) -> int:
    rng, params = world.rng, world.params
    minors = int(accounts * params.minors)
    count = kids = family = 0
    while kids < minors and count < accounts - 2:
        region = rng.choices(range(len(weights)), weights)[0]
        children = []
        for _ in range(min(rng.choice((1, 1, 2, 2, 3)), minors - kids)):
            age = rng.randint(8, 12) if rng.random() < params.young else rng.randint(13, 17)
            children.append(world.person(age, region))
        kids += len(children)
        adults = []
        if rng.random() < 0.55:
            for _ in range(rng.choice((1, 1, 2))):
                parent = world.person(max(c.age for c in children) + rng.randint(22, 38), region)
                parent.kind = "parent"
                adults.append(parent)
                if rng.random() < params.guardians_known:
                    parent.guardian_of = [child.index for child in children]
                    if rng.random() < 0.7:
                        parent.role = "parent"
        if rng.random() < 0.18:
            relative = world.person(rng.choice((19, 20, 22, 24, 26, 31, 45, 62, 70)), region)
            relative.kind = "relative"
            adults.append(relative)
        count += len(children) + len(adults)
        members = [*children, *adults]
        for one in members:
            one.family = family
            one.town = members[0].town
            one.utc, one.zone = members[0].utc, members[0].zone
        for one in members:
            for other in members:
                if one.index < other.index:
                    world.befriend(one.index, other.index, close=True)
        if len(members) > 2 and rng.random() < 0.6:
            room = world.room("family", "group", (adults or members)[0].index, [])
            for one in members:
                _enter(world, room, one.index)
        if rng.random() < params.shared_devices:
            for one in members:
                if one.kind != "relative":
                    one.device = members[0].device
        if adults:
            for one in members:
                one.payment = adults[0].payment
        family += 1
    return count


def _enter(world: World, room: int, index: int) -> None:
    place = world.rooms[room]
    if index not in place.members:
        place.members.append(index)
        world.people[index].rooms.append(room)


def _schools(world: World) -> None:
    """Classes of one age and zone, each with a room, a teacher and friendships."""
    rng = world.rng
    pupils: dict[tuple[str, int], list[Person]] = {}
    for who in world.people:
        if who.minor:
            pupils.setdefault((who.zone, who.age), []).append(who)
    older = [who for who in world.people if who.age >= 23 and who.kind in ("adult", "parent")]
    rng.shuffle(older)
    alumni = {zone: [w for w in world.people if 18 <= w.age <= 20 and w.zone == zone]
              for _, zone, _ in world.regions}  # fmt: skip
    school = 0
    teachers = iter(older)
    for (zone, age), group in sorted(pupils.items()):
        rng.shuffle(group)
        at = 0
        while at < len(group):
            size = rng.randint(14, 26)
            members = group[at : at + size]
            at += size
            school += 1
            for one in members:
                one.school = school
            indices = [one.index for one in members]
            teacher = next(teachers, None) if rng.random() < 0.3 else None
            if teacher is not None:
                if teacher.kind == "adult":
                    teacher.kind = "teacher"
                teacher.utc, teacher.zone = members[0].utc, zone
                if rng.random() < world.params.roles_known:
                    teacher.role = "teacher"
                teacher.kids.extend(indices)
                teacher.school = school
            if rng.random() < 0.75:
                world.room("class", "group", teacher.index if teacher else indices[0], indices)
            for one in members:
                for _ in range(rng.randint(2, 5)):
                    world.befriend(one.index, rng.choice(indices))
            if age >= 15:
                for old in rng.sample(alumni[zone], min(len(alumni[zone]), rng.randint(0, 4))):
                    for _ in range(rng.randint(1, 5)):
                        world.befriend(old.index, rng.choice(indices))
    # friends of other ages: neighbours, teams, bands
    minors = [who for who in world.people if who.minor]
    for who in minors:
        for _ in range(rng.randint(0, 2)):
            other = rng.choice(minors)
            if abs(other.age - who.age) <= 3 and other.zone == who.zone:
                world.befriend(who.index, other.index)


def _circles(world: World) -> None:
    """Friends and workmates among adults, some with a room."""
    rng = world.rng
    adults = [who.index for who in world.people if not who.minor]
    by_zone: dict[str, list[int]] = {}
    for index in adults:
        by_zone.setdefault(world.people[index].zone, []).append(index)
    for group in by_zone.values():
        rng.shuffle(group)
        at = 0
        while at < len(group):
            size = rng.randint(4, 14)
            members = group[at : at + size]
            at += size
            for one in members:
                for _ in range(rng.randint(1, 4)):
                    world.befriend(one, rng.choice(members))
            if rng.random() < 0.5 and len(members) > 2:
                world.room("circle", "group", members[0], members)


def _clubs(world: World) -> None:
    """Sports clubs: a coach, children of one town or several, a room, often the parents."""
    rng, params = world.rng, world.params
    coaches = [w for w in world.people if w.kind in ("adult", "parent") and 19 <= w.age <= 60]
    minors = [who for who in world.people if who.minor]
    amount = max(1, int(len(world.people) * 0.0045))
    for coach in rng.sample(coaches, min(amount, len(coaches))):
        near = [who for who in minors if who.zone == coach.zone]
        if not near:
            continue
        pivot = rng.choice(near).age
        fitting = [who for who in near if abs(who.age - pivot) <= 2]
        members = rng.sample(fitting, min(len(fitting), rng.randint(8, 22)))
        if coach.kind == "adult":
            coach.kind = "coach"
        if rng.random() < params.roles_known:
            coach.role = "coach"
        coach.kids.extend(one.index for one in members)
        for one in members:
            one.club = coach.index
            if rng.random() < 0.5:
                world.befriend(coach.index, one.index)
            world.befriend(one.index, rng.choice(members).index)
        parents = [p.index for p in world.people if p.kind == "parent" and p.family in
                   {one.family for one in members}] if rng.random() < 0.4 else []  # fmt: skip
        world.room("club", "group", coach.index, [one.index for one in members] + parents)


def _gaming(world: World) -> None:
    """Lobbies that anybody may enter, and clans with a leader."""
    rng, params = world.rng, world.params
    total = len(world.people)
    for _ in range(max(4, total // 220)):
        pivot = rng.choice((9, 11, 13, 15, 17, 22, 30, 40))
        room = world.room("lobby", "public", -1, [])
        world.lobbies.append(room)
        spread = rng.uniform(2, 9)
        for _ in range(rng.randint(15, 90)):
            who = world.people[rng.randrange(total)]
            if abs(who.age - pivot) < rng.expovariate(1 / spread):
                _enter(world, room, who.index)
    candidates = [w for w in world.people if w.kind in ("adult", "teen") and 15 <= w.age <= 45]
    leaders = rng.sample(candidates, min(len(candidates), max(2, int(total * 0.008))))
    for leader in leaders:
        if not leader.minor:
            leader.kind = "clan_leader"
        if rng.random() < params.roles_known * 0.8:
            leader.role = "clan_leader"
        pivot = rng.choice((11, 13, 15, 17, 21, 26))
        members = []
        for _ in range(120):
            who = world.people[rng.randrange(total)]
            if abs(who.age - pivot) < rng.expovariate(1 / 4):
                members.append(who.index)
            if len(members) >= rng.randint(6, 26):
                break
        room = world.room("clan", "group", leader.index, members)
        world.clans.append(room)
        for one in members:
            if rng.random() < 0.6:
                world.befriend(leader.index, one)
            if len(members) > 2:
                world.befriend(one, rng.choice(members))
        leader.kids.extend(one for one in members if world.people[one].minor)


def _specials(world: World) -> None:
    """Ordinary adults whose contacts look like something else, each kind for its own reason."""
    rng, params = world.rng, world.params
    adults = [who for who in world.people if who.kind == "adult"]
    rng.shuffle(adults)
    total = len(adults)
    minors = [who for who in world.people if who.minor]

    def take(kind: str, share: float, low: int = 18, high: int = 70) -> list[Person]:
        wanted = max(1, round(total * share)) if share > 0 else 0
        found: list[Person] = []
        for who in adults:
            if len(found) >= wanted:
                break
            if who.kind == "adult" and low <= who.age <= high:
                who.kind = kind
                found.append(who)
        return found

    for tutor in take("tutor", 0.009, 19):
        near = [who for who in minors if who.zone == tutor.zone] or minors
        for child in rng.sample(near, min(len(near), rng.randint(3, 8))):
            world.befriend(tutor.index, child.index)
            tutor.kids.append(child.index)
        if rng.random() < params.roles_known * 0.6:
            tutor.role = rng.choice(("teacher", "youth_worker"))
    for mentor in take("mentor", 0.004, 18, 26):
        if rng.random() < 0.4:
            mentor.role = "youth_worker"
        for child in rng.sample(minors, min(len(minors), rng.randint(3, 7))):
            if child.age >= 13:
                world.befriend(mentor.index, child.index)
                mentor.kids.append(child.index)
    for helper in take("helper", 0.004, 18, 40):
        if rng.random() < params.roles_known * 0.7:
            helper.role = "moderator"
    take("streamer", 0.004, 18, 40)
    take("seller", 0.009, 18, 40)
    take("gamer", params.adult_gamers, 18, 55)
    take("spammer", 0.003)
    for shy in take("private", 0.03):
        shy.deletes = rng.uniform(0.05, 0.25)
    for index, who in enumerate(world.people):
        if who.kind in ("gamer", "seller", "helper", "mentor", "streamer"):
            for room in rng.sample(world.lobbies, min(len(world.lobbies), rng.randint(1, 3))):
                _enter(world, room, index)


def hours(minor: bool, young: bool, night: bool, school: bool) -> list[float]:
    """How likely each hour of the local day is for somebody to be online."""
    if minor and school:
        base = [0, 0, 0, 0, 0, 0, 0.2, 1.2, 0.4, 0.06, 0.1, 0.1, 0.7, 0.3, 0.3, 1.5, 2.5, 3, 3,
                3, 2.4, 1.0, 0.4, 0.1]  # fmt: skip
        if not young:
            base[12], base[21], base[22], base[23] = 1.2, 2.6, 1.6, 0.5
    elif minor:
        base = [0.1, 0, 0, 0, 0, 0, 0.2, 0.5, 1, 1.5, 2, 2, 1.8, 2, 2, 2, 2.2, 2.4, 2.5, 2.6, 2.4,
                1.4, 0.8, 0.3]  # fmt: skip
    else:
        base = [0.2, 0.1, 0, 0, 0, 0.1, 0.5, 1, 1, 0.8, 0.8, 0.9, 1.4, 1, 0.8, 0.8, 1, 1.4, 1.8,
                2.2, 2.6, 2.6, 1.8, 0.8]  # fmt: skip
    if night:
        for hour, extra in ((22, 1), (23, 1.5), (0, 1.5), (1, 1), (2, 0.6), (3, 0.2)):
            base[hour] += extra * (0.4 if minor else 1)
    return base


def slots(weights: list[float]) -> list[int]:
    """240 hours of the day to draw from, in proportion to `weights`."""
    total = sum(weights)
    edges: list[float] = []
    running = 0.0
    for weight in weights:
        running += weight / total
        edges.append(running)
    return [min(23, bisect_left(edges, (index + 0.5) / 240)) for index in range(240)]
