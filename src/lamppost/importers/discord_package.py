"""The data package that Discord sends on request.

**How to get one.** Discord → User Settings → Data & Privacy → Request all of my data (include
*Messages*). A link to `package.zip` comes by mail within 30 days. The zip or its unpacked folder
can be given.

**What is read.** Every channel folder `messages/c<id>/` with `channel.json` and `messages.json`
(`ID`, `Timestamp`, `Contents`, `Attachments`) or, in packages before 2023, `messages.csv`. The
owner is taken from `account/user.json`, names of others from `messages/index.json`.

**What is lost.** *Everything that others wrote*: the package holds only its owner's own messages,
so a conversation is one-sided; a note says so. Files are links, not content. Edits, replies and
deletions are not in it.

**Traps.** Folder names vary in case and language (`Messages/`, `messages/`, `Nachrichten/`), so a
channel is recognised by its two files. Recipients are listed with or without the owner. Times
without an offset are UTC: Discord writes them so, and the option for a time zone does not apply.
Newest messages come first in most packages; each channel is given out oldest first.

Source: discord_data 0.2.3 (MIT) and standards.md section 7.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal

from lamppost.core.errors import ExportError
from lamppost.events.vocabulary import Attachment, Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    Roster,
    attach,
    decode_head,
    from_iso,
    identifier,
    link_name,
    load_json,
    natural,
    oldest_first,
    raw_of,
    text_lines,
    walk_json,
    whole,
)
from lamppost.importers.source import Entry, Source

Surface = Literal["direct", "group", "public"]

_CHANNEL = re.compile(r"(?P<folder>(?:.*/)?c?(?P<id>\d{1,25})/)channel\.json$", re.IGNORECASE)
_SURFACES: Final[dict[str, Surface]] = {
    "1": "direct",
    "DM": "direct",
    "3": "group",
    "GROUP_DM": "group",
    "12": "group",
    "PRIVATE_THREAD": "group",
}
_DIRECT = re.compile(r"Direct Message with (?P<name>.+)$")
_SMALL: Final = 64 * 1024**2
_LIMIT: Final = 8 * 1024**2


class DiscordPackage:
    """See the module's docstring."""

    name = "discord-package"
    title = "Discord data package"

    def sniff(self, source: Source) -> int:
        """Sure when a folder holds `channel.json` beside `messages.json` or `messages.csv`."""
        if source.kind == "file":
            return 0
        for entry in source.entries("channel.json"):
            match = _CHANNEL.match(entry.path)
            if match and _messages_file(_by_lower(source), match["folder"]) is not None:
                return 95
        return 0

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Stream the owner's messages, channel by channel."""
        lower = _by_lower(source)
        channels: list[tuple[re.Match[str], Entry]] = []
        for entry in source.entries("channel.json"):
            match = _CHANNEL.match(entry.path)
            if match:
                channels.append((match, entry))
        if not channels:
            raise ExportError(
                "holds no channel folder", where=source.label, hint="give the whole package"
            )
        log.note(
            "One-sided: a Discord data package holds only its owner's own messages; "
            "what others wrote is not in it."
        )
        channels.sort(key=lambda item: natural(item[1].path))
        owner, owner_name = _owner(source, options, log)
        index = _index(source, log)
        roster = Roster()
        for match, entry in channels:
            channel = load_json(source, entry, log)
            channel = channel if isinstance(channel, dict) else {}
            conversation = identifier(channel.get("id")) or match["id"]
            path = _messages_file(lower, match["folder"])
            if path is None:
                log.skip("channel without a file of messages")
                continue
            surface = _surface(channel)
            others = _others(channel, owner)
            names: dict[str, str] = {}
            titled = _DIRECT.match(index.get(conversation, ""))
            if titled and len(others) == 1:
                names[others[0]] = titled["name"]
            rows = _csv_rows if path.lower().endswith(".csv") else _json_rows
            for place, row in oldest_first(rows(source, path, log), _time):
                message = _message(source, place, row, conversation, log)
                if message is None:
                    continue
                own, sent_at, text, files = message
                account = roster.meet(owner, owner_name)
                if account is not None:
                    yield account
                recipients = others if surface != "public" else []
                for other in recipients:
                    account = roster.meet(other, names.get(other))
                    if account is not None:
                        yield account
                yield Message(
                    id=own,
                    conversation_id=conversation,
                    sender_id=owner,
                    recipient_ids=[*recipients],
                    sent_at=sent_at,
                    text=text,
                    surface=surface,
                    attachments=files,
                )


def _by_lower(source: Source) -> dict[str, str]:
    return {entry.path.lower(): entry.path for entry in source.entries()}


def _messages_file(lower: dict[str, str], folder: str) -> str | None:
    for name in ("messages.json", "messages.csv"):
        path = lower.get(f"{folder}{name}".lower())
        if path is not None:
            return path
    return None


def _owner(source: Source, options: ImportOptions, log: ImportLog) -> tuple[str, str | None]:
    """Id and name of the package's owner."""
    found = [
        entry
        for entry in source.entries("user.json")
        if entry.name.lower() == "user.json" and entry.path.count("/") <= 3
    ]
    for entry in found:
        if entry.size > _SMALL:
            continue
        user = load_json(source, entry, log)
        if isinstance(user, dict) and identifier(user.get("id")):
            name = user.get("global_name") or user.get("username")
            return str(identifier(user["id"])), name if isinstance(name, str) else None
    log.note("The package has no account/user.json; its owner is called 'owner' here.")
    return identifier(options.owner) or "owner", None


def _index(source: Source, log: ImportLog) -> dict[str, str]:
    for entry in source.entries("index.json"):
        if entry.name.lower() != "index.json" or entry.size > _SMALL:
            continue
        head = decode_head(source.head(entry, 256))
        if not re.match(r'\s*\{\s*("\d{1,25}"|\})', head):
            continue
        value = load_json(source, entry, log)
        if isinstance(value, dict):
            return {str(key): name for key, name in value.items() if isinstance(name, str)}
    return {}


def _surface(channel: dict[str, Any]) -> Surface:
    kind = channel.get("type")
    if kind is None:
        if "guild" in channel:
            return "public"
        recipients = channel.get("recipients")
        many = isinstance(recipients, list) and len(recipients) > 2
        return "group" if many else "direct"
    return _SURFACES.get(str(kind), "public")


def _others(channel: dict[str, Any], owner: str) -> list[str]:
    recipients = channel.get("recipients")
    found = []
    for item in recipients if isinstance(recipients, list) else ():
        value = identifier(item.get("id") if isinstance(item, dict) else item)
        if value is not None and value != owner and value not in found:
            found.append(value)
    return found


def _json_rows(source: Source, path: str, log: ImportLog) -> Iterator[tuple[str, Any]]:
    for where, index, value in walk_json(source, path, ("",), log):
        if where == "item":
            yield f"{path} record {index + 1}", value


def _csv_rows(source: Source, path: str, log: ImportLog) -> Iterator[tuple[str, Any]]:
    if csv.field_size_limit() < _LIMIT:
        csv.field_size_limit(_LIMIT)
    reader = csv.reader(text_lines(source, path, log, ends=True))
    header: list[str] | None = None
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            log.bad(f"{path} line {reader.line_num}", "is not valid CSV")
            continue
        if row is None:
            return
        if header is None:
            header = row
            continue
        if not row:
            continue
        place = f"{path} line {reader.line_num}"
        if len(row) != len(header):
            reason = f"has {len(row)} columns instead of {len(header)}"
            log.bad(place, reason, json.dumps(row).encode())
            continue
        yield place, dict(zip(header, row, strict=True))


def _time(row: Any) -> datetime | None:
    return from_iso(row.get("Timestamp"), UTC) if isinstance(row, dict) else None


def _message(
    source: Source, place: str, row: Any, conversation: str, log: ImportLog
) -> tuple[str, Any, str, list[Attachment]] | None:
    if not isinstance(row, dict):
        log.bad(place, "is no object", raw_of(row))
        return None
    own = identifier(row.get("ID"))
    if own is None:
        log.bad(f"{place}, field ID", "is missing", raw_of(row))
        return None
    sent_at = _time(row)
    if sent_at is None:
        log.bad(f"{place}, field Timestamp", "is no time", raw_of(row))
        return None
    text = row.get("Contents")
    if text is None:
        text = ""
    if not isinstance(text, str):
        log.bad(f"{place}, field Contents", "is no text", raw_of(row))
        return None
    links = row.get("Attachments")
    links = links.split() if isinstance(links, str) else []
    files = [attach(source, name=link_name(link)) for link in links]
    return own, sent_at, whole(text), files


IMPORTER = DiscordPackage()
