"""What a child sends with the report button, and what is kept of it.

The child's words, name and way to be reached are not in these rows: they lie sealed in the vault
under `vault_case`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Kind = Literal[
    "asked_picture", "threat", "sent_picture", "meet", "secret", "uneasy", "friend", "other"
]
Safety = Literal["yes", "unsure", "no"]
"""Whether the child is safe right now, in the child's own eyes."""
Status = Literal["received", "looking", "done", "more"]
"""What the child is told has happened."""
State = Literal["new", "case", "waiting", "held"]
"""`new`: not yet placed; `case`: in a case; `waiting`: a person has to find out who is meant;
`held`: part of a flood, or too many at once: kept, and raising nothing by itself."""

KINDS: Final[tuple[Kind, ...]] = Kind.__args__  # type: ignore[attr-defined]
SAFETY: Final[tuple[Safety, ...]] = Safety.__args__  # type: ignore[attr-defined]
STATUSES: Final[tuple[Status, ...]] = Status.__args__  # type: ignore[attr-defined]

MAX_WORDS: Final = 2_000
MAX_SHORT: Final = 200

_Id = Annotated[str, Meta(max_length=256, pattern=r"^[^\x00-\x1f]*$")]
_Short = Annotated[str, Meta(max_length=MAX_SHORT, pattern=r"^[^\x00]*$")]


class Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One report as it was sent. Everything but `kind` and `safe` may be left out.

    `about` and `conversation` are ids of the platform; a `ticket` of the platform wins over them.
    `named` says that the child wants to be known. `token` (22 signs or more) names this one form.
    """

    kind: Kind
    safe: Safety
    words: Annotated[str, Meta(max_length=MAX_WORDS, pattern=r"^[^\x00]*$")] = ""
    who: _Short = ""
    named: bool = False
    name: _Short = ""
    reach: _Short = ""
    show_chat: bool = True
    about: _Id = ""
    conversation: _Id = ""
    ticket: Annotated[str, Meta(max_length=4_000)] = ""
    language: Annotated[str, Meta(max_length=35)] = "en"
    country: Annotated[str, Meta(pattern=r"^([A-Za-z]{2})?$")] = ""
    token: Annotated[str, Meta(pattern=r"^([A-Za-z0-9_-]{22,64})?$")] = ""

    def __repr__(self) -> str:
        """Without anything the child wrote."""
        return f"Sent(kind={self.kind!r}, safe={self.safe!r})"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform vouches for in a ticket: who is signed in, and whom and which chat it means.

    `until` is in milliseconds UTC.
    """

    reporter: _Id = ""
    about: _Id = ""
    conversation: _Id = ""
    until: int = 0


class ChildReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a report, without a word of the child.

    `reporter` is empty for one who wants to stay unknown; `vouched` says that the platform named
    who was signed in. `sealed` names what lies in the vault. Times in milliseconds UTC.
    """

    id: str
    code: str
    at: int
    kind: Kind
    safe: Safety
    language: str
    country: str
    about: str = ""
    conversation: str = ""
    reporter: str = ""
    vouched: bool = False
    crowded: bool = False
    state: State = "new"
    contact: bool = False
    case_id: str = ""
    status: Status = "received"
    sealed: tuple[str, ...] = ()
    answers: int = 0
    changed_at: int = 0
    changed_by: str = ""

    @property
    def danger(self) -> bool:
        """Whether the child says that it is in danger."""
        return self.safe == "no"

    @property
    def vault_case(self) -> str:
        """Under which name its words lie in the vault."""
        return f"report.{self.id}"

    @property
    def subject(self) -> str:
        """Whose words they are, for keys and erasure."""
        return self.reporter or "unnamed reporters"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the child sees that comes back with the code."""

    status: Status
    at: int
    words: tuple[str, ...] = ()


class FloodNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Said once to people: very many reports about one account (empty: about very many accounts).

    `count` counts those held back since; `closed_by` is who has looked.
    """

    id: str
    about: str
    at: int
    count: int
    danger: int
    last_at: int
    closed_at: int | None = None
    closed_by: str = ""
