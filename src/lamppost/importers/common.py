"""What importers share: JSON as a stream, text in any encoding, accounts once, digests, times.

- `walk_json` streams one JSON file of any size in bounded memory and reports where it breaks;
- `oldest_first` turns round the records of a source that is newest first;
- `outline` tells the shape of a JSON file from its first bytes (for `sniff`);
- `text_chunks` and `text_lines` read text as UTF-8, UTF-16, UTF-32 or Windows-1252, and say so;
- `Roster` emits an `Account` the first time that somebody appears;
- `identifier`, `whole`, `from_unix`, `from_iso` turn source values into vocabulary values;
- `attach` describes a file, with its digest when the file is inside the source.

None of these ever puts text of a message into an error.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import mimetypes
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from json.scanner import make_scanner
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from lamppost.core.errors import ExportError
from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Account, Attachment
from lamppost.importers.base import ImportLog
from lamppost.importers.shelf import Shelf
from lamppost.importers.source import Entry, Source

MAX_VALUE: Final = 64 * 1024**2
"""Longest single JSON value (one record) read, in characters."""

MAX_LINE: Final = 16 * 1024**2
"""Longest text line given out whole, in characters; longer ones come in pieces."""

MAX_HASHED: Final = 100 * 1024**2
"""Files from this size on are not hashed, in bytes."""

DELETED_ACCOUNT: Final = "deleted-account"
"""Sender id when the source no longer says who wrote."""

_CHUNK: Final = 1 << 18
_RAW: Final = 1 << 16
_LONE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\n\r]*")


# --- text -------------------------------------------------------------------------------------


def _windows(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: bytes that are not UTF-8 are read as Windows-1252."""
    assert isinstance(error, UnicodeDecodeError)
    chunk = error.object[error.start : error.end]
    return "".join(_windows_char(byte) for byte in chunk), error.end


def _windows_char(byte: int) -> str:
    try:
        return bytes((byte,)).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


codecs.register_error("lamppost.windows", _windows)

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(head: bytes) -> str:
    """Encoding by byte-order mark or by the pattern of zero bytes; `utf-8` otherwise."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    sample = head[:512]
    if len(sample) >= 4 and b"\x00" in sample:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if odd > len(sample) // 5 and even < odd // 4:
            return "utf-16-le"
        if even > len(sample) // 5 and odd < even // 4:
            return "utf-16-be"
    return "utf-8"


def decode_head(head: bytes) -> str:
    """First bytes as text, for sniffing; never fails."""
    name = encoding_of(head)
    if name in {"utf-8", "utf-8-sig"}:
        return head.decode(name, "lamppost.windows")
    return head.decode(name, "replace")


def text_chunks(
    source: Source, entry: Entry | str, log: ImportLog, size: int = _CHUNK
) -> Iterator[str]:
    """Text of an entry in pieces; a byte-order mark is dropped.

    UTF-16 and UTF-32 are recognised; bytes that are not UTF-8 are read as Windows-1252; both add
    a note to `log`. Newlines are kept as they are.
    """
    name = entry if isinstance(entry, str) else entry.path
    with source.open(entry) as file:
        data = file.read(size)
        encoding = encoding_of(data)
        if encoding in {"utf-8", "utf-8-sig"}:
            if encoding == "utf-8-sig":
                data = data[3:]
            yield from _utf8_chunks(file, data, size, name, log)
            return
        log.note(f"{name} is {encoding.upper().removesuffix('-SIG')}, not UTF-8; read as such.")
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        while data:
            text = decoder.decode(data)
            if text:
                yield text
            data = file.read(size)
        tail = decoder.decode(b"", True)
        if tail:
            yield tail


def _utf8_chunks(file: Any, data: bytes, size: int, name: str, log: ImportLog) -> Iterator[str]:
    while True:
        following = file.read(size)
        final = not following
        try:
            text, used = codecs.utf_8_decode(data, "strict", final)
        except UnicodeDecodeError:
            text, used = codecs.utf_8_decode(data, "lamppost.windows", final)
            log.note(f"{name} has bytes that are not UTF-8; they were read as Windows-1252.")
        if text:
            yield text
        if final:
            return
        data = data[used:] + following


def text_lines(
    source: Source, entry: Entry | str, log: ImportLog, *, ends: bool = False, cr: bool = False
) -> Iterator[str]:
    r"""Lines of an entry without their line end (``\n`` or ``\r\n``), in any encoding.

    Only those end a line: U+2028, form feeds and lone ``\r`` stay inside. A line longer than
    `MAX_LINE` characters comes in pieces. With `ends` the line end is kept (for `csv`), with `cr`
    the ``\r`` before it.
    """
    if ends:
        kept = ""
        for chunk in text_chunks(source, entry, log):
            pieces = (kept + chunk if kept else chunk).split("\n")
            kept = pieces.pop()
            for piece in pieces:
                yield f"{piece}\n"
            if len(kept) > MAX_LINE:
                yield kept
                kept = ""
        if kept:
            yield kept
        return
    rest = ""
    for chunk in text_chunks(source, entry, log):
        lines = (rest + chunk if rest else chunk).split("\n")
        rest = lines.pop()
        if cr:
            yield from lines
        else:
            for line in lines:
                yield line[:-1] if line.endswith("\r") else line
        if len(rest) > MAX_LINE:
            yield rest
            rest = ""
    if rest:
        yield rest[:-1] if rest.endswith("\r") and not cr else rest


def whole(text: str) -> str:
    """The text with unpaired surrogates (which no encoding can carry) replaced by U+FFFD."""
    if text.isascii() or not _LONE.search(text):
        return text
    return _LONE.sub("\ufffd", text)


def identifier(value: object) -> str | None:
    """A source's id or name as a vocabulary id of 1 to 256 characters, or `None` if empty.

    Longer ones keep their first 190 characters and a digest, so that they stay distinct.
    """
    if value is None or isinstance(value, bool | dict | list):
        return None
    text = whole(str(value))
    if len(text) > 256:
        text = f"{text[:190]}~{hashlib.sha256(text.encode()).hexdigest()}"
    return text or None


def raw_of(value: object) -> bytes:
    """A decoded record as JSON again, for the quarantine file; at most 64 KiB."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return b""
    return text.encode("utf-8", "replace")[:_RAW]


# --- times ------------------------------------------------------------------------------------


def from_unix(value: object, unit: float = 1) -> datetime | None:
    """UTC time of seconds since 1970 (`unit=1000` for milliseconds), from a number or string.

    Whole microseconds are kept exactly; `None` when it is no time.
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        if unit == 1:
            return datetime.fromtimestamp(float(value), UTC)  # type: ignore[arg-type]
        seconds, rest = divmod(int(value), int(unit))  # type: ignore[call-overload]
        moment = datetime.fromtimestamp(seconds, UTC)
        return moment.replace(microsecond=round(rest * 1_000_000 / unit)) if rest else moment
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def from_iso(value: object, time_zone: tzinfo) -> datetime | None:
    """Time of an ISO 8601 string; one without an offset is in `time_zone`; `None` if wrong."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=time_zone)


def natural(path: str) -> list[tuple[int, str]]:
    """Sort key with `part 2` before `part 10`."""
    pieces = re.split(r"([0-9]+)", path)
    return [(int(p[:18]), p) if p.isdigit() and p.isascii() else (-1, p) for p in pieces]


# --- accounts and files -----------------------------------------------------------------------


class Roster:
    """Everybody seen so far; gives an `Account` to emit the first time, else `None`."""

    def __init__(self) -> None:
        """Start with nobody."""
        self.names: dict[str, str | None] = {}

    def meet(self, account: str, name: str | None = None, **fields: Any) -> Account | None:
        """The event to emit before this account's first message, or `None` if already known.

        An account first seen without a name comes again once its name is known.
        """
        known = self.names.get(account, self)
        if known is not self and (known is not None or name is None):
            return None
        display = whole(name) if name is not None else None
        self.names[account] = display
        return Account(id=account, display_name=display, **fields)


_MEDIA_TYPES = mimetypes.MimeTypes(filenames=())
for _suffix, _type in {
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".3gp": "video/3gpp",
    ".webm": "video/webm",
    ".mp4": "video/mp4",
    ".tgs": "application/x-tgsticker",
    ".vcf": "text/vcard",
}.items():
    _MEDIA_TYPES.add_type(_type, _suffix)


def media_type_of(name: str | None) -> str | None:
    """Media type by file name, or `None`; the same on every machine."""
    if not name or "." not in name:
        return None
    return _MEDIA_TYPES.guess_type("x" + name[name.rindex(".") :])[0]


def digest(source: Source, path: str) -> str | None:
    """SHA-256 of an entry, read as a stream; `None` if absent, unreadable or too large."""
    if not source.has(path):
        return None
    try:
        with quiet(source), source.open(path) as file:
            total, state = 0, hashlib.sha256()
            while block := file.read(1 << 20):
                total += len(block)
                if total >= MAX_HASHED:
                    return None
                state.update(block)
            return state.hexdigest()
    except (ExportError, OSError):
        return None


def link_name(link: str) -> str | None:
    """File name at the end of a link, decoded; `None` when there is none."""
    try:
        return unquote(urlsplit(link).path.rsplit("/", 1)[-1]) or None
    except ValueError:
        return None


def attach(
    source: Source,
    *,
    name: str | None,
    path: str | None = None,
    media_type: str | None = None,
    size: int | None = None,
) -> Attachment:
    """Describe a file that went with a message.

    `path` is its place inside the source; when it is there the digest and the real size are
    added. The media type comes from the export or else from the name.
    """
    found = None
    if path is not None and source.has(path):
        found = digest(source, path)
        size = source.size_of(path)
    return Attachment(
        sha256=found,
        media_type=media_type or media_type_of(name),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        name=whole(name) if name else None,
    )


@contextmanager
def quiet(source: Source) -> Iterator[None]:
    """Read without moving the progress bar (first passes, hashing, sniffing)."""
    progress, source.on_progress = source.on_progress, lambda bytes_read: None
    try:
        yield
    finally:
        source.on_progress = progress


# --- JSON -------------------------------------------------------------------------------------


class _Kept(msgspec.Struct):
    """A record waiting on a shelf: its place and its JSON."""

    place: str
    raw: bytes


def oldest_first(
    records: Iterable[tuple[str, Any]], time_of: Callable[[Any], datetime | None]
) -> Iterator[tuple[str, Any]]:
    """`(place, record)` pairs of a source that is newest first, turned round.

    They wait compressed in memory (about a tenth of the export). A record without a time stays
    beside its neighbour.
    """
    shelf: Shelf[_Kept] = Shelf(_Kept)
    last = 0
    for place, record in records:
        moment = time_of(record)
        last = to_ms(moment) if moment is not None else last
        shelf.add(last, _Kept(place, json.dumps(record).encode()))
    for kept in shelf:
        yield kept.place, json.loads(kept.raw)


class _Mark:
    """Start or end of a container that is walked into."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


OPEN: Final = _Mark("OPEN")
CLOSE: Final = _Mark("CLOSE")


class _DamageError(Exception):
    """The JSON breaks off or is wrong at this place."""

    def __init__(self, reason: str, truncated: bool = False) -> None:
        self.reason = reason
        self.truncated = truncated
        super().__init__(reason)


class _Cursor:
    """A place in a stream of text, with JSON values read from there on."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self.text = ""
        self.at = 0
        self.ended = False
        self._scan = make_scanner(json.JSONDecoder(strict=False))  # type: ignore[arg-type]

    def more(self, wanted: int = 1) -> bool:
        """Drop what was read and append at least `wanted` characters; false at the end."""
        parts = [self.text[self.at :]]
        got = 0
        while got < wanted:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
                break
            parts.append(chunk)
            got += len(chunk)
        self.text, self.at = "".join(parts), 0
        return got > 0

    def peek(self) -> str:
        """Next character that is no white space; empty at the end."""
        while True:
            match = _SPACE.match(self.text, self.at)
            assert match is not None
            self.at = match.end()
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """Read one whole value from here."""
        while True:
            try:
                value, end = self._scan(self.text, self.at)
            except StopIteration as stop:
                reason, near = "a value is missing or misspelt", int(stop.value)
            except json.JSONDecodeError as error:
                reason, near = f"{error.msg[:1].lower()}{error.msg[1:]}", error.pos
                if reason.startswith("unterminated string"):
                    reason, near = "unterminated string", len(self.text)
            except RecursionError:
                raise _DamageError("is nested too deeply") from None
            except ValueError:
                raise _DamageError("holds a number that is too long") from None
            else:
                if end < len(self.text) or self.ended or not isinstance(value, int | float):
                    self.at = end
                    return value
                reason, near = "", end  # a number may go on in the next chunk
            length = len(self.text) - self.at
            if near < len(self.text) - 16:
                raise _DamageError(f"is not valid JSON: {reason}")
            if length > MAX_VALUE:
                raise _DamageError("one value is longer than 64 MiB")
            if not self.more(max(_CHUNK, length)) and reason:
                raise _DamageError("is truncated: it ends in the middle of a value", truncated=True)


def walk_json(
    source: Source, entry: Entry | str, descend: Iterable[str], log: ImportLog
) -> Iterator[tuple[str, Any, Any]]:
    """Stream one JSON file as `(path, key, value)`; memory holds one value at a time.

    `descend` names the containers to walk into; every other value comes whole. Paths are dotted,
    `item` stands for each element of an array and `*` for any key, the root is the empty string:
    with `{"", "chats", "chats.list", "chats.list.item", "chats.list.item.messages"}` each message
    comes as `("chats.list.item.messages.item", 0, {...})`. `key` is the member's name or the
    0-based index. A container that is walked into comes twice, with `OPEN` and with `CLOSE`.

    Where the file is truncated or wrong, everything before has been given out, and the rest goes
    to `log.bad` with its place; a damaged record in a pretty-printed array is stepped over. The
    generator then ends without the missing `CLOSE`. Raises `ExportError` if it is no JSON at all.
    """
    wanted = frozenset(descend)
    name = entry if isinstance(entry, str) else entry.path
    cursor = _Cursor(text_chunks(source, entry, log))
    where = source.label if source.kind == "file" else f"{source.label}: {name}"
    first = cursor.peek()
    if first == "":
        return
    if first not in "{[":
        raise ExportError("is not a JSON file", where=where, hint="check the --format")
    place = [name, ""]
    try:
        if "" in wanted:
            yield from _walk(cursor, "", None, wanted, place, log)
        else:
            yield "", None, cursor.value()
        if cursor.peek():
            raise _DamageError("goes on after the end of its JSON value")
    except _DamageError as damage:
        raw = cursor.text[cursor.at : cursor.at + _RAW]
        log.bad(" ".join(filter(None, place)), damage.reason, raw.encode("utf-8", "replace"))
        if damage.truncated:
            log.note(f"{name} is incomplete: it breaks off; everything before that was read.")
        else:
            log.note(f"{name} is damaged: what follows {place[1] or 'its start'} was not read.")


def _walk(
    cursor: _Cursor, path: str, key: Any, wanted: frozenset[str], place: list[str], log: ImportLog
) -> Iterator[tuple[str, Any, Any]]:
    opener = cursor.peek()
    if opener == "[":
        yield from _walk_array(cursor, path, key, wanted, place, log)
        return
    if opener != "{":
        yield path, key, cursor.value()
        return
    cursor.at += 1
    yield path, key, OPEN
    prefix = f"{path}." if path else ""
    if cursor.peek() == "}":
        cursor.at += 1
        yield path, key, CLOSE
        return
    while True:
        if cursor.peek() != '"':
            raise _broken(cursor, "a member name is missing")
        member = cursor.value()
        if cursor.peek() != ":":
            raise _broken(cursor, "a colon is missing")
        cursor.at += 1
        child = prefix + member
        if child not in wanted and f"{prefix}*" in wanted:
            child = f"{prefix}*"
        if child in wanted:
            yield from _walk(cursor, child, member, wanted, place, log)
        else:
            if cursor.peek() == "":
                raise _broken(cursor, "a value is missing")
            yield child, member, cursor.value()
        following = cursor.peek()
        cursor.at += 1
        if following == ",":
            continue
        if following == "}":
            yield path, key, CLOSE
            return
        cursor.at -= 1
        raise _broken(cursor, "a comma or closing brace is missing")


def _walk_array(
    cursor: _Cursor, path: str, key: Any, wanted: frozenset[str], place: list[str], log: ImportLog
) -> Iterator[tuple[str, Any, Any]]:
    cursor.at += 1
    yield path, key, OPEN
    child = f"{path}.item" if path else "item"
    if cursor.peek() == "]":
        cursor.at += 1
        yield path, key, CLOSE
        return
    inside = child in wanted
    indent = _indent(cursor)
    index = 0
    while True:
        place[1] = f"record {index + 1}"
        if inside:
            yield from _walk(cursor, child, index, wanted, place, log)
        else:
            start = cursor.peek()
            if start == "":
                raise _broken(cursor, "a record is missing")
            try:
                value = cursor.value()
            except _DamageError as damage:
                if damage.truncated or not indent:
                    raise
                raw = _step_over(cursor, indent)
                if raw is None:
                    raise
                log.bad(" ".join(filter(None, place)), damage.reason, raw)
                index += 1
                continue
            yield child, index, value
        following = cursor.peek()
        cursor.at += 1
        index += 1
        if following == ",":
            continue
        if following == "]":
            place[1] = ""
            yield path, key, CLOSE
            return
        cursor.at -= 1
        place[1] = f"record {index}"
        raise _broken(cursor, "a comma or closing bracket is missing")


def _broken(cursor: _Cursor, reason: str) -> _DamageError:
    if cursor.peek() == "":
        return _DamageError("is truncated: it ends before its closing brackets", truncated=True)
    return _DamageError(f"is not valid JSON: {reason}")


def _indent(cursor: _Cursor) -> str:
    """White space before the first element if it starts a line, else empty."""
    line = cursor.text.rfind("\n", 0, cursor.at)
    if line < 0 or cursor.text[line + 1 : cursor.at].strip(" \t"):
        return ""
    return cursor.text[line : cursor.at]


def _step_over(cursor: _Cursor, indent: str) -> bytes | None:
    """Move to the next element that starts a line with `indent`; what was left out, or `None`."""
    mark = f"{indent}{{"
    while True:
        found = cursor.text.find(mark, cursor.at + 1)
        if found >= 0:
            raw = cursor.text[cursor.at : min(found, cursor.at + _RAW)]
            cursor.at = found + len(indent)
            return raw.encode("utf-8", "replace")
        if len(cursor.text) - cursor.at > MAX_VALUE or not cursor.more(_CHUNK):
            return None


def load_json(source: Source, entry: Entry | str, log: ImportLog) -> Any:
    """A whole small JSON file (lists of users, channels); `None` when damaged, which is logged."""
    found: Any = None
    try:
        for _, _, value in walk_json(source, entry, (), log):
            found = value
    except ExportError:
        log.bad(entry if isinstance(entry, str) else entry.path, "is not JSON")
    return found


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)


def outline(head: bytes) -> frozenset[str]:
    """Dotted paths of the keys seen in the first bytes of a JSON file, for `sniff`.

    `item` stands for array elements, so that a Telegram chat shows `messages.item.from_id`;
    the root is `{` or `[`. Empty for anything else. The head may stop anywhere.
    """
    text = decode_head(head).lstrip("\ufeff \t\r\n")
    if text[:1] not in ("{", "["):
        return frozenset()
    found = {text[0]}
    stack: list[tuple[str, str]] = []  # kind, path
    key = ""
    waiting = ""  # a string that is a key if a colon follows
    for match in _TOKEN.finditer(text):
        lexeme = match[0]
        if lexeme[0] == '"':
            waiting = lexeme[1:-1]
            continue
        if lexeme == ":":
            if stack and stack[-1][0] == "{":
                prefix = stack[-1][1]
                key = f"{prefix}.{waiting}" if prefix else waiting
                found.add(key)
        elif lexeme in "{[":
            if not stack:
                path = ""
            elif stack[-1][0] == "[":
                path = f"{stack[-1][1]}.item" if stack[-1][1] else "item"
            else:
                path = key
            found.add(path) if path else None
            stack.append((lexeme, path))
            if len(stack) > 64:
                break
        elif lexeme in "}]":
            if stack:
                stack.pop()
            if not stack:
                break
        waiting = ""
    return frozenset(found)
