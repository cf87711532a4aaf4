"""Slack workspace exports.

**How to get one.** A workspace owner: Settings → Import/Export data → Export. Public channels are
always in it; private channels and direct messages only on plans and with permission for them. The
result is a zip with `users.json`, `channels.json` (and `groups.json`, `dms.json`, `mpims.json`),
and a folder per conversation with a file per day. Zip, folder or one day's file can be given.

**What is read.** Messages with user id, exact time (`ts`, to the microsecond), text, files, edit
time, and the thread they answer (`thread_ts`) as the reply. Message ids are `CHANNEL:TS`. Public
channels are `public`, private ones and group direct messages `group`, `dms.json` conversations
`direct`, with their members as recipients. Names and time zones come from `users.json`.

**What is lost.** Channel joins, topics and other notices are counted by kind, as are edit records.
Reactions, blocks and unfurled links are not carried; files are described, not fetched.

**Traps.** Text is Slack's own markup and is left exactly so: `<@U123>` stays, and `&`, `<`, `>`
typed by people are written `&amp;`, `&lt;`, `&gt;`. A direct message's folder is its id, a
channel's folder its name. Deleted messages appear as `tombstone` when a thread hangs on them.

Sources: Slack help, "How to read Slack data exports", and standards.md section 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from lamppost.core.errors import ExportError
from lamppost.events.vocabulary import Account, Attachment, Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    DELETED_ACCOUNT,
    Roster,
    attach,
    identifier,
    outline,
    raw_of,
    walk_json,
    whole,
)
from lamppost.importers.source import Entry, Source

Surface = Literal["direct", "group", "public"]

_LISTS: Final[dict[str, Surface]] = {
    "channels.json": "public",
    "groups.json": "group",
    "mpims.json": "group",
    "dms.json": "direct",
}
_USERS: Final = ("users.json", "org_users.json")
_DAY = re.compile(r"(?P<root>(?:.*/)?)(?P<folder>[^/]+)/\d{4}-\d{2}-\d{2}\.json$")
_NOTICES = re.compile(
    r"(?:channel|group)_(?:join|leave|topic|purpose|name|archive|unarchive|convert_to_private"
    r"|posting_permissions)|pinned_item|unpinned_item|reminder_add|bot_add|bot_remove"
    r"|bot_enable|bot_disable|ekm_access_denied|message_changed|message_replied|huddle_thread"
    r"|sh_room_created|app_conversation_join|joiner_notification.*|channel_canvas_updated"
)
_TS = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Place:
    """A conversation: id, surface and members."""

    id: str
    surface: Surface = "group"
    members: list[str] = field(default_factory=list)


class Slack:
    """See the module's docstring."""

    name = "slack"
    title = "Slack workspace export"

    def sniff(self, source: Source) -> int:
        """Sure when day files stand beside a list of channels, direct messages or users."""
        if source.kind == "file":
            keys = outline(source.head(source.entries()[0], 1 << 15)) if source.entries() else ()
            has_author = "item.user" in keys or "item.bot_id" in keys
            return 75 if {"item.ts", "item.type"} <= set(keys) and has_author else 0
        names = {entry.name.lower() for entry in source.entries(".json")}
        listed = names & {*_LISTS, *_USERS}
        days = any(_DAY.match(entry.path) for entry in source.entries(".json"))
        if days and listed:
            return 95
        if "users.json" in names and "channels.json" in names:
            return 80
        if not days:
            return 0
        day = next(entry for entry in source.entries(".json") if _DAY.match(entry.path))
        keys = outline(source.head(day, 1 << 15))
        return 70 if "item.ts" in keys and "item.type" in keys else 0

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Stream the messages, conversation by conversation, day by day."""
        roster = Roster()
        users = _users(source, log)
        places = _places(source, log)
        if source.kind == "file":
            days = [(entry, "slack") for entry in source.entries()]
        else:
            days = []
            for entry in source.entries(".json"):
                match = _DAY.match(entry.path)
                if match:
                    days.append((entry, match["folder"]))
                elif entry.name.lower() not in {*_LISTS, *_USERS}:
                    log.skip("file that is no day of a conversation")
        if not days and not places and not users:
            raise ExportError("holds no Slack conversation", where=source.label)
        for entry, folder in days:
            known = places.get(folder)
            if known is None:
                known = places[folder] = _Place(identifier(folder) or "slack")
            yield from _read_day(source, entry, known, users, roster, log)


def _users(source: Source, log: ImportLog) -> dict[str, Account]:
    """Accounts by id, to be given out when they first appear."""
    found: dict[str, Account] = {}
    if source.kind == "file":
        return found
    for entry in source.entries("users.json"):
        if entry.name.lower() not in _USERS:
            continue
        for path, index, user in walk_json(source, entry, ("",), log):
            if path != "item":
                continue
            own = identifier(user.get("id")) if isinstance(user, dict) else None
            if own is None:
                log.bad(f"{entry.name} record {index + 1}, field id", "is missing", raw_of(user))
                continue
            zone = user.get("tz")
            is_bot = user.get("is_bot") is True
            found[own] = Account(
                id=own,
                display_name=_name(user),
                time_zone=zone if isinstance(zone, str) and zone else None,
                roles=["bot"] if is_bot else [],
            )
    return found


def _name(user: dict[str, Any]) -> str | None:
    profile = user.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    for value in (
        profile.get("display_name"),
        profile.get("real_name"),
        user.get("display_name"),
        user.get("real_name"),
        user.get("name"),
    ):
        if isinstance(value, str) and value:
            return whole(value)
    return None


def _places(source: Source, log: ImportLog) -> dict[str, _Place]:
    """Conversations by the name of their folder."""
    found: dict[str, _Place] = {}
    if source.kind == "file":
        return found
    for file, surface in _LISTS.items():
        for entry in source.entries(file):
            if entry.name.lower() != file:
                continue
            for path, index, value in walk_json(source, entry, ("",), log):
                if path != "item":
                    continue
                own = identifier(value.get("id")) if isinstance(value, dict) else None
                if own is None:
                    log.bad(f"{file} record {index + 1}, field id", "is missing", raw_of(value))
                    continue
                members = value.get("members")
                named = [identifier(item) for item in members] if isinstance(members, list) else []
                actual: Surface = "group" if value.get("is_private") is True else surface
                place = _Place(own, surface if surface == "direct" else actual)
                if file in ("dms.json", "mpims.json"):
                    place.members = [item for item in named if item is not None]
                folder = value.get("name")
                found[own] = place
                if isinstance(folder, str) and folder:
                    found[folder] = place
    return found


def _moment(value: object) -> datetime | None:
    """Exact time of a `ts` such as `1704100000.123456`."""
    match = _TS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            match = _TS.fullmatch(f"{value:.6f}")
        if match is None:
            return None
    micros = int((match[2] or "0").ljust(6, "0")[:6])
    try:
        return _EPOCH + timedelta(seconds=int(match[1]), microseconds=micros)
    except OverflowError:
        return None


def _sender(value: dict[str, Any]) -> tuple[str, str | None, bool]:
    """Id, name if the message itself carries one, and whether it is a bot."""
    profile = value.get("user_profile")
    name = _name(profile) if isinstance(profile, dict) else None
    user = identifier(value.get("user"))
    if user is not None:
        return user, name, False
    bot = identifier(value.get("bot_id"))
    username = value.get("username")
    label = username if isinstance(username, str) and username else None
    if bot is not None:
        return bot, label, True
    return identifier(label) or DELETED_ACCOUNT, label, label is not None


def _read_day(
    source: Source,
    entry: Entry,
    place: _Place,
    users: dict[str, Account],
    roster: Roster,
    log: ImportLog,
) -> Iterator[Event]:
    for path, index, value in walk_json(source, entry, ("",), log):
        if path != "item":
            continue
        where = f"{entry.path} record {index + 1}"
        if not isinstance(value, dict):
            log.bad(where, "is no object", raw_of(value))
            continue
        kind = value.get("type", "message")
        subtype = value.get("subtype")
        subtype = subtype if isinstance(subtype, str) else ""
        if kind != "message":
            log.skip("record that is no message")
            continue
        deleted_at = None
        stamp = value.get("ts")
        if subtype == "message_deleted" and isinstance(value.get("previous_message"), dict):
            deleted_at = _moment(value.get("ts"))
            value = value["previous_message"]
            stamp = value.get("ts") or stamp
        elif _NOTICES.fullmatch(subtype):
            log.skip(f"notice: {subtype}")
            continue
        sent_at = _moment(stamp)
        if sent_at is None:
            log.bad(f"{where}, field ts", "is no time", raw_of(value))
            continue
        text = value.get("text")
        if text is None:
            text = ""
        if not isinstance(text, str):
            log.bad(f"{where}, field text", "is no text", raw_of(value))
            continue
        if subtype == "tombstone":
            deleted_at = sent_at
        sender, name, is_bot = _sender(value)
        yield from _meet(roster, users, sender, name, is_bot)
        recipients = [member for member in place.members if member != sender]
        for member in recipients:
            yield from _meet(roster, users, member, None, False)
        thread = value.get("thread_ts")
        edited = value.get("edited")
        yield Message(
            id=f"{place.id}:{stamp}",
            conversation_id=place.id,
            sender_id=sender,
            recipient_ids=recipients,
            sent_at=sent_at,
            text=whole(text),
            surface=place.surface,
            attachments=_files(source, value),
            reply_to=identifier(f"{place.id}:{thread}") if thread and thread != stamp else None,
            edited_at=_moment(edited.get("ts")) if isinstance(edited, dict) else None,
            deleted_at=deleted_at,
        )


def _meet(
    roster: Roster, users: dict[str, Account], sender: str, name: str | None, is_bot: bool
) -> Iterator[Event]:
    if sender in roster.names:
        return
    known = users.get(sender)
    if known is not None:
        roster.names[sender] = known.display_name
        yield known
        return
    account = roster.meet(sender, name, roles=["bot"] if is_bot else [])
    if account is not None:
        yield account


def _files(source: Source, value: dict[str, Any]) -> list[Attachment]:
    files = value.get("files")
    listed = files if isinstance(files, list) else []
    if isinstance(value.get("file"), dict):
        listed = [*listed, value["file"]]
    found = []
    for item in listed:
        if not isinstance(item, dict):
            continue
        name = item.get("name") or item.get("title")
        media, size = item.get("mimetype"), item.get("size")
        found.append(
            attach(
                source,
                name=name if isinstance(name, str) else None,
                media_type=media if isinstance(media, str) and media else None,
                size=size if isinstance(size, int) else None,
            )
        )
    return found


IMPORTER = Slack()
