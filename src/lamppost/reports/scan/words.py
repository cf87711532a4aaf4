"""Every sentence of the report that people read. Plain words; signs, never a verdict of guilt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lamppost.core.levels import Level
from lamppost.protect.support import Support
from lamppost.reports.scan.model import Action, PersonView

STAGES: Final[dict[str, str]] = {
    "contact": "Contact",
    "trust": "Trust",
    "dependency": "Dependency",
    "isolation": "Isolation",
    "risk_assessment": "Checking the risk",
    "exploitation": "Exploitation",
    "maintenance": "Keeping control",
}
"""Stages in the order in which they are drawn."""

MEANINGS: Final[dict[Level, str]] = {
    Level.NONE: "No sign above the ordinary",
    Level.WATCH: "Watch: a few signs, weak on their own",
    Level.CONCERN: "Concern: several signs together",
    Level.HIGH: "High: many or strong signs",
    Level.URGENT: "Urgent: act now",
}

LIMITS: Final[tuple[str, ...]] = (
    "This report helps a person decide where to look. It is not proof, and it does not say that "
    "anyone has committed an offence. Read the quotes yourself.",
    "Lamppost has been checked on invented conversations written for the purpose. It has not been "
    "validated on chats of real victims. Most published work in this field used adults posing as "
    "children.",
    "The weights of evidence (bits) are provisional. Each level is a reason to look harder, not a "
    "probability that someone is guilty.",
    "It can be wrong about ordinary chats: relatives, coaches, teachers and teenage couples can "
    "say similar things for good reasons.",
    "It can miss things: code words, pictures, voice messages, hints, other languages, and people "
    "who are patient. A calm result does not promise that a child is safe.",
)


def status_sentence(statuses: Sequence[str]) -> str:
    """How many detectors are not yet stable."""
    young = sum(status != "stable" for status in statuses)
    return f"{young} of {len(statuses)} detectors are experimental or in test, none proven in use."


def age_words(person: PersonView) -> str:
    """`Mia (13)`, `Mia (a child)`, `Jay (an adult)`, or the bare name."""
    if person.age is not None:
        return f"{person.name} ({person.age})"
    if person.child:
        return f"{person.name} (a child)"
    if person.adult:
        return f"{person.name} (an adult)"
    return person.name


def listed(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def harm_word(detectors: Sequence[str]) -> str:
    """What the signs are consistent with, by the tactics found."""
    more = []
    if "tactic.threat" in detectors:
        more.append("blackmail")
    if "tactic.exploitation" in detectors:
        more.append("exploitation by others")
    return listed(["grooming", *more])


def relationship_sentence(
    level: Level,
    actor: PersonView,
    target: PersonView,
    detectors: Sequence[str],
    how: Sequence[str],
) -> str:
    """Who, towards whom, how. `how` are the sentences of the strongest tactics, verbs first."""
    way = listed(list(how[:4]))
    towards = age_words(target)
    if level == Level.NONE or not how:
        return f"Nothing above the ordinary was found in what {actor.name} writes to {towards}."
    if level == Level.WATCH:
        return (
            f"What {age_words(actor)} writes to {towards} has a few signs that can belong to "
            f"{harm_word(detectors)}, and that ordinary chats have too: {actor.name} {way}."
        )
    return (
        f"What {age_words(actor)} writes to {towards} shows signs consistent with "
        f"{harm_word(detectors)}: {actor.name} {way}."
    )


def sure_sentence(level: Level, bits: float) -> str:
    """How sure, in plain words and with the number behind it."""
    if level == Level.NONE:
        return "There is too little to say anything."
    word = {
        Level.WATCH: "Not sure",
        Level.CONCERN: "Fairly sure that a person should look",
        Level.HIGH: "Sure that a person should look soon",
        Level.URGENT: "Sure that a person should look now",
    }[level]
    return (
        f"{word}: {bits:.2f} bits of evidence. If Lamppost's provisional model of ordinary chat "
        f"is right, at most 1 in {_odds(bits)} ordinary relationships would ever reach this."
    )


def _odds(bits: float) -> str:
    odds = min(2.0 ** min(bits, 20), MOST_ODDS)
    digits = 1 if odds < 100 else 2
    scale = 10 ** max(0, len(str(int(odds))) - digits)
    return f"{int(odds // scale * scale):,}"


MOST_ODDS: Final = 10_000
"""Longest odds ever stated: the model is not validated well enough for longer ones."""

CALM: Final = "No signs of grooming above the ordinary were found in this chat."
CALM_SURE: Final = (
    "That is not a promise of safety: Lamppost knows only some of the ways in which people do "
    "harm, and only what stands in this export. If something feels wrong to you or to the child, "
    "trust that."
)
EMPTY: Final = "There are no messages in this export, so nothing can be said about it."


def care_sentence(names: Sequence[str]) -> str:
    """What the child's own words ask for, whatever the level."""
    return (
        f"{listed(list(names))} may be asking for help or may be in distress. Talk with them "
        "today, whatever else this report says."
    )


def no_numbers(support: Support) -> str:
    """Where to turn when the directory has no number."""
    where = f" in {support.country_name}" if support.country_name else ""
    return f"Call your local emergency number{where}, or go to the nearest police station."


def actions(
    level: Level,
    actor: str | None,
    child: str,
    imminent: Sequence[str],
    care: bool,
    support: Support,
) -> list[Action]:
    """What to do now, most pressing first. `imminent` are ids of cards that make it urgent."""

    def contacts(*purposes: str) -> list[int]:
        return [
            index
            for purpose in purposes
            for index, row in enumerate(support.rows)
            if row.purpose == purpose
        ]

    other = actor or "the other person"
    emergency = contacts("emergency")
    authority = contacts("exploitation_report")
    helpline = contacts("child_helpline")
    out: list[Action] = []

    def add(title: str, detail: str, rows: list[int] | None = None) -> None:
        out.append(Action(title=title, detail=detail, contacts=rows or []))

    danger = "If a child is in danger now, or may be about to meet this person, call for help."
    if level == Level.URGENT:
        add(
            "Act now",
            f"{_urgent(imminent, child, other)} {danger}"
            + ("" if emergency else f" {no_numbers(support)}"),
            emergency,
        )
    if care:
        add(
            "Talk with the child today",
            f"{child} may be asking for help or may be in distress. Listen, stay calm, believe "
            "them, and stay with them if they speak of hurting themselves.",
            helpline,
        )
    if level >= Level.CONCERN:
        add(
            "Keep the evidence",
            "Do not delete the chat, the app or the account, and do not change this export. Write "
            "down user names, profile links and dates.",
        )
        add(
            f"Do not confront {other}",
            "Do not answer in the child's place, threaten or warn. It can put the child at risk "
            "and lead to evidence being destroyed.",
        )
        add(
            "Do not copy or forward sexual pictures of a child",
            "Not even as evidence: it harms the child and is an offence in many countries. Leave "
            "them where they are and say that they exist.",
        )
        report = "Report it today" if level >= Level.HIGH else "Ask for advice, and report it"
        add(
            report,
            "Tell the authority that takes such reports what you have; you do not need to be sure."
            if authority
            else "Tell the police what you have; you do not need to be sure. Lamppost has no "
            "checked address of an authority for this"
            + (f" in {support.country_name}." if support.country_name else ": no country given."),
            authority,
        )
        if not care:
            add(
                "Talk with the child, calmly",
                f"Tell {child} that it is not their fault and that they are not in trouble. Do not "
                "take their phone away as a punishment: it cuts them off from help.",
                helpline,
            )
        add(
            "Then block and report in the app",
            f"Once the evidence is kept, report {other} to the platform and block the account.",
        )
        if level < Level.URGENT:
            add(
                "If it becomes urgent",
                f"{danger}" + ("" if emergency else f" {no_numbers(support)}"),
                emergency,
            )
    elif level == Level.WATCH:
        add(
            "Read the quotes yourself",
            f"You may know what {other} means. On their own these signs do not call for a report.",
        )
        if not care:
            add(
                "Talk with the child",
                f"Ask {child} openly and without blame who this is and how it feels. Keep the "
                "export; scan again if the chat goes on.",
                helpline,
            )
        add(
            "If you learn more",
            f"{danger}" + ("" if emergency else f" {no_numbers(support)}"),
            [*emergency, *authority],
        )
    else:
        add(
            "Nothing needs doing because of this chat",
            "Keep talking about life online. A child who can tell you anything is safer than any "
            "tool can make them.",
            [] if care else helpline,
        )
        add(
            "If something feels wrong",
            f"Trust it. {danger}" + ("" if emergency else f" {no_numbers(support)}"),
            [*emergency, *authority],
        )
    return out


def _urgent(imminent: Sequence[str], child: str, other: str) -> str:
    parts = []
    if "meeting" in imminent:
        parts.append(
            f"A meeting may be being arranged: make sure that {child} does not go to meet {other}."
        )
    if "threat" in imminent:
        parts.append(
            f"{child} may be under threat: nothing should be paid or sent, and {child} should not "
            "be left alone with this."
        )
    if "exploitation" in imminent:
        parts.append(f"{child} may be under someone else's control.")
    if "distress" in imminent or "asking_for_help" in imminent:
        parts.append(f"{child} may be asking for help: stay with them.")
    return " ".join(parts) or "This cannot wait."
