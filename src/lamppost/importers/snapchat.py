"""Snapchat: chat history from "My Data".

What: `json/chat_history.json`, inside the zip or folder or on its own, in both shapes:
current (conversation to list of `From`, `Media Type`, `Created`, `Content`, `Conversation
Title`, `IsSender`, `Created(microseconds)`, `Media IDs`) and old (`Received Saved Chat History`,
`Sent Saved Chat History` and their `Unsaved` sisters, with `From` or `To` and `Text`).
`account.json` tells who the owner is and `friends.json` the display names, where present.

How to obtain it: accounts.snapchat.com, My Data, "Include JSON", chat history; the link comes by
mail.

What is lost: Snapchat keeps only what was saved or not yet opened; snaps appear in
`snap_history.json` without content and are counted, not imported. An erased message is kept as a
message without text and with `deleted_at`: that something was deleted is a fact. Other status
records (a screenshot, a member who left) are counted.

Traps: `Created(microseconds)` really holds milliseconds; `Text` of the old shape has HTML
entities; newest messages come first; a group without a title is told from a direct chat only by
having three senders.

Source: `reference/standards.md` section 7; public parsers and schema notes of both shapes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from lamppost.core.errors import ExportError
from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Attachment, Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    CLOSE,
    DELETED_ACCOUNT,
    OPEN,
    Roster,
    attach,
    from_unix,
    identifier,
    outline,
    quiet,
    raw_of,
    walk_json,
    whole,
)
from lamppost.importers.shelf import Shelf
from lamppost.importers.source import Entry, Source

_OLD = re.compile(r"^(Received|Sent) (?:Saved|Unsaved) Chat History$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}_")
_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", re.I)
_ERASED: Final = frozenset({"STATUSERASEDMESSAGE", "STATUSERASEDSNAPMESSAGE"})
_KINDS: Final = {
    "IMAGE": "image/*",
    "PHOTO": "image/*",
    "VIDEO": "video/*",
    "VIDEO_NO_AUDIO": "video/*",
    "NOTE": "audio/*",
    "AUDIO": "audio/*",
}
_PLAIN: Final = frozenset({"TEXT", "", "STATUS"})


class _Row(msgspec.Struct, array_like=True, gc=False):
    """One message, reduced to what is kept; waits on the shelf."""

    ms: int
    sender: str
    text: str
    media: list[str]
    kind: str
    gone: bool
    other: str = ""
    title: str = ""


class Snapchat:
    """Reads Snapchat's "My Data"."""

    name = "snapchat"
    title = "Snapchat My Data"

    def sniff(self, source: Source) -> int:
        """By `chat_history.json`, and by its keys."""
        entry = _history(source)
        if entry is None:
            web = any(
                item.path.lower().endswith(("html/chat_history.html", "/chat_history.html"))
                for item in source.entries(".html")
            )
            return 60 if web else 0
        head = source.head(entry, 65536)
        if _looks(head):
            return 95
        if entry.name.lower() == "chat_history.json":
            return 70 if head.strip(b"\xef\xbb\xbf \r\n\t") in (b"{}", b"") else 10
        return 0

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Conversations in file order, each oldest first; the old shape all by time."""
        entry = _history(source)
        if entry is None:
            raise ExportError(
                "holds no json/chat_history.json",
                where=source.label,
                hint='ask for My Data again with "Include JSON"',
            )
        _count_snaps(source, entry, log)
        folder = entry.path.rpartition("/")[0]
        roster = _People(source, folder, options, log)
        media = _media_index(source)
        shelf: Shelf[_Row] = Shelf(_Row)
        old: Shelf[_Row] = Shelf(_Row)
        title = ""
        for path, key, value in walk_json(source, entry, {"", "*"}, log):
            if path == "*.item":
                match = _OLD.match(title)
                place = f"{entry.path}, {'record' if match else 'conversation record'} {key + 1}"
                row = _row(value, place, match[1] if match else "", log)
                if row is not None:
                    (old if match else shelf).add(row.ms, row)
            elif path == "*" and value is OPEN:
                title, shelf = str(key), Shelf(_Row)
            elif path == "*" and value is CLOSE:
                if len(shelf):
                    yield from _current(title, shelf, roster, media, source, log)
                shelf = Shelf(_Row)
            elif (path == "*" and value is not None) or path.startswith("*."):
                log.bad(f"{entry.path}", "a conversation is not a list", raw_of(value))
            elif path == "item" or (path == "" and not isinstance(value, type(OPEN))):
                log.bad(f"{entry.path}", "is not a Snapchat chat history", raw_of(value))
        if len(shelf):  # the file broke off inside a conversation
            yield from _current(title, shelf, roster, media, source, log)
        if len(old):
            yield from _legacy(old, roster, media, source)


def _looks(head: bytes) -> bool:
    for key in outline(head):
        first, _, last = key.rpartition(".")
        if _OLD.match(key):
            return True
        if first.endswith(".item") and last in ("Media Type", "Created(microseconds)", "IsSender"):
            return True
    return False


def _history(source: Source) -> Entry | None:
    """The chat history: by name, or the only file when its keys are Snapchat's."""
    named = [
        entry for entry in source.entries(".json") if entry.name.lower() == "chat_history.json"
    ]
    if named:
        return min(named, key=lambda entry: entry.path.count("/"))
    for entry in source.entries(".json") if len(source.entries()) <= 4 else []:
        if entry.name.lower() != "snap_history.json" and _looks(source.head(entry, 65536)):
            return entry
    return None


def _count_snaps(source: Source, history: Entry, log: ImportLog) -> None:
    path = history.path[: -len(history.name)] + "snap_history.json"
    if not source.has(path):
        return
    count = 0
    with quiet(source):
        for where, _, _ in walk_json(source, path, {"", "*"}, ImportLog()):
            count += where == "*.item"
    if count:
        log.skip("snaps listed without content in snap_history.json", count)


class _People:
    """Who is who: the owner, display names, and accounts already given out."""

    def __init__(self, source: Source, folder: str, options: ImportOptions, log: ImportLog):
        prefix = f"{folder}/" if folder else ""
        self.log = log
        self.owner = identifier(options.owner)
        self._names: dict[str, str] = {}
        self._roster = Roster()
        quietly = ImportLog()
        with quiet(source):
            if self.owner is None and source.has(f"{prefix}account.json"):
                for _, _, value in walk_json(source, f"{prefix}account.json", {""}, quietly):
                    if isinstance(value, dict) and isinstance(value.get("Username"), str):
                        self.owner = identifier(value["Username"])
                        break
            if source.has(f"{prefix}friends.json"):
                lists = walk_json(source, f"{prefix}friends.json", {"", "*"}, quietly)
                for path, _, value in lists:
                    if path == "*.item" and isinstance(value, dict):
                        user, shown = value.get("Username"), value.get("Display Name")
                        if isinstance(user, str) and isinstance(shown, str) and shown:
                            self._names[user] = shown

    def meet(self, account: str) -> Iterator[Event]:
        """The account, the first time."""
        event = self._roster.meet(account, self._names.get(account, account))
        if event is not None:
            yield event


def _media_index(source: Source) -> dict[str, str]:
    """Media id to its file: `chat_media/2024-04-20_b~abc.jpg` is `b~abc`."""
    found: dict[str, str] = {}
    for entry in source.entries():
        if "chat_media/" in f"{entry.path}":
            stem = _DAY.sub("", entry.name).rsplit(".", 1)[0]
            found.setdefault(stem, entry.path)
    return found


def _moment(record: dict[str, Any]) -> datetime | None:
    """The time to the millisecond: the number if it is sane, else the UTC string."""
    written = None
    created = record.get("Created")
    if isinstance(created, str):
        try:
            written = datetime.strptime(
                created.strip().removesuffix("UTC").strip(), "%Y-%m-%d %H:%M:%S"
            ).replace(tzinfo=UTC)
        except ValueError:
            written = None
    number = record.get("Created(microseconds)")
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        exact = from_unix(number, 1_000_000 if number >= 10**15 else 1000)
        if exact is not None and (written is None or abs((exact - written).total_seconds()) < 2):
            return exact
    return written


def _row(record: Any, place: str, direction: str, log: ImportLog) -> _Row | None:
    if not isinstance(record, dict):
        log.bad(place, "is not an object", raw_of(record))
        return None
    moment = _moment(record)
    if moment is None:
        log.bad(f"{place}, field Created", "is no time", raw_of(record))
        return None
    kind = str(record.get("Media Type") or "").upper()
    text = record.get("Content")
    if text is None and isinstance(record.get("Text"), str):
        text = html.unescape(record["Text"])
    if text is not None and not isinstance(text, str):
        log.bad(f"{place}, field Content", "is not text", raw_of(record))
        return None
    if kind.startswith("STATUS") and kind not in _ERASED and not text:
        log.skip(f"Snapchat status records ({kind})")
        return None
    if kind in _ERASED:
        log.note(
            "Erased messages are kept without text; the time they were erased stands in for the "
            "time they were sent."
        )
    sender, other = record.get("From"), record.get("To")
    sent = direction == "Sent" or record.get("IsSender") is True
    if direction == "Sent" and other is None and record.get("IsSender") is True:
        sender, other = None, sender  # one version of the old shape says From for both
    ids = record.get("Media IDs")
    title = record.get("Conversation Title")
    return _Row(
        ms=to_ms(moment),
        sender=("\x00" if direction == "Sent" else "") if sender is None else _id(sender),
        text=whole(text) if text else "",
        media=[part.strip() for part in whole(ids).split("|") if part.strip()]
        if isinstance(ids, str)
        else [],
        kind=whole(kind),
        gone=kind in _ERASED,
        other=_id(other) if other is not None else ("\x01" if sent else ""),
        title=whole(title) if isinstance(title, str) else "",
    )


def _id(value: object) -> str:
    return identifier(value) or DELETED_ACCOUNT


def _attachments(row: _Row, media: dict[str, str], source: Source) -> list[Attachment]:
    kind = _KINDS.get(row.kind)
    if not row.media:
        if row.kind in _PLAIN or row.kind.startswith("STATUS"):
            return []
        return [Attachment(media_type=kind, name=row.kind.lower())]
    found = []
    for item in row.media:
        path = media.get(item)
        with quiet(source):
            found.append(
                attach(
                    source,
                    name=path or item,
                    path=path,
                    media_type=kind if path is None else None,
                )
            )
    return found


def _current(
    key: str,
    shelf: Shelf[_Row],
    people: _People,
    media: dict[str, str],
    source: Source,
    log: ImportLog,
) -> Iterator[Event]:
    conversation = identifier(key) or "conversation"
    senders: dict[str, None] = {}
    title = ""
    for row in shelf:
        senders.setdefault(row.sender or DELETED_ACCOUNT)
        title = title or row.title
        if row.other == "\x01" and people.owner is None and row.sender:
            people.owner = row.sender
    group = bool(title) or len(senders) > 2
    members = list(senders)
    if not group:
        if key and not _UUID.match(key) and len(members) < 2 and key not in senders:
            members.append(conversation)
        if people.owner and people.owner not in members and len(members) < 2:
            members.append(people.owner)
    for person in members:
        yield from people.meet(person)
    for number, row in enumerate(shelf, 1):
        sender = row.sender or DELETED_ACCOUNT
        moment = from_unix(row.ms, 1000)
        assert moment is not None
        yield Message(
            id=identifier(f"{conversation}:{number}") or str(number),
            conversation_id=conversation,
            sender_id=sender,
            recipient_ids=[] if group else [person for person in members if person != sender],
            sent_at=moment,
            text=row.text,
            surface="group" if group else "direct",
            attachments=_attachments(row, media, source),
            deleted_at=moment if row.gone else None,
        )


def _legacy(
    shelf: Shelf[_Row], people: _People, media: dict[str, str], source: Source
) -> Iterator[Event]:
    owner = people.owner or "me"
    if people.owner is None:
        people.log.note("The export does not say who its owner is; their id is `me`.")
    numbers: dict[str, int] = {}
    for row in shelf:
        sender = owner if row.sender == "\x00" else (row.sender or DELETED_ACCOUNT)
        other = row.other if row.other not in ("", "\x01") else ""
        friend = other if sender == owner else sender
        conversation = identifier(row.title or friend) or "conversation"
        group = bool(row.title)
        recipient = other or (DELETED_ACCOUNT if sender == owner else owner)
        for person in [sender] if group and not other else [sender, recipient]:
            yield from people.meet(person)
        numbers[conversation] = number = numbers.get(conversation, 0) + 1
        moment = from_unix(row.ms, 1000)
        assert moment is not None
        yield Message(
            id=identifier(f"{conversation}:{number}") or str(number),
            conversation_id=conversation,
            sender_id=sender,
            recipient_ids=[] if group else [recipient],
            sent_at=moment,
            text=row.text,
            surface="group" if group else "direct",
            attachments=_attachments(row, media, source),
            deleted_at=moment if row.gone else None,
        )


IMPORTER = Snapchat()
