"""The policy of an operator: what may be read, when to alarm, what then, and for how long.

It is a TOML file. What it does not allow is refused: text on a surface, in a country, without a
rule under `lawful` is never read. Alarm thresholds are bits, or a budget: how many of 100,000
ordinary relationships may reach the level by chance under the model (bits = log2(100000/budget),
Ville's inequality).

When it fails: a country that is not known counts as `countries = ["unknown"]`, which `"*"`
includes; name countries one by one where the law differs.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from lamppost.core.errors import UsageError
from lamppost.core.levels import Level
from lamppost.core.times import DAY, HOUR
from lamppost.risk.thresholds import Thresholds

DEFAULT: Final = Path(__file__).parent / "policy.toml"
UNKNOWN: Final = "unknown"
ANYWHERE: Final = "*"

Surface = Literal["direct", "group", "public"]
Action = Literal["webhook", "case", "protect_contact", "advise_child"]
"""What a level may set off. None of them closes an account or files a report: a person does."""
Place = Annotated[str, Meta(pattern=r"^([A-Z]{2}|\*|unknown)$")]


class Lawful(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where text may be read, and on what legal basis."""

    surfaces: Annotated[list[Surface], Meta(min_length=1)]
    countries: Annotated[list[Place], Meta(min_length=1)]
    basis: Annotated[str, Meta(min_length=3, max_length=500)]


class Alarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bits at which levels begin, or budgets per 100,000 ordinary relationships."""

    watch: Annotated[float, Meta(gt=0, le=100)] | None = None
    concern: Annotated[float, Meta(gt=0, le=100)] | None = None
    high: Annotated[float, Meta(gt=0, le=100)] | None = None
    budget: dict[Literal["watch", "concern", "high"], Annotated[float, Meta(gt=0, lt=100_000)]] = {}


class Actions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each level sets off."""

    watch: list[Action] = []
    concern: list[Action] = msgspec.field(default_factory=lambda: ["webhook", "case"])
    high: list[Action] = msgspec.field(default_factory=lambda: ["webhook", "case"])
    urgent: list[Action] = msgspec.field(default_factory=lambda: ["webhook", "case"])


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long things are kept. `text`: whose words are kept, sealed, to open a case with."""

    state_days: Annotated[int, Meta(ge=1, le=3650)] = 180
    log_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    text: Literal["none", "evidence", "all"] = "evidence"
    text_hours: Annotated[int, Meta(ge=1, le=8760)] = 72
    vault_days: Annotated[int, Meta(ge=1, le=3650)] = 365

    @property
    def state(self) -> int:
        """Milliseconds that states and findings are kept."""
        return self.state_days * DAY

    @property
    def log(self) -> int:
        """Milliseconds that events are kept."""
        return self.log_days * DAY

    @property
    def sealed(self) -> int:
        """Milliseconds that sealed texts are kept."""
        return self.text_hours * HOUR

    @property
    def vault(self) -> int:
        """Milliseconds that evidence in the vault is kept, unless a legal hold keeps it longer."""
        return self.vault_days * DAY


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """One version of a policy. `contacts` is read by `protect.gate`, which stands above."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    lawful: list[Lawful] = []
    alarm: Alarm = Alarm()
    actions: Actions = Actions()
    retention: Retention = Retention()
    contacts: dict[str, Any] = {}

    @cached_property
    def thresholds(self) -> Thresholds:
        """Bits at which levels begin."""
        plain = Thresholds()
        bits = {}
        for name in ("watch", "concern", "high"):
            given = getattr(self.alarm, name)
            budget = self.alarm.budget.get(name)
            if budget is not None:
                given = math.log2(100_000 / budget)
            bits[name] = getattr(plain, name) if given is None else given
        return Thresholds(**bits)

    @cached_property
    def _bases(self) -> dict[tuple[str, str], str]:
        return {
            (surface, country): rule.basis
            for rule in reversed(self.lawful)
            for surface in rule.surfaces
            for country in rule.countries
        }

    @cached_property
    def reads_everywhere(self) -> bool:
        """Whether text may be read on every surface in every country."""
        return all((surface, ANYWHERE) in self._bases for surface in ("direct", "group", "public"))

    def basis(self, surface: str, countries: Collection[str]) -> str | None:
        """The basis on which text on `surface` may be read for people of `countries`, or `None`.

        Every country must be allowed; an empty string is one that is not known.
        """
        found = None
        for country in sorted({country or UNKNOWN for country in countries} or {UNKNOWN}):
            basis = self._bases.get((surface, country)) or self._bases.get((surface, ANYWHERE))
            if basis is None:
                return None
            found = found or basis
        return found

    def does(self, level: str, action: Action) -> bool:
        """Whether a level sets off an action."""
        return action in self.sets_off(level)

    def sets_off(self, level: str) -> list[Action]:
        """Actions of a level; none below `watch`."""
        if level == Level.NONE.word:
            return []
        found: list[Action] = getattr(self.actions, level)
        return found


def read_policy(text: str, *, where: str = "policy") -> Policy:
    """Read and check a policy. Raises `UsageError` naming place, field and fix."""
    try:
        policy = msgspec.toml.decode(text.encode(), type=Policy)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UsageError(str(error), where=where, hint="mend the policy file") from None
    twice = [name for name in policy.alarm.budget if getattr(policy.alarm, name, None) is not None]
    if twice:
        raise UsageError(
            f"alarm.{twice[0]} is given in bits and as a budget", where=where, hint="keep one"
        )
    limits = policy.thresholds
    if not limits.watch < limits.concern < limits.high:
        raise UsageError(
            f"levels begin at {limits.watch:g}, {limits.concern:g} and {limits.high:g} bits",
            where=f"{where}, alarm",
            hint="watch must begin below concern, and concern below high",
        )
    return policy


def digest_of(text: str) -> str:
    """Name of exactly this text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
