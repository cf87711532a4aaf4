"""What Instagram and Messenger exports share: both come from Meta in one shape.

See `instagram` and `messenger` for how to obtain each. Shapes read, as a folder, a zip or a
single `message_N.json`:

- `…/messages/<box>/<thread>/message_N.json` with `participants`, `title`, `thread_path` and
  `messages` (`sender_name`, `timestamp_ms`, `content`, `photos`, `videos`, `audio_files`,
  `gifs`, `files`, `sticker`, `share`, `call_duration`, `is_unsent`, …), old and new root
  folders. `<box>` is `inbox`, `archived_threads`, `e2ee_cutover`, `message_requests` or
  `filtered_threads`; the last two mean that a stranger wrote, and set `request`.
- Messenger's end-to-end download: `<name>_<n>.json` with `participants` (names), `threadName`
  and `messages` (`senderName`, `timestamp`, `text`, `type`, `isUnsent`, `media`).

Traps. Text is UTF-8 that was written as if it were Latin-1 ("mojibake"): it is repaired string
by string, and left alone where it is already right. Files hold the newest message first and
`message_1` is the newest file: both are turned round. People are display names, not ids: two
participants with one name cannot be told apart, and a person who changed their name keeps only
the last one. Messages have no ids: they are numbered from the oldest of the thread.

What is lost: reactions, captions of shared posts and polls (counted in the summary). The time
at which something was unsent is not in the export: the time it was sent stands in.

Sources: `reference/standards.md` section 7; public parsers of both shapes (2024 to 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from lamppost.core.errors import ExportError
from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Attachment, Event, Message, Room
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
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

BOXES: Final = (
    "archived_threads",
    "inbox",
    "filtered_threads",
    "message_requests",
    "e2ee_cutover",
)
"""Folders that hold threads; a thread found in several is read in this order."""

REQUEST_BOXES: Final = frozenset({"message_requests", "filtered_threads"})

_NUMBERED = re.compile(r"(?:^|/)message_(\d+)\.json$", re.IGNORECASE)
_THREAD = re.compile(
    rf"(?:^|/)messages/(?P<box>{'|'.join(BOXES)})/(?P<thread>[^/]+)/message_\d+\.json$",
    re.IGNORECASE,
)
_HTML = re.compile(rf"(?:^|/)messages/(?:{'|'.join(BOXES)})/[^/]+/message_\d+\.html$")
_MEDIA_KEYS: Final = ("photos", "videos", "audio_files", "gifs", "files")
_HIGH = re.compile("[\x80-\xff]")
_SEQUENCE = re.compile(
    "[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    "|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    "|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_INSTAGRAM: Final = (
    "your_instagram_activity/",
    "followers_and_following/",
    "ads_and_topics/",
    "account_information/",
    "story_sticker_interactions/",
)
_MESSENGER: Final = (
    "your_facebook_activity/",
    "your_activity_across_facebook/",
    "/e2ee_cutover/",
    "messages/e2ee_cutover/",
    "messages/stickers_used/",
    "friends_and_followers/",
    "profile_information/",
    "messages/archived_threads/",
)


def repair(text: str) -> str:
    """Undo UTF-8 written as Latin-1; text that is already right comes back unchanged.

    A string that was cut inside a character keeps that piece and is repaired around it.
    """
    if text.isascii() or not _HIGH.search(text):
        return whole(text)
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeEncodeError:
        return whole(text)  # holds characters beyond Latin-1: it was written right
    except UnicodeDecodeError:
        return _SEQUENCE.sub(lambda match: match[0].encode("latin-1").decode("utf-8"), text)


class _Row(msgspec.Struct, array_like=True, gc=False):
    """One message, reduced to what is kept; waits on the shelf."""

    ms: int
    sender: str
    text: str
    media: list[str]
    gone: bool
    call: bool
    joined: list[str]
    left: list[str]


class _Thread(msgspec.Struct):
    """What a file says of its conversation as a whole."""

    people: list[str] = []
    title: str = ""
    path: str = ""
    group: bool = False


class Meta:
    """Reads Instagram or Messenger; `name` is `instagram` or `messenger`."""

    def __init__(self, name: str, title: str) -> None:
        """`title` is the name for people."""
        self._name = name
        self._title = title

    @property
    def name(self) -> str:
        """Word for `--format`."""
        return self._name

    @property
    def title(self) -> str:
        """Name for people."""
        return self._title

    def sniff(self, source: Source) -> int:
        """By the place of `message_N.json`, else by the keys at the head of the files."""
        paths = [entry.path for entry in source.entries()]
        certain = 0
        threads = [path for path in paths if _THREAD.search(path)]
        if threads:
            certain = 90
        else:
            for entry in source.entries(".json")[:8]:
                shape = _shape(source, entry)
                if shape == "e2ee":
                    return 90 if self._name == "messenger" else 0
                if shape == "thread":
                    certain = 85
                    threads = [entry.path]
                    break
        if not certain:
            html = [path for path in paths if _HTML.search(path)]
            if not html:
                return 0
            certain, threads = 60, html
        return certain if _brand(source, paths, threads) == self._name else certain - 30

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Threads in order of their name, each oldest first."""
        del options  # times are UTC and nobody needs naming
        roster = Roster()
        numbers: dict[str, int] = {}
        threads = _threads(source)
        if not threads and any(_HTML.search(entry.path) for entry in source.entries(".html")):
            raise ExportError(
                "holds web pages, not JSON",
                where=source.label,
                hint="ask for the export again and choose the format JSON",
            )
        for folder, entries in threads:
            for entry in entries:
                yield from _file(source, folder, entry, roster, numbers, log)


def _shape(source: Source, entry: Entry) -> str:
    """`thread`, `e2ee` or empty, by the first bytes of a JSON file."""
    keys = outline(source.head(entry, 65536))
    if {"participants", "messages", "messages.item.sender_name"} <= keys:
        return "thread"
    if {"participants.item.name", "messages"} <= keys and _NUMBERED.search(entry.path):
        return "thread"
    if "participants.item.name" in keys and "thread_path" in keys:
        return "thread"
    if {"participants", "threadName"} <= keys or {
        "participants",
        "messages.item.senderName",
    } <= keys:
        return "e2ee"
    return ""


def _brand(source: Source, paths: list[str], threads: list[str]) -> str:
    """Whether the export is Instagram's or Messenger's: by folders, then file name, then head."""
    joined = "\n".join([source.label.lower(), *paths])
    insta = sum(mark in joined for mark in _INSTAGRAM)
    face = sum(mark in joined for mark in _MESSENGER)
    label = joined.partition("/")[0].lower()
    insta += "instagram" in label
    face += "facebook" in label or "messenger" in label
    if insta == face:
        head = source.head(threads[0], 65536)
        insta += b"your_instagram_activity" in head or b"instagram.com/" in head
        face += b"your_facebook_activity" in head or b"e2ee_cutover/" in head
        face += b'"bumped_message_metadata"' in head
    if insta == face:
        # Messenger's thread folders are CamelCase names; Instagram's are lower-case handles
        names = [path.split("/")[-2] for path in threads if "/" in path]
        return "messenger" if any(name != name.lower() for name in names) else "instagram"
    return "instagram" if insta > face else "messenger"


def _threads(source: Source) -> list[tuple[str, list[Entry]]]:
    """Conversation folder and its files, oldest file first; a lone file stands for itself."""
    found: dict[str, list[tuple[int, int, str, Entry]]] = {}
    for entry in source.entries(".json"):
        match = _NUMBERED.search(entry.path)
        if match is None:
            if _shape(source, entry):
                found.setdefault(entry.path, []).append((0, 0, entry.path, entry))
            continue
        parts = entry.path.split("/")
        folder = parts[-2] if len(parts) > 1 else source.path.name
        if source.kind == "file":
            folder = entry.path
        elif len(parts) == 1 and source.kind == "zip":
            folder = source.path.stem
        box = parts[-3] if len(parts) > 2 else ""
        rank = BOXES.index(box) if box in BOXES else -1
        found.setdefault(folder, []).append((rank, -int(match[1]), entry.path, entry))
    return [
        (folder, [entry for *_, entry in sorted(files, key=lambda item: item[:3])])
        for folder, files in sorted(found.items())
    ]


_DESCEND: Final = frozenset({"", "messages"})


def _file(
    source: Source,
    folder: str,
    entry: Entry,
    roster: Roster,
    numbers: dict[str, int],
    log: ImportLog,
) -> Iterator[Event]:
    thread = _Thread()
    shelf: Shelf[_Row] = Shelf(_Row)
    is_thread = False
    for path, key, value in walk_json(source, entry, _DESCEND, log):
        if path == "messages.item":
            place = f"{entry.path} record {key + 1}"
            row = _row(value, place, log)
            if row is not None:
                shelf.add(row.ms, row)
        elif path == "messages":
            if value is OPEN:
                is_thread = True
            elif isinstance(value, dict | str | int | float | bool):
                log.bad(f"{entry.path}, field messages", "is not a list", raw_of(value))
        elif path == "participants" and isinstance(value, list):
            thread.people = _people(value)
        elif path in ("title", "threadName") and isinstance(value, str):
            thread.title = repair(value)
        elif path == "thread_path" and isinstance(value, str):
            thread.path = repair(value)
        elif path == "joinable_mode" or (path == "thread_type" and value == "RegularGroup"):
            thread.group = True
        elif path in ("item", "") and value is not OPEN and isinstance(value, dict):
            log.bad(entry.path, "is not a Meta conversation", raw_of(value))
    if not is_thread:
        log.skip("JSON files without messages")
        return
    yield from _emit(source, folder, entry, thread, shelf, roster, numbers, log)


def _people(value: list[Any]) -> list[str]:
    people: list[str] = []
    for item in value:
        name = item.get("name") if isinstance(item, dict) else item
        if isinstance(name, str):
            account = identifier(repair(name)) or DELETED_ACCOUNT
            if account not in people:
                people.append(account)
    return people


def _row(record: Any, place: str, log: ImportLog) -> _Row | None:
    if not isinstance(record, dict):
        log.bad(place, "is not an object", raw_of(record))
        return None
    stamp = record.get("timestamp_ms", record.get("timestamp"))
    moment = from_unix(stamp, 1000)
    if moment is None:
        field = "timestamp" if "timestamp" in record else "timestamp_ms"
        log.bad(f"{place}, field {field}", "is no time", raw_of(record))
        return None
    sender = record.get("sender_name", record.get("senderName"))
    if sender is not None and not isinstance(sender, str):
        log.bad(f"{place}, field sender_name", "is not text", raw_of(record))
        return None
    text = record.get("content", record.get("text"))
    if text is not None and not isinstance(text, str):
        log.bad(f"{place}, field content", "is not text", raw_of(record))
        return None
    kind = record.get("type")
    if kind == "placeholder":
        log.note("Some messages are placeholders: their content is not in this export.")
    reactions = record.get("reactions")
    if isinstance(reactions, list) and reactions:
        log.skip("reactions", len(reactions))
    named = _names(record.get("users")) if kind in ("Subscribe", "Unsubscribe") else []
    gone = any(
        record.get(flag) is True
        for flag in ("is_unsent", "isUnsent", "is_unsent_image_by_messenger_kid_parent")
    )
    if gone:
        log.note(
            "Unsent messages are marked as deleted; when they were unsent is not in the export, "
            "so the time sent stands in."
        )
    if record.get("is_unsent_image_by_messenger_kid_parent") is True:
        log.note("A parent removed an image with Messenger Kids.")
    return _Row(
        ms=to_ms(moment),
        sender=(identifier(repair(sender)) if sender else None) or DELETED_ACCOUNT,
        text=repair(text) if text else "",
        media=_media(record, log),
        gone=gone,
        call=kind == "Call" or "call_duration" in record,
        joined=named if kind == "Subscribe" else [],
        left=named if kind == "Unsubscribe" else [],
    )


def _names(users: Any) -> list[str]:
    return _people(users) if isinstance(users, list) else []


def _media(record: dict[str, Any], log: ImportLog) -> list[str]:
    """Addresses of the files and links of a message, in order."""
    found: list[str] = []
    for key in (*_MEDIA_KEYS, "media"):
        items = record.get(key)
        if not isinstance(items, list):
            continue
        for item in items:
            uri = item.get("uri") if isinstance(item, dict) else item
            if isinstance(uri, str) and uri and (key != "media" or "/" in uri):
                found.append(repair(uri.removeprefix("./")))
            else:
                log.skip("attachments that are not in the export")
    sticker = record.get("sticker")
    if isinstance(sticker, dict) and isinstance(sticker.get("uri"), str) and sticker["uri"]:
        found.append(repair(sticker["uri"]))
    share = record.get("share")
    if isinstance(share, dict):
        link = share.get("link")
        if isinstance(link, str) and link:
            found.append(repair(link))
        if share.get("share_text"):
            log.skip("captions of shared posts")
    return found


def _emit(
    source: Source,
    folder: str,
    entry: Entry,
    thread: _Thread,
    shelf: Shelf[_Row],
    roster: Roster,
    numbers: dict[str, int],
    log: ImportLog,
) -> Iterator[Event]:
    name = folder
    if folder == entry.path:  # a lone file: it says itself which conversation it is
        stem = entry.name.rsplit(".", 1)[0]
        name = thread.path.rsplit("/", 1)[-1] or (thread.title or stem)
        if not _NUMBERED.search(entry.path):
            name = thread.title or stem
    conversation = identifier(name) or entry.name
    boxes = {*entry.path.split("/")[:-2], *thread.path.split("/")[:-1]}
    request = bool(boxes & REQUEST_BOXES)
    group = thread.group or len(thread.people) > 2
    files = _Files(source, entry)
    started = False
    for row in shelf:
        if not started:
            started = True
            for person in thread.people:
                account = roster.meet(person, person)
                if account is not None:
                    yield account
        for person in (row.sender, *row.joined, *row.left):
            account = roster.meet(person, person)
            if account is not None:
                yield account
        numbers[conversation] = number = numbers.get(conversation, 0) + 1
        moment = from_unix(row.ms, 1000)
        assert moment is not None
        message_id = _number_id(conversation, number)
        yield Message(
            id=message_id,
            conversation_id=conversation,
            sender_id=row.sender,
            recipient_ids=[]
            if group
            else [person for person in thread.people if person != row.sender],
            sent_at=moment,
            text=row.text,
            labels=["call"] if row.call else [],
            surface="group" if group else "direct",
            attachments=[files.attachment(uri) for uri in row.media],
            deleted_at=moment if row.gone else None,
            request=request,
        )
        yield from _rooms(row, conversation, message_id, moment)


def _rooms(row: _Row, conversation: str, message_id: str, moment: datetime) -> Iterator[Event]:
    steps = [(person, "joined") for person in row.joined]
    steps += [(person, "left") for person in row.left]
    for index, (person, action) in enumerate(steps, 1):
        yield Room(
            id=identifier(f"{message_id}:{index}") or message_id,
            room_id=conversation,
            actor_id=person,
            action="joined" if action == "joined" else "left",
            at=moment,
        )


def _number_id(conversation: str, number: int) -> str:
    return identifier(f"{conversation}:{number}") or str(number)


class _Files:
    """Finds the files that messages name; addresses start at the root of the whole export."""

    def __init__(self, source: Source, entry: Entry) -> None:
        self._source = source
        self._folders = entry.path.split("/")[:-1]

    def attachment(self, uri: str) -> Attachment:
        """Digest, size and kind of the file at `uri`, or only its address if it is elsewhere."""
        if uri.startswith(("http://", "https://")):
            return Attachment(name=whole(uri), media_type="text/uri-list")
        with quiet(self._source):
            return attach(self._source, name=uri, path=self._find(uri))

    def _find(self, uri: str) -> str | None:
        parts = [part for part in uri.split("/") if part not in ("", ".", "..")]
        prefixes = ["/".join(self._folders[:depth]) for depth in range(len(self._folders) + 1)]
        for drop in range(len(parts)):
            tail = "/".join(parts[drop:])
            for prefix in prefixes:
                path = f"{prefix}/{tail}" if prefix else tail
                if self._source.has(path):
                    return path
        return None
