"""DiscordChatExporter (by Tyrrrz) exports in JSON.

**How to get one.** With that program: choose the channel or direct message, format *JSON*. Each
channel is one file, large ones in parts (`… [part 2].json`). One file, a folder or a zip of many
can be given.

**What is read.** Each message with its own id, time with offset, author id, exact `content`,
files, stickers, edit time and reply. Files downloaded beside the export are hashed. A forwarded
message has no words of its own: the forwarded words are its text. Direct chats are `direct`,
group chats and private threads `group`, everything else on a server `public`.

**What is lost.** System notifications (joins, calls, pins) are counted by kind. Embeds, reactions,
roles and mentions are not carried. Deleted messages are not in the export.

**Traps.** The exporter can format mentions as names (its default), so that ids in the text are
gone. In a direct chat the recipient is known by id only once both have written: the files of one
channel are looked at ahead. The exporter can write newest messages first; such a file is turned
round (its parts are read in the order of their numbers all the same). Unknown kinds come as
numbers.

Source: JsonMessageWriter.cs of the project (2026-03), and standards.md section 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, Literal
from urllib.parse import unquote

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
    natural,
    oldest_first,
    outline,
    quiet,
    raw_of,
    walk_json,
    whole,
)
from lamppost.importers.source import Entry, Source

Surface = Literal["direct", "group", "public"]

_SURFACES: Final[dict[str, Surface]] = {
    "DirectTextChat": "direct",
    "1": "direct",
    "DirectGroupTextChat": "group",
    "3": "group",
    "GuildPrivateThread": "group",
    "12": "group",
}
_SYSTEM: Final = frozenset(
    ("RecipientAdd", "RecipientRemove", "Call", "ChannelNameChange", "ChannelIconChange",
     "ChannelPinnedMessage", "GuildMemberJoin", "ThreadCreated"),
)  # fmt: skip
_WORDS: Final = frozenset(("0", "19", "20", "21", "23"))
"""Numbers of kinds that people write: default, reply, commands, thread starter."""

_WALK: Final = frozenset(("", "messages"))
_HEAD: Final = 1 << 16


class DiscordExporter:
    """See the module's docstring."""

    name = "discord-exporter"
    title = "DiscordChatExporter file (JSON)"

    def sniff(self, source: Source) -> int:
        """Sure when a JSON file starts with `guild` and `channel` and goes on with messages."""
        entries = source.entries() if source.kind == "file" else source.entries(".json")[:20]
        return max((_sure(source, entry) for entry in entries), default=0)

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Stream the messages of every channel file."""
        entries = source.entries() if source.kind == "file" else source.entries(".json")
        files = [entry for entry in entries if _sure(source, entry)]
        if not files and source.kind == "file":
            files = entries
        if not files:
            raise ExportError("holds no file of DiscordChatExporter", where=source.label)
        if len(files) < len(entries):
            log.skip("JSON file of another kind", len(entries) - len(files))
        files.sort(key=lambda entry: natural(entry.path.removesuffix(".json")))
        roster = Roster()
        pairs: dict[str, dict[str, str | None]] = {}
        for entry in files:
            _look_ahead(source, entry, pairs)
        for entry in files:
            yield from _read_file(source, entry, options, log, roster, pairs)


def _sure(source: Source, entry: Entry) -> int:
    keys = outline(source.head(entry, _HEAD))
    if {"guild", "channel"} <= keys and ("messages" in keys or "dateRange" in keys):
        return 95
    if {"messages.item.author", "messages.item.timestamp", "messages.item.content"} <= keys:
        return 80
    return 0


def _channel_of(value: Any, entry: Entry) -> tuple[str, Surface]:
    """Conversation id and surface of the `channel` object."""
    channel = value if isinstance(value, dict) else {}
    conversation = identifier(channel.get("id")) or identifier(channel.get("name"))
    kind = str(channel.get("type") or "")
    return conversation or entry.name.rsplit(".", 1)[0], _SURFACES.get(kind, "public")


def _look_ahead(source: Source, entry: Entry, pairs: dict[str, dict[str, str | None]]) -> None:
    """Note the two people of a direct channel, as far as the file has to be read for it."""
    conversation = ""
    with quiet(source):
        for path, _, value in walk_json(source, entry, _WALK, ImportLog()):
            if path == "channel":
                conversation, surface = _channel_of(value, entry)
                if surface != "direct" or len(pairs.get(conversation, ())) >= 2:
                    return
                pairs.setdefault(conversation, {})
            elif path == "messages.item" and conversation and isinstance(value, dict):
                if str(value.get("type")) in _SYSTEM:
                    continue
                sender, name, _ = _author(value)
                known = pairs[conversation]
                known.setdefault(sender, name)
                if len(known) >= 2:
                    return


def _author(value: dict[str, Any]) -> tuple[str, str | None, bool]:
    """Id, display name and whether it is a bot."""
    author = value.get("author")
    if not isinstance(author, dict):
        return DELETED_ACCOUNT, None, False
    name = author.get("nickname") or author.get("name")
    name = name if isinstance(name, str) else None
    sender = identifier(author.get("id")) or identifier(author.get("name")) or DELETED_ACCOUNT
    return sender, name, author.get("isBot") is True


def _time(value: Any) -> datetime | None:
    return from_iso(value.get("timestamp"), UTC) if isinstance(value, dict) else None


def _falls(source: Source, entry: Entry) -> bool:
    """Whether the first messages of a file are newest first."""
    times: list[datetime] = []
    with quiet(source):
        for path, _, value in walk_json(source, entry, _WALK, ImportLog()):
            moment = _time(value) if path == "messages.item" else None
            if moment is not None and (not times or moment != times[-1]):
                times.append(moment)
            if len(times) == 8:
                break
    return sum(left > right for left, right in pairwise(times)) * 2 > len(times) - 1 > 0


def _records(source: Source, entry: Entry, log: ImportLog) -> Iterator[tuple[str, Any]]:
    """`("channel", …)`, then each message with its place, oldest first."""
    if not _falls(source, entry):
        yield from _in_order(source, entry, log)
        return
    head: list[Any] = []

    def messages() -> Iterator[tuple[str, Any]]:
        for place, value in _in_order(source, entry, log):
            if place == "channel":
                head.append(value)
            else:
                yield place, value

    for place, value in oldest_first(messages(), _time):
        yield from (("channel", channel) for channel in head)
        head.clear()
        yield place, value


def _in_order(source: Source, entry: Entry, log: ImportLog) -> Iterator[tuple[str, Any]]:
    for path, index, value in walk_json(source, entry, _WALK, log):
        if path == "channel":
            yield path, value
        elif path == "messages.item":
            yield f"{entry.name} record {index + 1}", value
        elif path == "messages" and value is not OPEN and value is not CLOSE:
            log.bad(f"{entry.name}, field messages", "is no list", raw_of(value))


def _read_file(
    source: Source,
    entry: Entry,
    options: ImportOptions,
    log: ImportLog,
    roster: Roster,
    pairs: dict[str, dict[str, str | None]],
) -> Iterator[Event]:
    conversation, surface = _channel_of(None, entry)
    folder = entry.path[: -len(entry.name)]
    for place, value in _records(source, entry, log):
        if place == "channel":
            conversation, surface = _channel_of(value, entry)
        else:
            if not isinstance(value, dict):
                log.bad(place, "is no object", raw_of(value))
                continue
            kind = str(value.get("type", "Default"))
            if kind in _SYSTEM or (kind.isdigit() and kind not in _WORDS):
                log.skip(f"system notification: {kind}")
                continue
            sent_at = from_iso(value.get("timestamp"), options.time_zone)
            if sent_at is None:
                log.bad(f"{place}, field timestamp", "is no time", raw_of(value))
                continue
            text = value.get("content")
            if text is None:
                text = ""
            if not isinstance(text, str):
                log.bad(f"{place}, field content", "is no text", raw_of(value))
                continue
            forwarded = value.get("forwardedMessage")
            if not isinstance(forwarded, dict):
                forwarded = {}
            elif not text and isinstance(forwarded.get("content"), str):
                text = forwarded["content"]
            sender, name, is_bot = _author(value)
            account = roster.meet(sender, name, roles=["bot"] if is_bot else [])
            if account is not None:
                yield account
            recipients: list[str] = []
            if surface == "direct":
                people = pairs.get(conversation, {})
                recipients = [person for person in people if person != sender][:1]
                if not recipients and options.owner and options.owner != sender:
                    recipients = [options.owner]
                for person in recipients:
                    account = roster.meet(person, people.get(person))
                    if account is not None:
                        yield account
            reference = value.get("reference")
            reply = reference.get("messageId") if isinstance(reference, dict) else None
            edited = value.get("timestampEdited")
            yield Message(
                id=identifier(value.get("id")) or f"{conversation}:{place}",
                conversation_id=conversation,
                sender_id=sender,
                recipient_ids=recipients,
                sent_at=sent_at,
                text=whole(text),
                surface=surface,
                attachments=[
                    *_files(source, folder, value),
                    *_files(source, folder, forwarded),
                ],
                reply_to=identifier(reply) if not forwarded else None,
                edited_at=from_iso(edited, options.time_zone) if edited else None,
            )
            naive = value["timestamp"]
            if not re.search(r"(?:[zZ]|[+-]\d\d:?\d\d)\s*$", naive):
                log.note(f"Times without a zone were read as {options.time_zone}.")


def _files(source: Source, folder: str, value: dict[str, Any]) -> list[Attachment]:
    found: list[Attachment] = []
    attachments = value.get("attachments")
    for item in attachments if isinstance(attachments, list) else ():
        if not isinstance(item, dict):
            continue
        url = item.get("url")
        path = None
        if isinstance(url, str) and "://" not in url:
            path = folder + unquote(url).replace("\\", "/").removeprefix("./")
        name, size = item.get("fileName"), item.get("fileSizeBytes")
        found.append(
            attach(
                source,
                name=name if isinstance(name, str) else None,
                path=path,
                size=size if isinstance(size, int) else None,
            )
        )
    stickers = value.get("stickers")
    for item in stickers if isinstance(stickers, list) else ():
        name = item.get("name") if isinstance(item, dict) else None
        kind = (
            "image/gif" if isinstance(item, dict) and item.get("format") == "Gif" else "image/png"
        )
        name = whole(name) if isinstance(name, str) else None
        found.append(Attachment(name=name, media_type=kind))
    return found


IMPORTER = DiscordExporter()
