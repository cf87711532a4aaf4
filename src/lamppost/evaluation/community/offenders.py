"""Seeded offenders: how they behave, never how they persuade.

Seven kinds, each with its own pace. They reach children through the same acts as everybody; some
lead ordinary lives beside it, have families, or hold a role. What they say is ordinary talk with
plain warning signs between; the rest is neutral text with a label.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lamppost.evaluation.community import talk
from lamppost.evaluation.community.life import MINUTE, Life, Say
from lamppost.evaluation.community.world import HOUR, NAMES, Person, World, digest

KINDS: Final = ("single", "ring", "fake_peer", "slow", "fast", "sextortion", "recruiter")
_STAGES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "single": (("rapport", "probing"), ("secrecy", "move", "gift"),
               ("isolation", "image", "sexual"), ("meeting", "guilt", "secrecy")),
    "ring": (("rapport", "probing"), ("move", "gift"), ("secrecy", "image", "sexual"),
             ("guilt", "threat")),
    "fake_peer": (("peer", "rapport"), ("probing", "peer"), ("secrecy", "move", "image"),
                  ("sexual", "image")),
    "slow": (("rapport",), ("rapport", "probing"), ("secrecy", "isolation", "gift"),
             ("move", "image", "meeting")),
    "fast": (("probing", "move"), ("move", "image", "sexual"), ("image", "secrecy"), ("guilt",)),
    "sextortion": (("rapport", "move"), ("sexual", "image"), ("threat",), ("threat",)),
    "recruiter": (("promise", "rapport"), ("promise", "probing"), ("secrecy", "move", "promise"),
                  ("meeting", "promise")),
}  # fmt: skip
_PACE: Final = {  # days between children reached, requests a day, days a stage lasts, lines
    "single": ((1, 5), (1, 3), 2.0, 0.12),
    "ring": ((1, 4), (1, 3), 1.5, 0.15),
    "fake_peer": ((1, 5), (1, 3), 2.0, 0.12),
    "slow": ((4, 9), (0, 1), 4.0, 0.06),
    "fast": ((0, 1), (4, 10), 0.5, 0.3),
    "sextortion": ((0, 2), (2, 8), 0.3, 0.3),
    "recruiter": ((1, 4), (2, 6), 1.5, 0.15),
}


@dataclass(slots=True)
class Target:
    """A child an offender has reached."""

    child: Person
    since: float
    pace: float
    room: str = ""
    over: bool = False


@dataclass(slots=True)
class Agent:
    """One account of an offender and what it is about to do."""

    who: Person
    kind: str
    begins: int
    ages: tuple[int, int]
    plan: list[int]
    deletes: float
    gives: float
    partners: list[Agent] = field(default_factory=list)
    targets: dict[int, Target] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    reached: list[tuple[int, int]] = field(default_factory=list)
    first_at: int | None = None
    ends: int | None = None
    earlier: Agent | None = None


def seed_offenders(world: World, days: int) -> list[Agent]:
    """Choose offenders: about four of a thousand adults, kinds in turn from a random place."""
    rng = world.rng
    adults = [who for who in world.people if not who.minor]
    wanted = max(1, round(len(adults) * 0.004))
    order = list(KINDS)
    rng.shuffle(order)
    agents: list[Agent] = []
    turn = 0
    while len(agents) < wanted:
        kind = order[turn % len(order)]
        turn += 1
        agents.extend(_offender(world, kind, days)[: wanted - len(agents)])
    return agents


def _offender(world: World, kind: str, days: int) -> list[Agent]:
    rng = world.rng
    scale = min(1.0, days / 30)
    own = {"single": 0.6, "slow": 0.75, "ring": 0.4, "recruiter": 0.4}.get(kind, 0.0)
    size = rng.randint(2, 3) if kind == "ring" else 1
    made: list[Agent] = []
    device, payment = world.token("d"), digest(world.token("p"))
    low = rng.randint(9, 14) if kind not in ("sextortion", "recruiter") else rng.randint(13, 15)
    returns = kind in ("fast", "sextortion") and rng.random() < 0.35
    for _ in range(size + returns):
        if rng.random() < own:
            trusted = rng.random() < 0.12
            kinds = ("coach", "clan_leader") if trusted else ("adult", "gamer", "parent")
            who = rng.choice([w for w in world.people if w.kind in kinds and not w.minor])
            who.kind = f"offender:{kind}:{who.kind}"
        else:
            who = _fresh(world, kind, days)
        if kind == "ring":
            if rng.random() < 0.7:
                who.device = device
            if rng.random() < 0.6:
                who.payment = payment
        gap, _, _, _ = _PACE[kind]
        steps = [rng.uniform(*gap) * scale for _ in range(3)]
        total = sum(steps) + 1
        begins = max(0, who.born, int(rng.uniform(0, max(0.5, days - total * 1.3 - 1))))
        if who.born >= 0:
            begins = min(begins, who.born + rng.randint(0, 2))
            begins = max(begins, who.born)
        plan = [int(begins + sum(steps[: k + 1])) for k in range(3)]
        made.append(
            Agent(
                who, kind, begins, (low, min(17, low + rng.randint(2, 5))), plan,
                deletes=rng.choice((0.0, 0.0, 0.05, 0.2)),
                gives=rng.choice((0.0, 0.05, 0.15, 0.3)) if kind != "sextortion" else 0.0,
            )
        )  # fmt: skip
    if returns:
        first, second = made
        first.ends = first.plan[2] + rng.randint(1, 3)
        second.earlier = first
        second.who.device = first.who.device
        second.begins = min(days - 3, first.ends + 1)
        second.who.born = max(0, second.begins - rng.randint(0, 1))
        second.plan = [second.begins + k for k in (0, 1, 1)]
    if kind == "ring":
        for agent in made:
            agent.partners = [other for other in made if other is not agent]
    return made


def _fresh(world: World, kind: str, days: int) -> Person:
    """An account made for this, before or during the days we see."""
    rng = world.rng
    region = rng.randrange(len(world.regions))
    who = world.person(int(18 + rng.expovariate(1 / 14)), region)
    who.kind = f"offender:{kind}:new"
    who.active = rng.uniform(0.4, 0.95)
    if kind == "fake_peer":
        who.shown = rng.randint(11, 16)
        who.style = 2
    elif kind == "sextortion":
        who.shown = rng.randint(15, 20)
        who.style = rng.choice((1, 2))
    elif kind == "recruiter":
        who.shown = rng.randint(19, 35)
    if rng.random() < 0.6:
        who.born = rng.randrange(0, max(1, int(days * 0.6)))
    if kind == "sextortion":  # lives elsewhere than the account says
        who.utc = rng.choice([offset for _, _, offset in world.regions])
    for _ in range(rng.randint(0, 3)):
        room = rng.choice(world.lobbies)
        world.rooms[room].members.append(who.index)
        who.rooms.append(room)
    adults = [w.index for w in world.people if not w.minor]
    for _ in range(rng.choice((0, 0, 1, 3, 6))):
        world.befriend(who.index, rng.choice(adults))
    return who


def act(life: Life, agent: Agent) -> None:
    """What an offender does today."""
    day, rng = life.day, life.rng
    if day < agent.begins or agent.who.born > day:
        return
    if agent.ends is not None and day > agent.ends:
        agent.who.gone = True
        return
    for target in list(agent.targets.values()):
        if not target.over and rng.random() < (0.55 if agent.kind == "slow" else 0.8):
            _groom(life, agent, target)
    _prospect(life, agent)
    _persona(life, agent)


def _prospect(life: Life, agent: Agent) -> None:
    rng, kind = life.rng, agent.kind
    _, (low, high), _, _ = _PACE[kind]
    done = len(agent.reached)
    due = done < 3 and life.day >= agent.plan[done]
    early = done >= 3 or life.day < agent.plan[done]
    attempts = rng.randint(low, high)
    if early and kind in ("slow", "single", "fake_peer", "ring"):
        attempts = rng.choice((0, 0, 1)) if kind != "slow" else int(rng.random() < 0.1)
    if rng.random() < 0.2 and life.world.lobbies:
        life.join(agent.who, _child_lobby(life, agent), life.moment(agent.who))
    left = 14 if due else 0
    while attempts > 0 or (due and left > 0 and len(agent.reached) == done):
        attempts -= 1
        left -= 1
        child, origin = _candidate(life, agent)
        if child is not None:
            _try(life, agent, child, origin)


def _child_lobby(life: Life, agent: Agent) -> int:
    """A lobby with many children among a few looked at."""
    world, rng = life.world, life.rng
    low, high = agent.ages

    def share(room: int) -> float:
        members = world.rooms[room].members
        fitting = sum(low <= world.people[i].age <= high for i in members)
        return fitting / (len(members) + 3)

    return max(rng.sample(world.lobbies, min(3, len(world.lobbies))), key=share)


def _candidate(life: Life, agent: Agent) -> tuple[Person | None, str]:
    world, rng = life.world, life.rng
    low, high = agent.ages
    fitting: list[tuple[Person, str]] = []
    if agent.earlier is not None and rng.random() < 0.4:
        known = [
            t.child for t in agent.earlier.targets.values() if t.child.index not in agent.asked
        ]
        if known:
            return rng.choice(known), "search"
    for partner in agent.partners:
        known = [t.child for t in partner.targets.values() if t.child.index not in agent.asked]
        if known and rng.random() < 0.3:
            return rng.choice(known), "suggestion"
    for _ in range(30):
        pick = rng.random()
        if pick < 0.45 and agent.who.rooms:
            place = world.rooms[rng.choice(agent.who.rooms)]
            who, origin = world.people[rng.choice(place.members)], rng.choice(("group", "game"))
        elif pick < 0.6 and agent.targets:
            friend = rng.choice(list(agent.targets.values())).child
            if not friend.friends:
                continue
            who, origin = world.people[rng.choice(friend.friends)], "suggestion"
        else:
            who = world.people[int(rng.random() * len(world.people))]
            origin = rng.choice(("search", "suggestion"))
        if (
            low <= who.age <= high
            and who.index not in agent.asked
            and who.index not in agent.who.known
            and who.family != agent.who.family
            and life.here(who.index)
        ):
            fitting.append((who, origin))
            if len(fitting) >= 3:
                break
    if not fitting:
        return None, ""
    return max(fitting, key=lambda item: item[0].openness + 0.3 * item[0].public)


def _try(life: Life, agent: Agent, child: Person, origin: str) -> None:
    """Ask a child for contact, or write first; a child that takes it has been reached."""
    rng, who = life.rng, agent.who
    at = life.moment(who)
    agent.asked.add(child.index)
    agent.first_at = at if agent.first_at is None else min(agent.first_at, at)
    chance = min(0.85, child.openness + (0.2 if agent.kind in ("fake_peer", "sextortion") else 0))
    say = _lines(life, agent, 0, _PACE[agent.kind][3])
    if agent.kind == "recruiter" or (agent.kind in ("fast", "ring") and rng.random() < 0.5):
        line = talk.say(rng, talk.OFFENDER[_STAGES[agent.kind][0][0]], who.style)
        say = lambda: line  # noqa: E731
    taken = rng.random() < chance
    if rng.random() < life.world.params.messages_first:
        life.dialogue(who, child, at, rng.randint(3, 12) if taken else rng.randint(1, 2), say,
                      _reply(life, child, "age", 0.1), request=True, answered=taken)  # fmt: skip
        if taken:
            life.world.befriend(who.index, child.index)
            _reached(agent, child, life.answered_at, life.day)
        elif rng.random() < life.world.params.blocking:
            life.block(child, who, at + rng.randint(60_000, 5 * HOUR))
        return
    outcome, later = life.ask(who, child, at, origin, float(taken))
    if outcome == "accepted":
        _reached(agent, child, later, life.day)
        life.dialogue(who, child, later + rng.randint(20_000, 30 * MINUTE), rng.randint(3, 12),
                      say, _reply(life, child, "age", 0.1))  # fmt: skip


def _reached(agent: Agent, child: Person, at: int, day: int) -> None:
    agent.reached.append((at, child.index))
    agent.targets[child.index] = Target(child, float(day), _PACE[agent.kind][2])


def _groom(life: Life, agent: Agent, target: Target) -> None:
    """A further talk with a child already reached, and what goes with it."""
    rng, who, child = life.rng, agent.who, target.child
    if (child.index, who.index) in life.blocked or not life.here(child.index):
        target.over = True
        return
    stage = int((life.day - target.since) / target.pace)
    share = _PACE[agent.kind][3]
    at = life.moment(who if rng.random() < 0.4 else child)
    if rng.random() < 0.25:
        at += rng.randint(1, 3) * HOUR
    if stage >= 1 and not target.room and rng.random() < 0.3:
        target.room = life.private_room(who, [child], at - 10 * MINUTE)
    mood = rng.choice(("comply", "comply", "refuse")) if stage >= 1 else "age"
    if agent.kind == "sextortion" and stage >= 2:
        mood = "help"
    length = rng.randint(3, 10) if agent.kind == "slow" else rng.randint(4, 22)
    end = life.dialogue(
        who, child, at, length, _lines(life, agent, stage, share),
        _reply(life, child, mood, 0.12 if stage else 0.06), room=target.room,
        answered=rng.random() < 0.93,
    )  # fmt: skip
    conversation = target.room or life.pair(who.index, child.index)
    if stage >= 2 and "sexual" in sum(_STAGES[agent.kind], ()) and rng.random() < 0.25:
        life.message(who, conversation, [child.id], end + 20_000, "(message withheld)",
                     labels=("sexual",))  # fmt: skip
    if rng.random() < agent.deletes:
        who.deletes, before = 0.9, who.deletes
        life.message(who, conversation, [child.id], end + 50_000,
                     _lines(life, agent, stage, share)())  # fmt: skip
        who.deletes = before
    if rng.random() < agent.gives:
        life.gift(who, child, at + 5 * MINUTE, rng.choice((99, 199, 499, 999, 1999)))
    if agent.kind == "sextortion" and stage >= 3 and rng.random() < 0.35:
        life.gift(child, who, end + HOUR, rng.choice((999, 1999, 4999)))
    if stage >= 1 and rng.random() < 0.04:
        life.block(child, who, end + rng.randint(MINUTE, 8 * HOUR))
        if rng.random() < 0.25:
            life.report(child, who, end + 9 * HOUR)
        target.over = True


def _persona(life: Life, agent: Agent) -> None:
    """Changes of a profile that does not hold together; as rare for some as for anybody."""
    rng, who = life.rng, agent.who
    changing = {"fake_peer": 0.12, "sextortion": 0.15, "fast": 0.06, "recruiter": 0.04}
    if rng.random() >= changing.get(agent.kind, 0.015):
        return
    at = life.moment(who)
    pick = rng.random()
    if pick < 0.4:
        life.profile(who, "picture", life.world.token("i"), at)
    elif pick < 0.65:
        life.profile(who, "name", rng.choice(NAMES), at)
    elif pick < 0.8:
        life.profile(who, "town", f"town-0-{rng.randrange(40)}", at)
    elif pick < 0.9:
        life.profile(who, "school", f"school-{rng.randrange(200)}", at)
    elif who.shown is not None:
        who.shown += rng.choice((-2, -1, 1))
        life.restate(who, at)


def _lines(life: Life, agent: Agent, stage: int, share: float) -> Say:
    rng, who = life.rng, agent.who
    names = _STAGES[agent.kind][min(stage, len(_STAGES[agent.kind]) - 1)]

    def say() -> str:
        if rng.random() < share:
            name = rng.choice(names)
            if name != "sexual":
                return talk.say(rng, talk.OFFENDER[name], who.style)
        return talk.chat(rng, who.style)

    return say


def _reply(life: Life, child: Person, mood: str, share: float) -> Say:
    rng = life.rng

    def say() -> str:
        if rng.random() < share:
            if mood == "age":
                return talk.own_age(rng, child.age, child.style)
            return talk.say(rng, talk.CHILD[mood], child.style)
        return talk.chat(rng, child.style)

    return say
