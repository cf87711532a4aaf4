"""The section `[contacts]` of a policy: who may reach whom, and what opens the way.

It is versioned, shadowed and deployed with the rest of the policy. What it leaves out takes the
value of `policy.toml` beside this file. Outcomes are `allow`, `limit`, `hold` and `deny`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta

from lamppost.core.ages import AgeConfidence
from lamppost.core.errors import UsageError

DEFAULT: Final = Path(__file__).parent / "policy.toml"

Outcome = Literal["allow", "limit", "hold", "deny"]
"""What may happen: as asked, with limits, after a person has looked, not at all."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
Limit = Literal["friction", "no_media", "no_links"]
"""`friction`: a step that makes one think; the others leave pictures, files or links out."""
Purpose = Literal["suggest", "find", "request", "message", "add_to_group", "gift"]
"""What the asker wants: be shown as a suggestion, be found, ask for contact, write, add, give."""
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

Years = Annotated[int, Meta(ge=0, le=18)]
Count = Annotated[int, Meta(ge=1, le=50)]
Rate = Annotated[float, Meta(gt=0, le=1000)]


class Adult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an adult may do towards a child without any route."""

    suggest: Outcome = "deny"
    find: Outcome = "deny"
    request: Outcome = "deny"
    message: Outcome = "deny"
    add_to_group: Outcome = "deny"
    gift: Outcome = "deny"


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What opens the way from an adult to a child."""

    friend: Outcome = "allow"
    guardian: Outcome = "allow"
    family: Outcome = "allow"
    role: Outcome = "allow"
    role_alone: Outcome = "limit"
    answered: Outcome = "allow"
    talking: Outcome = "limit"
    near_age: Outcome = "allow"
    near_age_years: Years = 3
    near_age_friends: Count = 1
    mutual: Outcome = "limit"
    mutual_friends: Count = 1
    room: Outcome = "limit"
    offline: Outcome = "limit"


class Peers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How children reach each other; paces are counts with a half-life of 7 days."""

    gap_years: Years = 5
    gap: Outcome = "limit"
    stranger: Outcome = "allow"
    pace: Rate = 3.0
    young_days: Annotated[int, Meta(ge=0, le=365)] = 7
    young_pace: Rate = 1.0
    hurried: Outcome = "hold"
    turned: Rate = 2.5
    refused: Outcome = "hold"
    known_from: AgeConfidence = "enhanced"
    known_age: Literal["allow", "limit"] = "limit"


class Levels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What follows from what the engine has found about the one who asks."""

    watch: Outcome = "limit"
    concern: Outcome = "hold"
    high: Outcome = "deny"
    urgent: Outcome = "deny"
    friend_high: Outcome = "limit"


class Appeal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to object, and within how many hours a person looks."""

    url: Annotated[str, Meta(max_length=2048, pattern=r"^(https://\S+)?$")] = ""
    hours: Annotated[int, Meta(ge=1, le=8760)] = 72


class Contacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The section `[contacts]`."""

    limits: Annotated[list[Limit], Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: ["friction", "no_media", "no_links"]
    )
    guardian_notice_below: Years = 13
    adult_to_unknown: Outcome = "limit"
    unknown_to_child: Outcome = "hold"
    child_to_adult: Literal["allow", "limit"] = "limit"
    turned_away: Outcome = "deny"
    adult: Adult = Adult()
    routes: Routes = Routes()
    peers: Peers = Peers()
    levels: Levels = Levels()
    appeal: Appeal = Appeal()


def contacts_from(section: dict[str, Any], *, where: str = "policy") -> Contacts:
    """The section as data, checked. Raises `UsageError` naming place, field and fix."""
    try:
        contacts = msgspec.convert(section, Contacts)
    except msgspec.ValidationError as error:
        raise UsageError(
            str(error), where=f"{where}, contacts", hint="mend the policy file"
        ) from None
    levels = contacts.levels
    order = [OUTCOMES.index(getattr(levels, name)) for name in ("watch", "concern", "high")]
    if order != sorted(order) or OUTCOMES.index(levels.urgent) < order[-1]:
        raise UsageError(
            "a higher level leads to a milder outcome",
            where=f"{where}, contacts.levels",
            hint="let outcomes grow with the level",
        )
    return contacts


class _File(msgspec.Struct):
    contacts: dict[str, Any] = {}


def read_contacts(text: str, *, where: str = "policy") -> Contacts:
    """The section out of the text of a policy. Raises `UsageError` naming place, field and fix."""
    try:
        section = msgspec.toml.decode(text.encode(), type=_File).contacts
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UsageError(str(error), where=where, hint="mend the policy file") from None
    return contacts_from(section, where=where)


def version_of(contacts: Contacts) -> str:
    """Name of exactly these rules, whatever file they stood in."""
    return hashlib.sha256(msgspec.json.encode(contacts, order="sorted")).hexdigest()[:12]
