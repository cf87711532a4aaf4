r"""Tables: CSV and its kin, NDJSON of any objects, and JSON lists of objects.

What: one message a row. CSV with commas, semicolons, tabs or bars and a header line; one JSON
object a line; a JSON list of objects, at the root or under one key. Nested JSON fields have
dotted names, such as `author.name`.

How columns are found: common names (`text`, `message`, `body`; `sender`, `from`, `author`;
`time`, `date`, `timestamp`; `conversation`, `thread`, `chat`; `recipient`, `to`; `id`) in any
spelling, or as told: `--column text=NAME`. Text, sender and time must be there. Without a
conversation, rows with one recipient are grouped by the pair, all others are one conversation
named after the file.

Times: ISO 8601, RFC 2822, seconds, milli-, micro- and nanoseconds since 1970, `1/2/2026 9:05 PM`
and month names. Whether the day or the month comes first is inferred from the whole file: a
number above 12, else the reading in which time goes backward least often; the log says so when
neither decides. Times without an offset are in the time zone of the options, and the log says so.

What is lost: columns without a place in the vocabulary. A row with a wrong number of cells, no
sender or no time is set aside. Rows are kept in file order; a file that is newest first is turned
round.

Traps: a header is required, since guessing columns from content would put text in errors; a quote
that is never closed takes in the rest of the file, so that its line is set aside and the lines
after it are read again; a table cannot say which of two people with one name is meant.

Source: RFC 4180 for quoting; everything else is observed practice.
"""

from __future__ import annotations

import csv
import email.utils
import hashlib
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final, Literal, NamedTuple, cast

import msgspec

from lamppost.core.errors import ExportError, UsageError
from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    Roster,
    decode_head,
    identifier,
    outline,
    quiet,
    raw_of,
    text_chunks,
    text_lines,
    walk_json,
    whole,
)
from lamppost.importers.shelf import Shelf
from lamppost.importers.source import Entry, Source

csv.field_size_limit(1 << 30)

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "text": (
        "text", "message", "body", "content", "contents", "msg", "messagetext", "messagebody",
        "messagecontent", "contenttext", "contentbody", "chatmessage", "chattext", "utterance",
        "comment", "textbody", "plaintext",
    ),
    "sender_id": (
        "senderid", "sender", "fromid", "from", "authorid", "author", "userid", "user", "username",
        "sendername", "fromname", "fromuser", "fromuserid", "authorname", "authorusername",
        "senderusername", "speaker", "name", "nickname", "nick", "handle", "screenname",
        "displayname", "account", "accountid", "member", "participant", "who", "player",
        "playerid", "playername",
    ),
    "sent_at": (
        "sentat", "timestamp", "datetime", "createdat", "senttime", "sentdate", "messagetime",
        "timestampms", "datesent", "timesent", "senton", "postedat",
        "createdon", "created", "sent", "ts", "when", "epoch", "unixtime", "date", "time",
    ),
    "conversation_id": (
        "conversationid", "conversation", "threadid", "thread", "channelid", "channel", "chatid",
        "chat", "roomid", "room", "groupid", "group", "dialogid", "dialog", "dialogue",
        "chatname", "channelname", "roomname", "groupname", "conversationname", "threadname",
        "conversationtitle", "session", "sessionid",
    ),
    "recipient_ids": (
        "recipientids", "recipientid", "recipient", "recipients", "toid", "to", "receiverid",
        "receiver", "receivers", "touser", "touserid", "toname", "recipientname", "receivername",
        "target", "targetid",
    ),
    "id": ("id", "messageid", "msgid", "uuid", "guid", "eventid", "postid"),
    "display_name": (
        "sendername", "displayname", "authorname", "fromname", "senderdisplayname", "nickname",
        "name", "username", "authorusername", "authordisplayname",
    ),
    "reply_to": ("replyto", "replytoid", "inreplyto", "replytomessageid", "parentid"),
    "edited_at": ("editedat", "edited", "timestampedited", "updatedat"),
    "deleted_at": ("deletedat",),
    "surface": ("surface",),
    "labels": ("labels",),
}  # fmt: skip
"""Event field to column names, surest first, as `_plain` spells them."""

_ALIASES: Final = {
    "sender": "sender_id",
    "author": "sender_id",
    "from": "sender_id",
    "time": "sent_at",
    "date": "sent_at",
    "timestamp": "sent_at",
    "conversation": "conversation_id",
    "thread": "conversation_id",
    "recipient": "recipient_ids",
    "recipients": "recipient_ids",
    "to": "recipient_ids",
    "message": "text",
    "body": "text",
}
_REQUIRED: Final = ("text", "sender_id", "sent_at")
_DELIMITERS: Final = (",", ";", "\t", "|")
_MAX_ROW: Final = 32 * 1024**2
_STAND_IN: Final = "\ufdd0"
_MAX_IDS: Final = 2_000_000

_UTC = re.compile(r"(?<=.)(?:utc|gmt)$")
"""At the end of a column's name: its times are UTC."""

Surface = Literal["direct", "group", "public"]
Order = Literal["dmy", "mdy", "ymd"]


class Record(NamedTuple):
    """One row: where it stands, its cells by column, and its lines for the quarantine."""

    place: str
    cells: dict[str, Any] | None
    reason: str
    lines: Sequence[str]

    @property
    def raw(self) -> bytes:
        """The row as it stands in the file, or its cells as JSON; at most 1 MiB."""
        if not self.lines and self.cells is not None:
            return raw_of(self.cells)
        return "".join(self.lines).encode("utf-8", "replace")[: 1 << 20]


class Table:
    """Reads tables of messages."""

    name = "table"
    title = "Table of messages (CSV, NDJSON, JSON list)"

    def sniff(self, source: Source) -> int:
        """By the column names; never as sure as an importer that knows its format."""
        best = 0
        for entry in _candidates(source)[:16]:
            best = max(best, _sure(source, entry))
        return best if source.kind == "file" else max(best - 10, 0)

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Two passes over each file: one to learn dates and members, one to give out events."""
        entries = _candidates(source)
        if len(entries) > 1:
            entries = [entry for entry in entries if _sure(source, entry)] or entries
        if not entries:
            raise ExportError("holds no table", where=source.label, hint="give a CSV or JSON file")
        roster = Roster()
        numbers: dict[str, int] = {}
        for entry in entries:
            yield from _Reader(source, entry, options, log, roster, numbers).read()


def _candidates(source: Source) -> list[Entry]:
    if source.kind == "file":
        return source.entries()
    suffixes = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json")
    return [entry for entry in source.entries() if entry.path.lower().endswith(suffixes)]


def _plain(name: str) -> str:
    """`Sent At (UTC)` and `sent_at_utc` are `sentatutc`."""
    return re.sub(r"[\W_]+", "", name).lower()


def _guess(columns: Iterable[str]) -> dict[str, str]:
    """Event field to column, by common names; a column serves one field only."""
    by_name: dict[str, str] = {}
    columns = list(columns)
    for column in columns:
        by_name.setdefault(_plain(column), column)
    for column in columns:
        by_name.setdefault(_UTC.sub("", _plain(column)), column)
    found: dict[str, str] = {}
    for field, names in FIELDS.items():
        for name in names:
            if name in by_name and by_name[name] not in found.values():
                found[field] = by_name[name]
                break
    return found


def _sure(source: Source, entry: Entry) -> int:
    layout = _layout(source, entry)
    if layout is None:
        return 0
    complete = _complete(layout.columns)
    suffix = entry.path.lower().rpartition(".")[2]
    if layout.kind == "csv":
        if complete:
            return 60 if suffix in {"csv", "tsv", "tab"} else 50
        return 20 if suffix in {"csv", "tsv", "tab"} and len(layout.columns) > 1 else 0
    if complete:
        return 50 if layout.kind == "lines" else 40
    return 15 if layout.kind == "lines" and suffix in {"jsonl", "ndjson"} else 0


# --- layout -----------------------------------------------------------------------------------


class _Layout(NamedTuple):
    """How a file is laid out: `csv`, `lines` (NDJSON) or `list` (JSON), and its columns."""

    kind: str
    columns: list[str]
    delimiter: str = ""
    key: str = ""
    gap: bool = False  # a space follows each delimiter


def _layout(source: Source, entry: Entry) -> _Layout | None:
    head = source.head(entry, 1 << 16)
    text = decode_head(head).lstrip("\ufeff")
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return _json_layout(head, text)
    if not start or start == "<" or text.count("\x00") > len(text) // 10:
        return None
    return _csv_layout(text, entry)


def _json_layout(head: bytes, text: str) -> _Layout | None:
    stripped = text.lstrip()
    keys = outline(head)
    if stripped[0] == "[":
        columns = sorted(_under("item.", keys))
        return _Layout("list", columns) if columns else None
    columns = _line_columns(stripped)
    lines = [line.lstrip() for line in stripped.split("\n", 2) if line.strip()]
    several = len(lines) > 1 and lines[1].startswith("{")
    if columns and (several or not _lists(keys) or _complete(columns)):
        return _Layout("lines", columns)
    if "\n" not in stripped and not columns:  # one line, longer than the head
        columns = sorted(key for key in keys if key != "{" and ".item" not in key)
        if _complete(columns):
            return _Layout("lines", columns)
    best: _Layout | None = None
    for key in sorted(_lists(keys)):
        columns = sorted(_under(f"{key}.item.", keys))
        if best is None or len(_guess(columns)) > len(_guess(best.columns)):
            best = _Layout("list", columns, key=key)
    return best


def _complete(columns: Iterable[str]) -> bool:
    known = _guess(columns)
    return all(field in known for field in _REQUIRED)


def _lists(keys: Iterable[str]) -> set[str]:
    return {
        key.split(".item.")[0]
        for key in keys
        if ".item." in key and "." not in key.split(".item.")[0]
    }


def _under(prefix: str, keys: Iterable[str]) -> set[str]:
    return {key[len(prefix) :] for key in keys if key.startswith(prefix)}


def _line_columns(text: str) -> list[str]:
    found: dict[str, None] = {}
    for line in text.split("\n")[:200]:
        try:
            value = json.loads(line, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.update(dict.fromkeys(_flat(value)))
    return list(found)


def _flat(value: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Nested objects as dotted columns, three levels deep."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict) and depth < 3:
            found.update(_flat(item, f"{prefix}{key}.", depth + 1))
        else:
            found[f"{prefix}{key}"] = item
    return found


def _csv_layout(text: str, entry: Entry) -> _Layout | None:
    """The delimiter under which the header names most fields and the rows agree best."""
    told = re.match(r"sep=(.)\r?\n", text)
    if told:
        text = text[told.end() :]
    newline = "\n" if "\n" in text else "\r"
    lines = [f"{line}\n" for line in text.split(newline)]
    if len(text) > 1 << 15 and len(lines) > 2:
        lines.pop()  # may be cut short
    best: tuple[float, _Layout] | None = None
    for delimiter in (told[1],) if told else _DELIMITERS:
        rows = [row.cells for row in _split(iter(lines[:400]), delimiter) if row.cells]
        if not rows:
            continue
        gap = all(cell.startswith(" ") for cell in rows[0][1:])
        columns = _columns(rows[0])
        width = len(columns)
        agree = sum(len(row) == width for row in rows[:100]) / len(rows[:100])
        known = len(_guess(columns))
        score = known * 2 + agree + min(width, 8) / 16
        if width > 1 and (best is None or score > best[0]):
            best = score, _Layout("csv", columns, delimiter, gap=gap)
    if best is not None and (told or entry.path.lower().endswith((".csv", ".tsv", ".tab"))):
        return best[1]
    if best is not None and _complete(best[1].columns):
        return best[1]
    return None


def _columns(row: list[str]) -> list[str]:
    """Header cells; empty and repeated ones get a number."""
    found: list[str] = []
    for index, cell in enumerate(row, 1):
        name = cell.strip() or f"column {index}"
        found.append(name if name not in found else f"{name} {index}")
    while found and found[-1] == f"column {len(found)}":
        found.pop()  # a delimiter at the end of the header
    return found


# --- CSV --------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """Cells of one row with its first line (1-based) and its lines as they are."""

    line: int
    cells: list[str] | None
    reason: str
    lines: list[str]


def _split(lines: Iterator[str], delimiter: str, gap: bool = False) -> Iterator[_Row]:
    """Rows of CSV lines, quoted newlines included.

    A quote that is never closed would take in all that follows: then its line is given out
    without cells and reading goes on with the next line.
    """
    again: deque[str] = deque()
    pending: list[str] = []
    ended = False
    number = 1

    def feed() -> Iterator[str]:
        nonlocal ended
        size = 0
        while True:
            if len(pending) == 0:
                size = 0
            line = again.popleft() if again else next(lines, None)
            if line is None or size > _MAX_ROW:
                if line is not None:
                    again.appendleft(line)
                ended = True
                return
            pending.append(line)
            size += len(line)
            yield line

    reader = csv.reader(feed(), delimiter=delimiter, skipinitialspace=gap)
    while True:
        pending.clear()
        ended = False
        try:
            cells = next(reader)
        except StopIteration:
            if not again:
                return
            reader = csv.reader(feed(), delimiter=delimiter, skipinitialspace=gap)
            continue
        except csv.Error:
            found = _bare_return(pending, delimiter, gap)
            reason = "" if found else "is not valid CSV"
            yield _Row(number, found, reason, list(pending))
            number += len(pending)
            reader = csv.reader(feed(), delimiter=delimiter, skipinitialspace=gap)
            continue
        if ended:
            yield _Row(number, None, "a quote is never closed", pending[:1])
            number += 1
            again.extendleft(reversed(pending[1:]))
            reader = csv.reader(feed(), delimiter=delimiter, skipinitialspace=gap)
            continue
        if cells:
            yield _Row(number, cells, "", list(pending))
        number += len(pending)


def _bare_return(lines: list[str], delimiter: str, gap: bool) -> list[str] | None:
    r"""Cells of a line with a lone `\r` inside an unquoted cell, which `csv` refuses to read."""
    if len(lines) != 1 or _STAND_IN in lines[0]:
        return None
    body = lines[0].rstrip("\r\n").replace("\r", _STAND_IN)
    try:
        rows = list(csv.reader([body], delimiter=delimiter, skipinitialspace=gap, strict=True))
    except csv.Error:
        return None
    return [cell.replace(_STAND_IN, "\r") for cell in rows[0]] if len(rows) == 1 else None


def _raw_lines(source: Source, entry: Entry, log: ImportLog) -> Iterator[str]:
    r"""Lines with their end; only `\n` ends a line, or `\r` where there is no `\n` at all."""
    rest = ""
    newline = ""
    for chunk in text_chunks(source, entry, log):
        newline = newline or ("\n" if "\n" in chunk or "\r" not in chunk else "\r")
        text = rest + chunk
        if newline == "\r":
            text = text.replace("\r\n", "\r")
        lines = text.split(newline)
        rest = lines.pop()
        for line in lines:
            yield f"{line}\n"
        if len(rest) > _MAX_ROW:
            yield rest
            rest = ""
    if rest:
        yield rest


# --- times ------------------------------------------------------------------------------------

_OFFSET = r"(?:\s*(?P<offset>UTC|GMT|Z|(?:UTC|GMT)?[+-]\d{1,2}:?\d{2}))?"
_TIME = (
    r"(?:[T,\s]+(?:at\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?\s*(?P<half>[ap]\.?\s?m\.?)?)?"
)
_NUMERIC = re.compile(
    rf"^(?P<a>\d{{1,4}})(?P<sep>[./-])(?P<b>\d{{1,2}})(?P=sep)(?P<c>\d{{1,4}})\.?{_TIME}{_OFFSET}$",
    re.IGNORECASE,
)
_MONTHS: Final = {
    name: index
    for index, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY_MONTH = re.compile(
    rf"^(?:[a-z]+,?\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH}[\s,-]+(?P<year>\d{{4}})"
    rf"{_TIME}{_OFFSET}$",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"^(?:(?!{_MONTH.replace('?P<month>', '?:')})[a-z]+,?\s+)?{_MONTH}\s+"
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_TIME}{_OFFSET}$",
    re.IGNORECASE,
)
_ISO_GAP = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
_NUMBER = re.compile(r"^-?\d{1,20}(?:\.\d{1,12})?$")
_COMPACT = re.compile(r"^(?:19|20)\d{6}(?:[T ]?\d{6})?$")


def _number_time(text: str) -> datetime | None:
    """Epoch seconds, or milli-, micro- or nanoseconds, by size."""
    whole_part, _, fraction = text.partition(".")
    value = int(whole_part)
    size = abs(value)
    unit = 1 if size < 10**11 else 1000 if size < 10**14 else 10**6 if size < 10**17 else 10**9
    micros = value * 10**6 // unit
    if fraction and unit == 1:
        part = int(f"{fraction:0<6.6}")
        micros += -part if text.startswith("-") else part
    elif fraction and unit == 1000:
        micros += int(f"{fraction:0<3.3}")
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    except OverflowError:
        return None


def _build(match: re.Match[str], year: int, month: int, day: int, zone: tzinfo) -> datetime | None:
    hour = int(match["hour"] or 0)
    half = (match["half"] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return datetime(
            year,
            month,
            day,
            hour,
            int(match["minute"] or 0),
            int(match["second"] or 0),
            int(f"{match['fraction'] or '0':0<6.6}"),
            tzinfo=_zone_of(match["offset"], zone),
        )
    except ValueError:
        return None


def _zone_of(offset: str | None, zone: tzinfo) -> tzinfo:
    if not offset:
        return zone
    digits = offset.upper().removeprefix("UTC").removeprefix("GMT").removeprefix("Z")
    if not digits:
        return UTC
    sign = -1 if digits[0] == "-" else 1
    hours, minutes = digits[1:-2].rstrip(":"), digits[-2:]
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))


class _Floating(tzinfo):
    """Stands for "no zone given" until the options say which."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        """Zero, so that such times can be compared."""
        return timedelta()

    def dst(self, dt: datetime | None) -> None:
        """None is known."""

    def tzname(self, dt: datetime | None) -> str:
        """For debugging only."""
        return "floating"


FLOATING: Final = _Floating()


def parse_time(value: object, order: Order) -> datetime | None:
    """Time of a cell; `FLOATING` stands where no offset was given; `None` if it is no time.

    `order` decides between day and month in `1/2/2026`; a four-digit first number is the year.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return _number_time(str(value)) if len(str(value)) <= 20 else None
    if isinstance(value, float):
        return _number_time(f"{value:.6f}") if abs(value) < 1e19 else None
    if not isinstance(value, str) or len(value) > 100:
        return None
    text = value.strip()
    if _NUMBER.match(text) and not _COMPACT.match(text):
        return _number_time(text)
    if len(text) == 14 and _COMPACT.match(text):
        text = f"{text[:8]}T{text[8:]}"
    try:
        iso = text[:-3].rstrip() if text.endswith(("UTC", "GMT")) else text
        moment = datetime.fromisoformat(_ISO_GAP.sub("", iso))
    except ValueError:
        pass
    else:
        if moment.tzinfo is not None:
            return moment
        return moment.replace(tzinfo=FLOATING if iso is text else UTC)
    match = _NUMERIC.match(text)
    if match:
        return _numeric(match, order)
    match = _DAY_MONTH.match(text) or _MONTH_DAY.match(text)
    if match:
        month = _MONTHS[match["month"].lower()]
        return _build(match, int(match["year"]), month, int(match["day"]), FLOATING)
    return _mail_time(text)


def _numeric(match: re.Match[str], order: Order) -> datetime | None:
    first, second, third = int(match["a"]), int(match["b"]), int(match["c"])
    if len(match["a"]) > 2 or (order == "ymd" and len(match["c"]) <= 2):
        year, month, day = first, second, third
        short = len(match["a"]) <= 2
    else:
        day, month = (second, first) if order == "mdy" else (first, second)
        year, short = third, len(match["c"]) <= 2
    if short:
        year += 2000 if year < 70 else 1900
    return _build(match, year, month, day, FLOATING)


def _mail_time(text: str) -> datetime | None:
    """RFC 2822 and what C's ctime writes."""
    if not re.search("[A-Za-z]{3}", text) or not re.search(r"\d:\d\d", text):
        return None
    try:
        parsed = email.utils.parsedate_tz(text)
        if parsed is None:
            return None
        year, month, day, hour, minute, second, *_, offset = parsed
        zone: tzinfo = FLOATING if offset is None else timezone(timedelta(seconds=offset))
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


class _Dates:
    """Learns from all times of a file whether day or month comes first."""

    def __init__(self, told: str | None) -> None:
        self.told = told
        self.first = 0
        self.second = 0
        self.seen = False
        self._last: dict[str, datetime] = {}
        self._falls = {"dmy": 0, "mdy": 0}
        self._rises = {"dmy": 0, "mdy": 0}
        self._span: dict[str, list[datetime]] = {}

    def look(self, value: object) -> None:
        """Take one time into account."""
        if not isinstance(value, str):
            return
        match = _NUMERIC.match(value.strip())
        if match is None or len(match["a"]) > 2:
            return
        self.seen = True
        self.first = max(self.first, int(match["a"]))
        self.second = max(self.second, int(match["b"]))
        orders: tuple[Order, Order] = ("dmy", "mdy")
        for order in orders:
            moment = _numeric(match, order)
            if moment is None:
                continue
            last = self._last.get(order, moment)
            self._falls[order] += moment < last
            self._rises[order] += moment > last
            self._last[order] = moment
            low, high = self._span.setdefault(order, [moment, moment])
            self._span[order] = [min(low, moment), max(high, moment)]

    def order(self, log: ImportLog) -> Order:
        """The order that fits the whole file, with a note when the file could not decide."""
        if self.told in ("dmy", "mdy", "ymd"):
            return cast(Order, self.told)
        if not self.seen:
            return "dmy"
        if self.first > 31:
            return "ymd"
        if self.first > 12 and self.second > 12:
            log.note("Some dates put the day first and some the month; read with the day first.")
            return "dmy"
        if self.first > 12 or self.second > 12:
            return "dmy" if self.first > 12 else "mdy"
        backward = {order: min(self._falls[order], self._rises[order]) for order in ("dmy", "mdy")}
        if backward["dmy"] != backward["mdy"]:
            order: Order = "dmy" if backward["dmy"] < backward["mdy"] else "mdy"
            log.note(
                "No date has a number above 12; the order of the rows shows that the "
                f"{'day' if order == 'dmy' else 'month'} comes first."
            )
            return order
        log.note(
            "Day and month cannot be told apart in this file; read with the day first. "
            "Give --date-order mdy if that is wrong."
        )
        return "dmy"


# --- reading ----------------------------------------------------------------------------------


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """One message; waits on the shelf when the file is newest first."""

    at: datetime
    id: str
    conversation: str
    sender: str
    name: str
    recipients: list[str]
    text: str
    surface: str
    labels: list[str]
    reply_to: str
    edited_at: datetime | None
    deleted_at: datetime | None


class _Reader:
    """Reads one table."""

    def __init__(
        self,
        source: Source,
        entry: Entry,
        options: ImportOptions,
        log: ImportLog,
        roster: Roster,
        numbers: dict[str, int],
    ) -> None:
        self.source = source
        self.entry = entry
        self.options = options
        self.log = log
        self.roster = roster
        self.numbers = numbers
        self.prefix = "" if source.kind == "file" else f"{entry.path} "
        self.order: Order = "dmy"
        self.members: dict[str, list[str]] = {}
        self.unique = True
        self.newest_first = False
        self.zoneless = False
        stem = entry.name.rsplit(".", 1)[0] if "." in entry.name[1:] else entry.name
        self.default = identifier(stem) or "table"

    def read(self) -> Iterator[Event]:
        """Events of this table."""
        layout = _layout(self.source, self.entry)
        if layout is None:
            if self.source.head(self.entry).strip(b"\xef\xbb\xbf \t\r\n[]{}"):
                raise UsageError(
                    "is not a table with a header",
                    where=self.entry.path,
                    hint="the first line must name the columns",
                )
            return
        self.layout = layout
        self.plan, self.clock = _plan(layout.columns, self.options, self.entry)
        self.utc = bool(_UTC.search(_plain(self.clock or self.plan["sent_at"])))
        self._learn()
        if not self.newest_first:
            for kept in self._kept(self.log):
                yield from self._events(kept)
            return
        self.log.note(f"{self.entry.path} is newest first; it was turned round.")
        shelf: Shelf[_Kept] = Shelf(_Kept)
        for kept in self._kept(self.log):
            shelf.add(to_ms(kept.at), kept)
        for kept in shelf:
            yield from self._events(kept)

    def _records(self, log: ImportLog) -> Iterator[Record]:
        if self.layout.kind == "csv":
            yield from self._csv_records(log)
        elif self.layout.kind == "lines":
            for number, line in enumerate(text_lines(self.source, self.entry, log), 1):
                if not line.strip():
                    continue
                place = f"{self.prefix}line {number}"
                raw = (line,)
                try:
                    value = json.loads(line, strict=False)
                except (ValueError, RecursionError):
                    yield Record(place, None, "is not valid JSON", raw)
                    continue
                if isinstance(value, dict):
                    yield Record(place, _flat(value), "", raw)
                else:
                    yield Record(place, None, "is not a JSON object", raw)
        else:
            key = self.layout.key
            item = f"{key}.item" if key else "item"
            for path, index, value in walk_json(self.source, self.entry, {"", key}, log):
                if path == item:
                    place = f"{self.prefix}record {index + 1}"
                    if isinstance(value, dict):
                        yield Record(place, _flat(value), "", ())
                    else:
                        yield Record(place, None, "is not a JSON object", (raw_of(value).decode(),))

    def _csv_records(self, log: ImportLog) -> Iterator[Record]:
        columns = self.layout.columns
        lines = _raw_lines(self.source, self.entry, log)
        started = False
        offset = 0
        first = next(lines, None)
        if first is not None and re.match(r"sep=.\r?\n$", first):
            offset, first = 1, next(lines, None)
        if first is None:
            return
        for row in _split(_chain(first, lines), self.layout.delimiter, self.layout.gap):
            place = f"{self.prefix}line {row.line + offset}"
            raw = row.lines
            cells = row.cells
            if cells is None:
                yield Record(place, None, row.reason, raw)
                continue
            if not started:
                if any(cell.strip() for cell in cells):
                    started = True
                continue
            if not any(cells):
                log.skip("empty rows")
                continue
            extra = cells[len(columns) :]
            if any(extra):
                reason = f"has {len(cells)} cells, but the header has {len(columns)}"
                yield Record(place, None, reason, raw)
                continue
            if len(cells) < len(columns):
                needed = [columns.index(self.plan[field]) for field in _REQUIRED]
                if max(needed) >= len(cells):
                    reason = f"has {len(cells)} cells, but the header has {len(columns)}"
                    yield Record(place, None, reason, raw)
                    continue
            yield Record(place, dict(zip(columns, cells, strict=False)), "", raw)

    def _time_cell(self, cells: dict[str, Any]) -> object:
        value = cells.get(self.plan["sent_at"])
        if self.clock is None:
            return value
        return f"{str(value or '').strip()} {str(cells.get(self.clock) or '').strip()}".strip()

    def _learn(self) -> None:
        """First pass: date order, members of conversations, whether ids repeat."""
        dates = _Dates(self.options.date_order)
        with quiet(self.source):
            self._learn_members(dates)
            order = dates.order(self.log)
            if order != self.order:  # read the dates again, the right way round
                self.order = order
                self.members.clear()
                self._learn_members(None)

    def _learn_members(self, dates: _Dates | None) -> None:
        silent = ImportLog()
        seen: set[bytes] = set()
        last: dict[str, datetime] = {}
        rises = falls = 0
        for kept in self._kept(silent, dates):
            members = self.members.setdefault(kept.conversation, [])
            for person in (kept.sender, *kept.recipients):
                if person not in members and len(members) < 3:
                    members.append(person)
            before = last.get(kept.conversation, kept.at)
            rises += kept.at > before
            falls += kept.at < before
            last[kept.conversation] = kept.at
            if kept.id and self.unique and len(seen) < _MAX_IDS:
                mark = hashlib.blake2b(kept.id.encode(), digest_size=8).digest()
                if mark in seen:
                    self.unique = False
                    self.log.note(
                        f"Message ids repeat in {self.entry.path}; messages were numbered instead."
                    )
                seen.add(mark)
        self.newest_first = falls > rises

    def _kept(self, log: ImportLog, dates: _Dates | None = None) -> Iterator[_Kept]:
        for record in self._records(log):
            if dates is not None and record.cells is not None:
                dates.look(self._time_cell(record.cells))
            if record.cells is None:
                log.bad(record.place, record.reason, record.raw)
                continue
            kept = self._one(record, record.cells, log)
            if kept is not None:
                yield kept

    def _one(self, record: Record, cells: dict[str, Any], log: ImportLog) -> _Kept | None:
        plan = self.plan
        sender = _name(cells.get(plan["sender_id"]))
        if sender is None:
            log.bad(f"{record.place}, field sender_id", "is missing", record.raw)
            return None
        moment = self._moment(self._time_cell(cells))
        if moment is None:
            log.bad(f"{record.place}, field sent_at", "is no time", record.raw)
            return None
        text = cells.get(plan["text"])
        if isinstance(text, list | dict):
            log.bad(f"{record.place}, field text", "is not text", record.raw)
            return None
        recipients = _names(cells.get(plan["recipient_ids"])) if "recipient_ids" in plan else []
        conversation = (
            _name(cells.get(plan["conversation_id"])) if "conversation_id" in plan else None
        )
        if conversation is None:
            conversation = self.default
            if len(recipients) == 1:
                conversation = identifier("|".join(sorted((sender, recipients[0])))) or conversation
        surface = cells.get(plan["surface"]) if "surface" in plan else ""
        return _Kept(
            at=moment,
            id=(_name(cells.get(plan["id"])) or "") if "id" in plan else "",
            conversation=conversation,
            sender=sender,
            name=(_name(cells.get(plan["display_name"])) or "") if "display_name" in plan else "",
            recipients=recipients,
            text=_text(text),
            surface=surface if surface in ("direct", "group", "public") else "",
            labels=_names(cells.get(plan["labels"])) if "labels" in plan else [],
            reply_to=(_name(cells.get(plan["reply_to"])) or "") if "reply_to" in plan else "",
            edited_at=self._optional(cells, "edited_at"),
            deleted_at=self._optional(cells, "deleted_at"),
        )

    def _optional(self, cells: dict[str, Any], field: str) -> datetime | None:
        return self._moment(cells.get(self.plan[field])) if field in self.plan else None

    def _moment(self, value: object) -> datetime | None:
        moment = parse_time(value, self.order)
        if moment is not None and moment.tzinfo is FLOATING and self.utc:
            moment = moment.replace(tzinfo=UTC)
        if moment is not None and moment.tzinfo is FLOATING:
            if not self.zoneless:
                self.zoneless = True
                self.log.note(
                    f"Times in {self.entry.path} carry no time zone; "
                    f"read as {self.options.time_zone}."
                )
            moment = moment.replace(tzinfo=self.options.time_zone)
        try:
            return None if moment is None else moment.astimezone(UTC)
        except OverflowError:
            return None

    def _events(self, kept: _Kept) -> Iterator[Event]:
        members = self.members.get(kept.conversation, [])
        surface: Surface = "group" if len(members) > 2 else "direct"
        if kept.surface:
            surface = cast(Surface, kept.surface)
        recipients = kept.recipients
        if not recipients and surface == "direct":
            recipients = [person for person in members if person != kept.sender]
        account = self.roster.meet(kept.sender, kept.name or kept.sender)
        if account is not None:
            yield account
        for person in recipients:
            account = self.roster.meet(person, None if "display_name" in self.plan else person)
            if account is not None:
                yield account
        self.numbers[kept.conversation] = number = self.numbers.get(kept.conversation, 0) + 1
        own = kept.id if self.unique else ""
        yield Message(
            id=own or identifier(f"{kept.conversation}:{number}") or str(number),
            conversation_id=kept.conversation,
            sender_id=kept.sender,
            recipient_ids=recipients,
            sent_at=kept.at,
            text=kept.text,
            labels=kept.labels,
            surface=surface,
            reply_to=kept.reply_to or None,
            edited_at=kept.edited_at,
            deleted_at=kept.deleted_at,
        )


def _chain(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _name(value: object) -> str | None:
    """A cell as an id, or `None` when it is empty."""
    if isinstance(value, str):
        value = value.strip()
    return identifier(value)


def _names(value: object) -> list[str]:
    parts: Iterable[object]
    if isinstance(value, list):
        parts = [
            item.get("id", item.get("name")) if isinstance(item, dict) else item for item in value
        ]
    elif isinstance(value, str):
        parts = value.split(";")
    else:
        parts = [value]
    found: dict[str, None] = {}
    for part in parts:
        name = _name(part)
        if name is not None:
            found.setdefault(name)
    return list(found)


def _text(value: object) -> str:
    if value is None:
        return ""
    return whole(value) if isinstance(value, str) else json.dumps(value)


def _plan(
    columns: list[str], options: ImportOptions, entry: Entry
) -> tuple[dict[str, str], str | None]:
    """Event field to column, and the second column when date and time stand apart.

    Raises `UsageError` for a column that is not there, a field that is not known, or a field
    without a column; column names are shown only when they look like names, not like a message.
    """
    shown = _shown(columns)
    told: dict[str, str] = {}
    for field, column in options.columns.items():
        target = _ALIASES.get(field.lower(), field.lower())
        if target not in FIELDS:
            raise UsageError(
                f"{field!r} is no field of a table",
                where=entry.path,
                hint=f"use one of {', '.join(FIELDS)}",
            )
        exact = [name for name in columns if name == column]
        loose = [name for name in columns if name.lower() == column.strip().lower()]
        if not exact and not loose:
            raise UsageError(
                f"there is no column {column!r}", where=entry.path, hint=f"columns found: {shown}"
            )
        told[target] = (exact or loose)[0]
    plan = {**_guess(name for name in columns if name not in told.values()), **told}
    missing = [field for field in _REQUIRED if field not in plan]
    if missing:
        raise UsageError(
            f"no column is recognised as {' or '.join(missing)}",
            where=entry.path,
            hint=f"columns found: {shown}; say which with --column {missing[0]}=NAME",
        )
    clock = None
    if "sent_at" not in told:
        plain = {_UTC.sub("", _plain(name)): name for name in reversed(columns)}
        if _UTC.sub("", _plain(plan["sent_at"])) == "date":
            clock = plain.get("time")
    return plan, clock


def _shown(columns: list[str]) -> str:
    """Column names for an error, unless the first row is data: then nothing of it is shown."""
    data = any(
        len(name) > 40
        or len(name.split()) > 4
        or not re.search(r"[^\W\d]", name)
        or parse_time(name, "dmy") is not None
        for name in columns
        if not re.match(r"^column \d+$", name)
    )
    return "none, the first line is no header" if data else ", ".join(columns)


IMPORTER = Table()
