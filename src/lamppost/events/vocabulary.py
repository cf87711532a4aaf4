"""The event vocabulary, version 1: eight kinds of event, typed and frozen.

On the wire every event is one JSON object with `type` first. Times are RFC 3339 with an
offset, countries ISO 3166 alpha-2, languages BCP 47. Fields may be added in later versions,
never renamed; a reader ignores fields it does not know. `repr` never shows private content:
text, names and values are left out of it.

Source of names: the design, section 6.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from lamppost.core.ages import AgeConfidence

VERSION = 1
"""Version of the vocabulary; additions keep it, a changed meaning raises it."""

Id = Annotated[str, Meta(min_length=1, max_length=256, description="An opaque identifier")]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339 time with offset")]
Years = Annotated[int, Meta(ge=0, le=120, description="Age in years")]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166 alpha-2")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256, lower-case hex")]


class _Event(
    msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", gc=False
):
    """Common behaviour: a `repr` without private content."""

    private: ClassVar[frozenset[str]] = frozenset()

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={getattr(self, name)!r}"
            for name in self.__struct_fields__
            if name not in self.private and getattr(self, name) is not None
        )
        return f"{type(self).__name__}({shown})"


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A file that went with a message, by digest only; its bytes are never kept."""

    sha256: Digest | None = None
    media_type: str | None = None
    size: int | None = None
    name: str | None = None

    def __repr__(self) -> str:
        """Without the file name, which may name a person."""
        return f"Attachment(sha256={self.sha256!r}, media_type={self.media_type!r})"


class Account(_Event, tag="account", frozen=True, kw_only=True):
    """What is known of an account; a later event about the same `id` updates it."""

    private = frozenset({"display_name"})

    id: Id
    age: Years | None = None
    age_band: Annotated[str, Meta(pattern="^[0-9]{1,3}(-[0-9]{1,3}|\\+)$")] | None = None
    age_confidence: AgeConfidence | None = None
    age_method: str | None = None
    created_at: Moment | None = None
    country: Country | None = None
    locale: str | None = None
    time_zone: str | None = None
    roles: list[str] = []
    guardian_of: list[Id] = []
    display_name: str | None = None


class Message(_Event, tag="message", frozen=True, kw_only=True):
    """One message. `recipient_ids` may be empty in rooms.

    `labels` come from the platform's own classifiers (for example `sexual`). `request` is true
    when it arrived as a message request from someone who is not a contact.
    """

    private = frozenset({"text", "attachments"})

    id: Id
    conversation_id: Id
    sender_id: Id
    recipient_ids: list[Id] = []
    sent_at: Moment
    text: str = ""
    labels: list[str] = []
    surface: Literal["direct", "group", "public"] = "direct"
    attachments: list[Attachment] = []
    reply_to: Id | None = None
    edited_at: Moment | None = None
    deleted_at: Moment | None = None
    request: bool = False


class Contact(_Event, tag="contact", frozen=True, kw_only=True):
    """A step in how two accounts came to be connected, and where it came from."""

    id: Id
    actor_id: Id
    target_id: Id
    action: Literal["suggested", "requested", "accepted", "declined", "blocked", "removed"]
    origin: Literal["search", "suggestion", "group", "game", "import", "offline"] | None = None
    at: Moment


class Room(_Event, tag="room", frozen=True, kw_only=True):
    """A shared space: created, joined, left or made private."""

    id: Id
    room_id: Id
    actor_id: Id
    action: Literal["created", "joined", "left", "made_private"]
    member_ids: list[Id] = []
    at: Moment


class Gift(_Event, tag="gift", frozen=True, kw_only=True):
    """A gift or payment, `value_minor` in the currency's smallest unit."""

    id: Id
    sender_id: Id
    recipient_id: Id
    value_minor: Annotated[int, Meta(ge=0)] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    item: str | None = None
    at: Moment


class Session(_Event, tag="session", frozen=True, kw_only=True):
    """A span of use; `device` is a pseudonym."""

    id: Id
    account_id: Id
    started_at: Moment
    ended_at: Moment | None = None
    device: str | None = None


class Profile(_Event, tag="profile", frozen=True, kw_only=True):
    """A profile field changed; only a digest of the new value is carried."""

    id: Id
    account_id: Id
    field: str
    value_digest: str | None = None
    at: Moment


class UserReport(_Event, tag="user_report", frozen=True, kw_only=True):
    """A person reported an account or a conversation."""

    private = frozenset({"reason"})

    id: Id
    reporter_id: Id
    target_id: Id
    conversation_id: Id | None = None
    reason: str | None = None
    at: Moment


Event = Account | Message | Contact | Room | Gift | Session | Profile | UserReport

EVENT_TYPES: tuple[type[_Event], ...] = (
    Account, Message, Contact, Room, Gift, Session, Profile, UserReport,
)  # fmt: skip


def moment_of(event: Event) -> datetime | None:
    """When an event happened; `None` for an account without a creation time."""
    match event:
        case Message():
            return event.sent_at
        case Session():
            return event.started_at
        case Account():
            return event.created_at
        case _:
            return event.at
