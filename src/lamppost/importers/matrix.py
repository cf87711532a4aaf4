"""Matrix rooms: Element's JSON export, and raw events.

**How to get one.** Element: room → Room info → Export chat → format *JSON*. With files included
the result is a zip with `export.json`. Raw events of any origin are read as well: a JSON list, an
answer of `/messages` (`chunk`), or one event a line.

**What is read.** `m.room.message` and `m.sticker` with event id, sender, `origin_server_ts` and
`body`. An edit (`m.replace` by the same sender) gives its message the last wording and `edited_at`;
a redaction gives `deleted_at` and keeps whatever wording is still there. Replies and threads become
`reply_to`; the quotation that older clients put before a reply is taken off, since those are
another person's words. Joining, leaving and creating a room are room events; names come from
`m.room.member`. A room of two is `direct`, one that anybody may join is `public`, else `group`.

**What is lost.** Messages that could not be decrypted are counted and noted. Reactions, calls,
polls and other state are counted by type, earlier wordings of edited messages as edits.

**Traps.** Events may come newest first (`/messages?dir=b`): they are turned round, and edits,
redactions and members are collected in a pass ahead. An edit whose message is not in the file
stands as a message. Element writes the decrypted event, or, in older versions, an object with
`decrypted` and `encrypted`.

Sources: JSONExport.ts of matrix-react-sdk, the Matrix client-server specification 1.x (rooms,
relations, redactions, reply fallback), and standards.md section 7.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from lamppost.core.errors import ExportError
from lamppost.events.vocabulary import Attachment, Event, Message, Room
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    CLOSE,
    OPEN,
    Roster,
    attach,
    from_unix,
    identifier,
    oldest_first,
    outline,
    quiet,
    raw_of,
    text_lines,
    walk_json,
    whole,
)
from lamppost.importers.source import Entry, Source

Surface = Literal["direct", "group", "public"]

_HEAD: Final = 1 << 16
_TYPE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ARRAYS: Final = ("messages", "chunk", "events")
_MEDIA: Final = frozenset(("m.image", "m.file", "m.audio", "m.video"))


@dataclass(slots=True)
class _RoomFacts:
    """Who is in a room, as far as needed to tell a direct chat."""

    people: list[str] = field(default_factory=list)
    public: bool = False

    def add(self, person: str | None) -> None:
        if person is not None and len(self.people) < 3 and person not in self.people:
            self.people.append(person)

    @property
    def surface(self) -> Surface:
        if self.public:
            return "public"
        return "direct" if len(self.people) <= 2 else "group"


@dataclass(slots=True)
class _Ahead:
    """What the pass ahead collects: one entry per edit, redaction, member and room."""

    edits: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    redactions: dict[str, datetime | None] = field(default_factory=dict)
    rooms: dict[str, _RoomFacts] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    falls: int = 0
    senders: dict[str, str] = field(default_factory=dict)


class Matrix:
    """See the module's docstring."""

    name = "matrix"
    title = "Matrix room (Element export or raw events)"

    def sniff(self, source: Source) -> int:
        """Sure when events with `origin_server_ts` and `event_id` show, or Element's head."""
        return max((_sure(source, entry) for entry in _candidates(source)), default=0)

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Stream messages and room events."""
        files = [entry for entry in _candidates(source) if _sure(source, entry)]
        if not files and source.kind == "file":
            files = source.entries()
        if not files:
            raise ExportError("holds no Matrix events", where=source.label)
        roster = Roster()
        for entry in files:
            yield from _read_file(source, entry, options, log, roster)


def _candidates(source: Source) -> list[Entry]:
    if source.kind == "file":
        return source.entries()
    found = source.entries(".json") + source.entries(".ndjson") + source.entries(".jsonl")
    return found[:200]


def _sure(source: Source, entry: Entry) -> int:
    keys = outline(source.head(entry, _HEAD))
    if {"room_name", "exported_by"} <= keys and ("messages" in keys or "export_date" in keys):
        return 95
    for prefix in ("", "item.", *(f"{name}.item." for name in _ARRAYS)):
        if f"{prefix}origin_server_ts" in keys and f"{prefix}sender" in keys:
            return 90 if f"{prefix}event_id" in keys else 70
        if f"{prefix}decrypted.origin_server_ts" in keys:
            return 85
    return 0


def _events(source: Source, entry: Entry, log: ImportLog) -> Iterator[tuple[str, Any]]:
    """Every event of a file with its place, whatever the file's shape."""
    keys = outline(source.head(entry, _HEAD))
    if "{" in keys and ("origin_server_ts" in keys or "event_id" in keys):
        for number, line in enumerate(text_lines(source, entry, log), 1):
            if not line.strip():
                continue
            place = f"{entry.name} line {number}"
            try:
                yield place, json.loads(line, strict=False)
            except (ValueError, RecursionError):
                log.bad(place, "is not valid JSON", line.encode("utf-8", "replace"))
        return
    for path, index, value in walk_json(source, entry, ("", *_ARRAYS), log):
        if value is OPEN or value is CLOSE:
            continue
        if path == "item" or (path.endswith(".item") and path[:-5] in _ARRAYS):
            yield f"{entry.name} record {index + 1}", value
        elif path in _ARRAYS:
            log.bad(f"{entry.name}, field {path}", "is no list", raw_of(value))


def _clear(value: Any) -> Any:
    """The readable form of an event that carries both."""
    if isinstance(value, dict) and isinstance(value.get("decrypted"), dict):
        return value["decrypted"]
    return value


def _time(value: Any) -> datetime | None:
    event = _clear(value)
    return from_unix(event.get("origin_server_ts"), 1000) if isinstance(event, dict) else None


def _relation(content: dict[str, Any]) -> dict[str, Any]:
    relation = content.get("m.relates_to")
    return relation if isinstance(relation, dict) else {}


def _content(event: dict[str, Any]) -> dict[str, Any]:
    content = event.get("content")
    return content if isinstance(content, dict) else {}


def _room_of(event: dict[str, Any], fallback: str) -> str:
    return identifier(event.get("room_id")) or fallback


def _edited(event: dict[str, Any]) -> str | None:
    """Id of the message that this one replaces."""
    relation = _relation(_content(event))
    if relation.get("rel_type") == "m.replace":
        return identifier(relation.get("event_id"))
    return None


def _look_ahead(source: Source, entry: Entry, fallback: str) -> _Ahead:
    ahead = _Ahead()
    wanted: set[str] = set()
    last = 0
    with quiet(source):
        for _, value in _events(source, entry, ImportLog()):
            event = _clear(value)
            if not isinstance(event, dict):
                continue
            stamp = event.get("origin_server_ts")
            if isinstance(stamp, int) and stamp != last:
                ahead.falls += (1 if stamp < last else -1) if last else 0
                last = stamp
            kind, content = event.get("type"), _content(event)
            sender = identifier(event.get("sender"))
            room = ahead.rooms.setdefault(_room_of(event, fallback), _RoomFacts())
            if kind == "m.room.member":
                person = identifier(event.get("state_key"))
                if content.get("membership") in ("join", "invite"):
                    room.add(person)
                name = content.get("displayname")
                if person and isinstance(name, str) and name and len(ahead.names) < 200_000:
                    ahead.names[person] = name
            elif kind == "m.room.join_rules":
                room.public = content.get("join_rule") == "public"
            elif kind == "m.room.redaction":
                target = identifier(event.get("redacts") or content.get("redacts"))
                if target:
                    ahead.redactions[target] = from_unix(event.get("origin_server_ts"), 1000)
            elif kind in ("m.room.message", "m.room.encrypted", "m.sticker"):
                room.add(sender)
                target = _edited(event)
                if target is not None and sender is not None:
                    stamp = stamp if isinstance(stamp, int) else 0
                    known = ahead.edits.get((target, sender))
                    if known is None or known[0] <= stamp:
                        ahead.edits[target, sender] = (stamp, content.get("m.new_content"))
                    wanted.add(target)
        if wanted:
            for _, value in _events(source, entry, ImportLog()):
                event = _clear(value)
                own = identifier(event.get("event_id")) if isinstance(event, dict) else None
                if own in wanted and event.get("type") in ("m.room.message", "m.sticker"):
                    ahead.senders[str(own)] = identifier(event.get("sender")) or ""
    return ahead


def _read_file(
    source: Source, entry: Entry, options: ImportOptions, log: ImportLog, roster: Roster
) -> Iterator[Event]:
    fallback = identifier(entry.name.rsplit(".", 1)[0]) or "matrix"
    ahead = _look_ahead(source, entry, fallback)
    encrypted = 0
    events = _events(source, entry, log)
    for place, value in oldest_first(events, _time) if ahead.falls > 0 else events:
        event = _clear(value)
        if not isinstance(event, dict):
            log.bad(place, "is no object", raw_of(value))
            continue
        kind, content = event.get("type"), _content(event)
        if not isinstance(kind, str):
            log.bad(f"{place}, field type", "is missing", raw_of(event))
            continue
        if kind == "m.room.encrypted" or content.get("msgtype") == "m.bad.encrypted":
            encrypted += 1
            log.skip("encrypted message that could not be read")
            continue
        if kind == "m.room.redaction":
            log.skip("redaction (kept as deleted_at of its message)")
            continue
        if kind not in ("m.room.message", "m.sticker"):
            yield from _state(place, event, kind, fallback, ahead, roster, log)
            continue
        target = _edited(event)
        sender = identifier(event.get("sender"))
        if target is not None and target in ahead.senders and ahead.senders[target] == sender:
            log.skip("edit (kept as the last wording of its message)")
            continue
        yield from _message(source, place, event, target, fallback, ahead, roster, log)
    if encrypted:
        log.note(
            f"Encrypted messages that could not be read: {encrypted}. "
            "Their text is not in the export."
        )


def _meet(roster: Roster, ahead: _Ahead, person: str) -> Iterator[Event]:
    account = roster.meet(person, ahead.names.get(person))
    if account is not None:
        yield account


def _state(
    place: str,
    event: dict[str, Any],
    kind: str,
    fallback: str,
    ahead: _Ahead,
    roster: Roster,
    log: ImportLog,
) -> Iterator[Event]:
    """Room events for creation, joining and leaving; the rest is counted by type."""
    content = _content(event)
    action: Literal["created", "joined", "left"] | None = None
    actor = identifier(event.get("sender"))
    if kind == "m.room.create":
        action = "created"
    elif kind == "m.room.member":
        actor = identifier(event.get("state_key"))
        unsigned = event.get("unsigned")
        before = event.get("prev_content")
        if before is None and isinstance(unsigned, dict):
            before = unsigned.get("prev_content")
        was = before.get("membership") if isinstance(before, dict) else None
        now = content.get("membership")
        if now == "join" and was != "join":
            action = "joined"
        elif now in ("leave", "ban") and was not in ("leave", "ban", "invite"):
            action = "left"
    at = from_unix(event.get("origin_server_ts"), 1000)
    if action is None or actor is None or at is None:
        log.skip(f"event: {kind if _TYPE.fullmatch(kind) else 'other'}")
        return
    yield from _meet(roster, ahead, actor)
    room = _room_of(event, fallback)
    yield Room(
        id=identifier(event.get("event_id")) or f"{room}:{place.rsplit(' ', 1)[-1]}",
        room_id=room,
        actor_id=actor,
        action=action,
        at=at,
    )


def _message(
    source: Source,
    place: str,
    event: dict[str, Any],
    target: str | None,
    fallback: str,
    ahead: _Ahead,
    roster: Roster,
    log: ImportLog,
) -> Iterator[Event]:
    content = _content(event)
    sent_at = from_unix(event.get("origin_server_ts"), 1000)
    if sent_at is None:
        log.bad(f"{place}, field origin_server_ts", "is no time", raw_of(event))
        return
    sender = identifier(event.get("sender"))
    if sender is None:
        log.bad(f"{place}, field sender", "is missing", raw_of(event))
        return
    room = _room_of(event, fallback)
    facts = ahead.rooms.get(room, _RoomFacts())
    own = identifier(event.get("event_id")) or f"{room}:{place.rsplit(' ', 1)[-1]}"
    relation = _relation(content)
    wording = content
    edited_at = sent_at if target is not None else None
    if target is not None and isinstance(content.get("m.new_content"), dict):
        wording = content["m.new_content"]
    edit = ahead.edits.get((own, sender))
    if edit is not None and isinstance(edit[1], dict):
        wording = edit[1]
        edited_at = from_unix(edit[0], 1000)
    deleted_at = ahead.redactions.get(own)
    unsigned = event.get("unsigned")
    because = unsigned.get("redacted_because") if isinstance(unsigned, dict) else None
    if deleted_at is None and (own in ahead.redactions or because is not None):
        stamp = because.get("origin_server_ts") if isinstance(because, dict) else None
        deleted_at = from_unix(stamp, 1000) or sent_at
    body = wording.get("body")
    if body is None and (deleted_at is not None or not content):
        body = ""
        deleted_at = deleted_at or sent_at
    if not isinstance(body, str):
        log.bad(f"{place}, field content.body", "is no text", raw_of(event))
        return
    answered = relation.get("m.in_reply_to")
    reply = identifier(answered.get("event_id")) if isinstance(answered, dict) else None
    if reply is not None:
        body = _without_quotation(body)
    if relation.get("rel_type") == "m.thread" and (
        reply is None or relation.get("is_falling_back") is True
    ):
        reply = identifier(relation.get("event_id"))
    yield from _meet(roster, ahead, sender)
    recipients: list[str] = []
    if facts.surface == "direct":
        recipients = [person for person in facts.people if person != sender]
        for person in recipients:
            yield from _meet(roster, ahead, person)
    yield Message(
        id=own,
        conversation_id=room,
        sender_id=sender,
        recipient_ids=recipients,
        sent_at=sent_at,
        text=whole(body),
        surface=facts.surface,
        attachments=_files(source, event.get("type"), wording),
        reply_to=reply,
        edited_at=edited_at,
        deleted_at=deleted_at,
    )


def _without_quotation(body: str) -> str:
    """The body without the reply fallback: leading `> ` lines and one empty line."""
    if not body.startswith("> <") and not body.startswith("> * <"):
        return body
    lines = body.split("\n")
    count = 0
    while count < len(lines) and lines[count].startswith("> "):
        count += 1
    if count < len(lines) and lines[count] == "":
        return "\n".join(lines[count + 1 :])
    return body


def _files(source: Source, kind: Any, content: dict[str, Any]) -> list[Attachment]:
    msgtype = content.get("msgtype")
    if msgtype not in _MEDIA and kind != "m.sticker":
        if msgtype == "m.location":
            return [Attachment(name="location", media_type="application/geo+json")]
        return []
    info = content.get("info")
    info = info if isinstance(info, dict) else {}
    name = content.get("filename") or content.get("body")
    media, size = info.get("mimetype"), info.get("size")
    return [
        attach(
            source,
            name=name if isinstance(name, str) else None,
            media_type=media if isinstance(media, str) else None,
            size=size if isinstance(size, int) else None,
        )
    ]


IMPORTER = Matrix()
