"""Telegram Desktop exports in JSON: one chat, or the whole account.

**How to get one.** Telegram Desktop (not the phone): open the chat → ⋮ → Export chat history →
format *Machine-readable JSON*; or Settings → Advanced → Export Telegram data → JSON for all. The
result is a folder with `result.json` and the media. The file, the folder or a zip can be given.

**What is read.** Messages of every chat in `messages`, `chats.list` and `left_chats.list`, as a
stream: a file of any size needs the memory of one message. `text` may be a string or a list of
strings and formatted pieces; the pieces are joined and nothing is added. Times come from
`date_unixtime`; older exports have only `date`, which is the exporting computer's local time and
is read in `ImportOptions.time_zone` (noted). Message ids are per chat, so ids here are
`CHAT:MESSAGE`. Replies, edits and files are kept; shared contacts and places become attachments.

**What is lost.** Service messages (calls, joins, pins) are counted by kind. Formatting, reactions,
polls, forwarding and buttons are not carried. Secret chats are never in an export; deleted
messages are simply absent.

**Traps.** `from` is null for deleted accounts: the `from_id` stays, or else the sender is
`deleted-account`. Old exports write `from_id` as a number and `edited` as 1970 for "never". In a
single personal chat nothing names the owner: the other person is `user` and the chat's id, the
owner is whoever else writes, found by looking ahead. `file` holds a sentence in brackets when
media was not exported.

Source: the official schema, core.telegram.org/import-export, and standards.md section 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from lamppost.core.errors import ExportError
from lamppost.events.vocabulary import Attachment, Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    CLOSE,
    DELETED_ACCOUNT,
    OPEN,
    Roster,
    attach,
    from_iso,
    identifier,
    outline,
    quiet,
    raw_of,
    walk_json,
    whole,
)
from lamppost.importers.source import Entry, Source

Surface = Literal["direct", "group", "public"]

_SURFACES: Final[dict[str, Surface]] = {
    "saved_messages": "direct",
    "personal_chat": "direct",
    "bot_chat": "direct",
    "replies": "direct",
    "verification_codes": "direct",
    "private_group": "group",
    "private_supergroup": "group",
    "private_channel": "group",
    "public_supergroup": "public",
    "public_channel": "public",
}
_TYPE = re.compile(rb'"type"\s*:\s*"(?:' + "|".join(_SURFACES).encode() + rb')"')
_LISTS: Final = tuple(
    path
    for top in ("chats", "left_chats")
    for path in (top, f"{top}.list", f"{top}.list.item", f"{top}.list.item.messages")
)
_WALK: Final = frozenset(("", "messages", "personal_information", *_LISTS))
_HEAD: Final = 1 << 16


@dataclass(slots=True)
class _Chat:
    """What is known of a chat while its messages stream by."""

    id: str | None = None
    name: str | None = None
    kind: str = ""
    messages_seen: int = 0
    senders: dict[str, str | None] = field(default_factory=dict)
    """The first writers (at most three) and their names, found ahead."""

    @property
    def surface(self) -> Surface:
        return _SURFACES.get(self.kind, "group" if len(self.senders) > 2 else "direct")

    @property
    def counterpart(self) -> str | None:
        """The other account of a personal chat, by the chat's id."""
        if self.kind in ("personal_chat", "bot_chat") and self.id:
            return f"user{self.id}"
        return None

    def learn(self, key: str, value: Any) -> None:
        """Take one field of the chat's head."""
        if key == "id":
            self.id = identifier(value)
        elif key == "name" and isinstance(value, str):
            self.name = value
        elif key == "type" and isinstance(value, str):
            self.kind = value


@dataclass(slots=True)
class _Survey:
    """What a look ahead finds: the owner, and for each chat its head and first senders."""

    owner: str | None = None
    owner_name: str | None = None
    chats: dict[tuple[str, int], _Chat] = field(default_factory=dict)


class Telegram:
    """See the module's docstring."""

    name = "telegram"
    title = "Telegram Desktop export (JSON)"

    def sniff(self, source: Source) -> int:
        """Sure when a JSON file shows a Telegram chat type or a list of chats."""
        return max((_sure(source, entry) for entry in _candidates(source)), default=0)

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Stream the messages of every chat."""
        files = [entry for entry in _candidates(source) if _sure(source, entry)]
        if not files and source.kind == "file":
            files = source.entries()
        if not files:
            raise ExportError("holds no result.json", where=source.label, hint="export as JSON")
        roster = Roster()
        for entry in files:
            yield from _File(source, entry, options, log, roster).read()


def _candidates(source: Source) -> list[Entry]:
    if source.kind == "file":
        return source.entries()
    named = [entry for entry in source.entries(".json") if entry.name.lower() == "result.json"]
    return named or source.entries(".json")[:50]


def _sure(source: Source, entry: Entry) -> int:
    head = source.head(entry, _HEAD)
    keys = outline(head)
    if "{" not in keys:
        return 0
    if "chats.list" in keys or "left_chats.list" in keys:
        return 95
    if "personal_information.user_id" in keys or (
        "about" in keys and "personal_information" in keys
    ):
        return 90
    if "messages" in keys and _TYPE.search(head):
        return 95
    if "messages.item.date_unixtime" in keys and "messages.item.from_id" in keys:
        return 90
    if "messages" in keys and "messages.item.from_id" in keys and "messages.item.date" in keys:
        return 80
    return 0


def _top(path: str) -> str:
    return path.partition(".")[0]


class _File:
    """One `result.json`."""

    def __init__(
        self, source: Source, entry: Entry, options: ImportOptions, log: ImportLog, roster: Roster
    ) -> None:
        self.source, self.entry, self.options, self.log = source, entry, options, log
        self.roster = roster
        self.folder = entry.path[: -len(entry.name)]
        self.owner: str | None = None
        self.owner_name: str | None = None
        self.local_times = False

    def _survey(self) -> _Survey:
        """Look ahead as far as needed to know who is who in direct chats."""
        found = _Survey()
        at: tuple[str, int] = ("", 0)
        single_done = False
        with quiet(self.source):
            for path, key, value in walk_json(self.source, self.entry, _WALK, ImportLog()):
                if path == "personal_information.user_id":
                    found.owner = _account(value)
                elif path in ("personal_information.first_name", "personal_information.last_name"):
                    if isinstance(value, str):
                        found.owner_name = f"{found.owner_name or ''} {value}".strip() or None
                elif path.endswith("list.item") and value is OPEN:
                    if found.owner is not None:
                        break  # heads come before messages, and the owner is known
                    at = (_top(path), key)
                elif value is OPEN or value is CLOSE:
                    continue
                elif path.endswith("messages.item"):
                    chat = found.chats.setdefault(at if "." in path[:-5] else ("", 0), _Chat())
                    if len(chat.senders) < 3 and isinstance(value, dict):
                        sender = _sender(value)
                        if sender and sender != DELETED_ACCOUNT and sender not in chat.senders:
                            name = value.get("from")
                            chat.senders[sender] = name if isinstance(name, str) else None
                    enough = 2 if chat.kind in _SURFACES else 3
                    if path == "messages.item" and chat.id and len(chat.senders) >= enough:
                        single_done = True
                elif path in ("id", "name", "type"):
                    found.chats.setdefault(("", 0), _Chat()).learn(path, value)
                elif path.endswith((".list.item.id", ".list.item.name", ".list.item.type")):
                    found.chats.setdefault(at, _Chat()).learn(key, value)
                if single_done:
                    break
        return found

    def read(self) -> Iterator[Event]:
        """Stream accounts and messages."""
        survey = self._survey()
        self.owner = survey.owner or identifier(self.options.owner)
        self.owner_name = survey.owner_name if survey.owner else None
        chat = survey.chats.get(("", 0), _Chat())
        chats = 0
        log = self.log
        for path, key, value in walk_json(self.source, self.entry, _WALK, log):
            if path == "messages.item" or path.endswith(".list.item.messages.item"):
                yield from self._message(chat, key, value)
            elif path.endswith("list.item") and value is OPEN:
                chats += 1
                chat = survey.chats.get((_top(path), key), _Chat())
                chat.messages_seen = chats
            elif path.endswith((".list.item.id", ".list.item.name", ".list.item.type")):
                chat.learn(key, value)
            elif path in ("contacts", "frequent_contacts", "sessions", "other_data", "stories"):
                log.skip("account data that is no message")
            elif path.endswith(".messages") and value is not OPEN and value is not CLOSE:
                log.bad(f"{self.entry.name}, field {path}", "is no list", raw_of(value))
        if self.local_times:
            log.note(
                "This export has only local times of the exporting computer; "
                f"they were read as {self.options.time_zone}."
            )

    def _message(self, chat: _Chat, index: int, value: Any) -> Iterator[Event]:
        place = f"{self.entry.name} record {index + 1}"
        log = self.log
        if not isinstance(value, dict):
            log.bad(place, "is no object", raw_of(value))
            return
        kind = value.get("type")
        if kind != "message":
            if kind == "service":
                action = str(value.get("action") or "")
                known = action if re.fullmatch(r"[a-z_]{1,40}", action) else "other"
                log.skip(f"service message: {known}")
                return
            if kind is not None or "text" not in value:
                log.bad(f"{place}, field type", "is neither message nor service", raw_of(value))
                return
        sent_at = self._time(value, "date")
        if sent_at is None:
            reason = "is missing" if "date" not in value else "is no time"
            log.bad(f"{place}, field date", reason, raw_of(value))
            return
        text = _text(value)
        if text is None:
            log.bad(f"{place}, field text", "is neither text nor a list of pieces", raw_of(value))
            return
        conversation = chat.id or identifier(chat.name) or f"chat-{chat.messages_seen}"
        number = value.get("id")
        own = f"{conversation}:{number}" if number is not None else f"{conversation}:#{index + 1}"
        sender = _sender(value) or self._channel(chat)
        name = value.get("from")
        account = self.roster.meet(sender, name if isinstance(name, str) else None)
        if account is not None:
            yield account
        recipients: list[str] = []
        if chat.surface == "direct":
            other = self._other(chat, sender)
            if other is not None:
                recipients = [other]
                label = chat.senders.get(other)
                if label is None and other == chat.counterpart:
                    label = chat.name
                elif label is None and other == self.owner:
                    label = self.owner_name
                account = self.roster.meet(other, label)
                if account is not None:
                    yield account
        reply = value.get("reply_to_message_id")
        peer = value.get("reply_to_peer_id")
        edited = None
        if "edited" in value or "edited_unixtime" in value:
            edited = self._time(value, "edited")
            if edited is not None and edited.year <= 1970:
                edited = None
        yield Message(
            id=own if len(own) <= 256 else identifier(own) or own,
            conversation_id=conversation,
            sender_id=sender,
            recipient_ids=recipients,
            sent_at=sent_at,
            text=text,
            surface=chat.surface,
            attachments=self._files(value),
            reply_to=identifier(f"{_bare(peer) or conversation}:{reply}") if reply else None,
            edited_at=edited,
        )

    def _channel(self, chat: _Chat) -> str:
        if chat.kind.endswith("channel") and chat.id:
            return f"channel{chat.id}"
        return DELETED_ACCOUNT

    def _other(self, chat: _Chat, sender: str) -> str | None:
        if chat.kind == "saved_messages":
            return None
        counterpart = chat.counterpart
        usual = len(chat.senders) < 2 or counterpart in chat.senders or sender == self.owner
        if counterpart is not None and sender != counterpart and usual:
            return counterpart
        for candidate in (*chat.senders, self.owner):
            if candidate is not None and candidate != sender:
                return candidate
        return counterpart if counterpart != sender else None

    def _time(self, value: dict[str, Any], field: str) -> datetime | None:
        stamp = value.get(f"{field}_unixtime")
        if stamp is not None:
            try:
                return datetime.fromtimestamp(int(stamp), UTC)
            except (ValueError, TypeError, OverflowError, OSError):
                pass
        text = value.get(field)
        if isinstance(text, int) and not isinstance(text, bool):
            try:
                return datetime.fromtimestamp(text, UTC)
            except (ValueError, OverflowError, OSError):
                return None
        moment = from_iso(text, self.options.time_zone)
        if moment is not None and not self.local_times and field == "date":
            self.local_times = True
        return moment

    def _files(self, value: dict[str, Any]) -> list[Attachment]:
        found: list[Attachment] = []
        for key in ("photo", "file"):
            path = value.get(key)
            if not isinstance(path, str) or not path:
                continue
            missing = path.startswith("(") and path.endswith(")")
            given = value.get("file_name") if key == "file" else None
            name = given if isinstance(given, str) and given else None
            if name is None and not missing:
                name = path.rsplit("/", 1)[-1]
            media = value.get("mime_type") if key == "file" else "image/jpeg"
            size = value.get("file_size" if key == "file" else "photo_file_size")
            found.append(
                attach(
                    self.source,
                    name=name,
                    path=None if missing else f"{self.folder}{path}",
                    media_type=media if isinstance(media, str) else None,
                    size=size if isinstance(size, int) else None,
                )
            )
        if "contact_information" in value:
            found.append(Attachment(name="contact", media_type="text/vcard"))
        if "location_information" in value:
            found.append(Attachment(name="location", media_type="application/geo+json"))
        return found


def _bare(peer: Any) -> str | None:
    """Chat id of a peer id such as `user5` or `channel7`."""
    if isinstance(peer, str):
        return peer.removeprefix("user").removeprefix("channel").removeprefix("chat") or None
    return identifier(peer)


def _account(value: Any) -> str | None:
    """Account id: `user5` stays, the number 5 of older exports becomes `user5`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"user{value}"
    if isinstance(value, str) and value.isdigit():
        return f"user{value}"
    return identifier(value) if isinstance(value, str) else None


def _sender(value: dict[str, Any]) -> str | None:
    sender = value.get("from_id")
    if isinstance(sender, str) and sender and len(sender) <= 64 and not sender.isdigit():
        return whole(sender)
    if sender is not None:
        known = _account(sender)
        if known:
            return known
    name = value.get("from")
    return identifier(name) if isinstance(name, str) else None


def _text(value: dict[str, Any]) -> str | None:
    """The exact text; `None` when it has no known shape."""
    text = value.get("text")
    if isinstance(text, str):
        if text or not value.get("text_entities"):
            return whole(text)
        text = value["text_entities"]
    elif text is None:
        text = value.get("text_entities") or ""
    if isinstance(text, str):
        return whole(text)
    if isinstance(text, dict):
        text = [text]
    if not isinstance(text, list):
        return None
    parts: list[str] = []
    for piece in text:
        part = piece.get("text") if isinstance(piece, dict) else piece
        if part is None:
            part = ""
        if not isinstance(part, str):
            return None
        parts.append(part)
    return whole("".join(parts))


IMPORTER = Telegram()
