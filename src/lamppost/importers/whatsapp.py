r"""WhatsApp chat exports, as written by the app on Android and iOS.

**How to get one.** In the chat: menu → More → Export chat (Android), or the contact's name →
Export chat (iOS). The result is `WhatsApp Chat with NAME.txt`, or a zip with `_chat.txt`, with or
without the media. All of these can be given as they are: the text file, the zip, a folder.

**What is read.** One line starts with `D/M/YY, HH:MM - Name: text` (Android) or with
`[D/M/YY, HH:MM:SS] Name: text` (iOS); lines without such a start go on with the message before.
Separators `/`, `.` and `-`, years of two or four digits, year first, 12 and 24 hours with the
words of about twenty languages, digits of any script, Buddhist years, the narrow no-break space
before AM and PM and direction marks are understood.

**Date order** (day or month first) is the phone's and is not written down. The whole file is
looked at first: a number above 12 decides; otherwise the order in which time runs forward, and
then the one in which the chat is shorter. If that does not decide, the day is taken to be first
(the month after `AM`/`PM` in capitals with a two-digit year) and a note says so;
`ImportOptions.date_order` overrides.

**What is lost.** Times have no zone (`ImportOptions.time_zone` is used, noted). There are no ids:
people are their display names, messages are numbered. Replies, reactions, the time of a deletion
or an edit and the earlier wording are not exported: `deleted_at` and `edited_at` then repeat the
time of sending and stand for the fact alone. The app exports at most 40,000 messages without
media, 10,000 with.

**Traps.** A line without `Name: ` is a system line: counted, not a message. iOS writes some system
lines with a name, after U+200E. The mark is taken off the app's own placeholders (`<attached:
…>`, `image omitted`, deletion notices), whose wording is kept; nothing else is changed in a text.
A pasted piece of another chat looks like messages: a line start of another style than the file's
own, or one by an otherwise unseen name that jumps in time, is text. Names with a colon are
recognised when the chat is named so or when every line by that person (five or more) shows it.

Sources: standards.md section 7; whatsapp-export-inconsistencies (Willner), whatstk and WhatsR
documentation for locale forms.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from lamppost.core.errors import ExportError
from lamppost.events.vocabulary import Attachment, Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    MAX_LINE,
    Roster,
    attach,
    decode_head,
    identifier,
    media_type_of,
    quiet,
    text_lines,
    whole,
)
from lamppost.importers.source import Entry, Source

# --- the start of a message -------------------------------------------------------------------

_MARKS: Final = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_AM: Final = (
    "am", "a.m.", "a. m.", "上午", "凌晨", "清晨", "早上", "오전", "午前", "ص", "ق.ظ.", "ق.ظ",
    "πμ", "π.μ.", "π. μ.", "पूर्वाह्न", "sa", "pg", "de.", "dop.", "fm", "vm.", "öö", "dopoledne",
    "f.m.", "पूर्व", "পূর্বাহ্ণ", "ก่อนเที่ยง", "लूम", "dop", "a.m", "d.", "לפנה״צ", "du matin",
)  # fmt: skip
_PM: Final = (
    "pm", "p.m.", "p. m.", "下午", "中午", "晚上", "오후", "午後", "م", "ب.ظ.", "ب.ظ",
    "μμ", "μ.μ.", "μ. μ.", "अपराह्न", "ch", "ptg", "du.", "odp.", "em", "nm.", "ös", "odpoledne",
    "e.m.", "অপরাহ্ণ", "หลังเที่ยง", "odp", "p.m", "p.", "אחה״צ", "du soir",
)  # fmt: skip
_HALF: Final = dict.fromkeys(_AM, 0) | dict.fromkeys(_PM, 12)
_MARK = f"[{_MARKS}]*"
_GAP = "[ \u00a0\u202f]"
_PART = "|".join(
    re.escape(word).replace("\\ ", f"{_GAP}?") for word in sorted(_HALF, key=len, reverse=True)
)
_DATE = (
    rf"(\d{{1,4}}){_MARK}(\.{_GAP}|[./\-年]|년{_GAP}){_MARK}(\d{{1,2}}){_MARK}"
    rf"(?:\.{_GAP}|[./\-月]|월{_GAP}){_MARK}(\d{{1,4}}){_MARK}(?:\.|日|일|{_GAP}г\.)?{_MARK}"
)
_LINK = (
    rf"[,،]?{_GAP}?{_MARK}"
    rf"(?:(?:klo|kl\.|à|às|um|at|alle(?: ore)?|в|o|saat|la|ore|a{_GAP}las){_GAP})?"
)
_TIME = (
    rf"(?:({_PART}){_GAP}?)?(\d{{1,2}})[:.](\d{{2}})(?:[:.](\d{{2}}))?"
    rf"(?:{_GAP}h)?(?:{_GAP}?{_MARK}({_PART}))?{_MARK}"
)
_PLAIN = re.compile(
    r"\[?(\d{1,4})([./-])(\d{1,2})\2(\d{1,4}),? ()(\d{1,2}):(\d{2})(?::(\d{2}))?"
    "(?:[ \u202f]([AaPp][Mm]))?(?:\\] | - )"
)
_BRACKET = re.compile(rf"\[{_DATE}{_LINK}{_TIME}\]{_GAP}?", re.IGNORECASE)
_DASH = re.compile(rf"{_DATE}{_LINK}{_TIME}{_GAP}[-–—]{_GAP}", re.IGNORECASE)
_KOREAN = re.compile(rf"{_DATE}{_LINK}{_TIME}(?:,{_GAP}|:{_GAP})", re.IGNORECASE)

_DAY: Final = timedelta(days=1)
_BUDDHIST: Final = 543


@dataclass(slots=True)
class _Head:
    """The start of a message as written: raw date numbers, time, style, and where it ends."""

    numbers: tuple[str, str, str]
    hour: int
    minute: int
    second: int
    style: tuple[str, str, bool, bool]
    end: int
    capitals: bool


def _head(line: str) -> _Head | None:
    """Read the start of a line; `None` when it is none."""
    if not line:
        return None
    start = 0
    while start < len(line) and line[start] in _MARKS:
        start += 1
    first = line[start : start + 1]
    if first == "[":
        kind = "bracket"
        match = _PLAIN.match(line, start)
        if match is None or line[match.end() - 2] != "]":
            match = _BRACKET.match(line, start)
    elif first.isdigit():
        kind = "dash"
        match = _PLAIN.match(line, start)
        if match is None or line[match.end() - 2] != "-":
            match = _DASH.match(line, start)
        if match is None and ("오" in line[:24]):
            kind, match = "korean", _KOREAN.match(line, start)
    else:
        return None
    if match is None:
        return None
    one, separator, two, three, before, hour_text, minute_text, second_text, after = match.groups()
    hour, minute = int(hour_text), int(minute_text)
    second = int(second_text) if second_text else 0
    part = before or after
    if part:
        half = _HALF.get(part.lower().replace("\u00a0", " ").replace("\u202f", " "))
        if half is None:
            half = _HALF.get(re.sub(r"\s", "", part.lower()), 0)
        if hour <= 12:
            hour = hour % 12 + half
    if hour > 23 or minute > 59 or second > 59:
        return None
    return _Head(
        (one, two, three),
        hour,
        minute,
        second,
        (kind, separator[0], second_text is not None, part is not None),
        match.end(),
        bool(part) and part.isupper(),
    )


def _calendar(numbers: tuple[str, str, str], order: str) -> date | None:
    """The day that three written numbers mean in `dmy`, `mdy` or `ymd`; `None` if impossible."""
    one, two, three = numbers
    if order == "ymd":
        year_text, month, day = one, int(two), int(three)
    elif order == "mdy":
        year_text, month, day = three, int(one), int(two)
    else:
        year_text, month, day = three, int(two), int(one)
    year = int(year_text)
    if len(year_text) <= 2:
        year += 2000
    elif year > 2400:
        year -= _BUDDHIST
    if not 1990 <= year <= 2200:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _jumps(days: list[tuple[str, str, str] | None], order: str) -> bool:
    """Whether the middle one of three dates stands out of the order of time."""
    before, day, after = (_calendar(item, order) if item else None for item in days)
    if day is None:
        return True
    return (before is not None and day < before - _DAY) or (
        after is not None and before is not None and day > after + _DAY and before <= after
    )


# --- words of the app -------------------------------------------------------------------------

_DELETED = re.compile(
    r"(?:This message was deleted(?: by admin.*)?|You deleted this message(?: as admin)?"
    r"|Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht"
    r"|(?:Se )?[Ee]liminó este mensaje|Este mensaje fue eliminado|Se eliminó este mensaje"
    r"|Eliminaste este mensaje|Ce message a été supprimé|Vous avez supprimé ce message"
    r"|(?:Esta )?[Mm]ensagem (?:foi )?apagada|Essa mensagem foi apagada|Você apagou esta mensagem"
    r"|Questo messaggio è stato eliminato|Hai eliminato questo messaggio"
    r"|Dit bericht is verwijderd|U heeft dit bericht verwijderd|Je hebt dit bericht verwijderd"
    r"|Это сообщение было удалено|Сообщение удалено|Данное сообщение удалено"
    r"|Вы удалили это сообщение|Bu mesaj silindi|Bu mesajı sildiniz|Tämä viesti poistettiin"
    r"|Ta wiadomość została usunięta|Usunięto tę wiadomość|Usunąłeś tę wiadomość"
    r"|Det här meddelandet raderades|Du raderade det här meddelandet|此訊息已刪除|此消息已删除"
    r"|このメッセージは削除されました|삭제된 메시지입니다|تم حذف هذه الرسالة|ההודעה נמחקה"
    r"|यह मैसेज हटा दिया गया था|Pesan ini telah dihapus|Anda menghapus pesan ini)\.?"
)
_EDITED = re.compile(
    rf"[ \u00a0]?{_MARK}<(?:This message was edited|Diese Nachricht wurde bearbeitet"
    r"|Se editó este mensaje|Este mensaje fue editado|Ce message a été modifié|Mensagem editada"
    r"|Essa mensagem foi editada|Questo messaggio è stato modificato|Dit bericht is bewerkt"
    r"|Сообщение изменено|Данное сообщение изменено|Bu mesaj düzenlendi"
    r"|Ta wiadomość została edytowana|Wiadomość edytowana)\.?>$"
)
_ATTACHED_IOS = re.compile(rf"{_MARK}<(?P<word>[^<>:\n]{{2,30}}?) ?: (?P<name>[^<>\n]+)>$")
_ATTACHED_WORDS: Final = frozenset(
    ("attached", "anhang", "angehängt", "adjunto", "archivo adjunto", "pièce jointe", "anexado",
     "anexo", "allegato", "bijlage", "bijgevoegd", "прикреплено", "вложение", "ekli", "ekte",
     "liite", "bifogad", "bifogat", "załącznik", "załączono", "lampiran", "terlampir", "vedhæftet",
     "vedlegg", "מצורף", "مُرفق", "مرفق", "附件", "已附加", "添付ファイル", "첨부됨", "संलग्न"),
)  # fmt: skip
_ATTACHED_ANDROID = re.compile(
    rf"{_MARK}(?P<name>[^\n]+?\.[A-Za-z0-9]{{1,6}}) \((?P<word>[^()\n]{{3,40}})\)$"
)
_FILE_WORDS: Final = frozenset(
    ("file attached", "datei angehängt", "archivo adjunto", "fichier joint", "arquivo anexado",
     "ficheiro anexado", "file allegato", "bestand bijgevoegd", "файл добавлен", "dosya ekli",
     "plik dołączony", "plik w załączniku", "fil bifogad", "bifogad fil", "tiedosto liitetty",
     "file terlampir", "berkas terlampir", "fil vedhæftet", "fil vedlagt", "הקובץ מצורף",
     "קובץ מצורף", "الملف مرفق", "ملف مرفق", "文件附件", "檔案已附加", "ファイル添付",
     "添付ファイルあり", "파일 첨부됨", "फ़ाइल संलग्न", "फ़ाइल अटैच है"),
)  # fmt: skip
_WA_NAME = re.compile(r"(?:IMG|VID|AUD|PTT|STK|DOC|GIF)-\d{8}-WA\d+\.\w+")
_OMITTED_ANDROID: Final = frozenset(
    ("media omitted", "medien ausgeschlossen", "medien weggelassen", "multimedia omitido",
     "archivo omitido", "médias omis", "fichier omis", "mídia oculta", "ficheiro não revelado",
     "arquivo de mídia oculto", "media omessi", "media omesso", "media weggelaten",
     "без медиафайлов", "файл пропущен", "medya dahil edilmedi", "medya atlanmış",
     "pominięto multimedia", "media jätettiin pois", "media utelämnade", "media har utelämnats",
     "media tidak disertakan", "media udeladt", "uteladt mediefil", "המדיה לא נכללה",
     "تم استبعاد الوسائط", "省略多媒體檔", "忽略多媒体文件", "メディアなし", "미디어 파일을 생략",
     "मीडिया के बिना", "मीडिया को छोड़ दिया गया", "video note omitted", "view once"),
)  # fmt: skip
_KINDS: Final = {
    "image/*": ("image omitted", "Bild weggelassen", "imagen omitida", "image absente",
                "imagem ocultada", "imagem omitida", "immagine omessa", "afbeelding weggelaten",
                "изображение отсутствует", "изображение опущено", "görüntü dahil edilmedi"),
    "video/*": ("video omitted", "Video weggelassen", "Video omitido", "vidéo absente",
                "vídeo omitido", "vídeo ocultado", "video omesso", "video weggelaten",
                "видео отсутствует", "видео опущено", "video dahil edilmedi",
                "GIF omitted", "video note omitted"),
    "audio/*": ("audio omitted", "Audio weggelassen", "audio omitido", "audio omis",
                "audio absent", "áudio ocultado", "áudio omitido", "audio omesso",
                "audio weggelaten", "аудиофайл отсутствует", "аудио опущено",
                "ses dahil edilmedi"),
    "image/webp": ("sticker omitted", "Sticker weggelassen", "sticker omitido", "sticker omis",
                   "figurinha omitida", "sticker omesso", "sticker weggelaten"),
    "text/vcard": ("Contact card omitted", "Kontaktkarte ausgelassen", "carte de contact omise"),
}  # fmt: skip
_OMITTED_IOS: Final = {word.lower(): kind for kind, words in _KINDS.items() for word in words}
_DOCUMENT = re.compile(
    rf"{_MARK}(?:(?P<name>[^\n]+?\.\w{{1,6}})(?: • {_MARK}[^\n•]+)?{_GAP}?{_MARK})?"
    r"(?:document omitted|Dokument weggelassen|documento omitido|document absent|documento omesso"
    r"|document weggelaten)$"
)
_SYSTEM = re.compile(
    r"end-to-end|Ende-zu-Ende|extremo a extremo|bout en bout|ponta a ponta|crittografi"
    r"|eind-tot-eind"
    r"|сквозн|uçtan uca|端到端|端對端|エンドツーエンド|종단간|الطرفين|מקצה לקצה"
    r"|^.{0,80}? ?(?:created (?:this )?group|changed (?:this group|the (?:group|subject)"
    r"|their phone"
    r"|the settings|your security)|joined (?:using|from)|(?:was|were) (?:added|removed)|added you"
    r"|turned (?:on|off) disappearing|pinned a message|security code|is a contact|You blocked"
    r"|You unblocked|now an admin|no longer an admin|changed the group|group description"
    r"|hat die Gruppe|hat dich hinzugefügt|creó (?:el|este) grupo|a créé (?:le|ce) groupe"
    r"|criou (?:o|este) grupo|ha creato (?:il|questo) gruppo)",
    re.IGNORECASE,
)
_GROUPISH = re.compile(
    r"\b(?:group|grupo|gruppe|groupe|gruppo|groep|grup|grupa|grupy|grupę|grupp|gruppen|ryhmä\w*"
    r"|skupin\w*|групп\w*|груп\w*|ομάδα\w*|nhóm|community|comunidad)\b|그룹|グループ|群|مجموعة|קבוצה"
    r"|समूह|ग्रुप",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:WhatsApp Chat with|WhatsApp Chat -|WhatsApp-Chat mit|Chat de WhatsApp con"
    r"|Chat WhatsApp con"
    r"|Discussion WhatsApp avec|Conversa do WhatsApp com|WhatsApp-chat met|Chat WhatsApp z"
    r"|Чат WhatsApp с(?: контактом)?|WhatsApp-chatt med|WhatsApp Sohbeti -|WhatsApp Chat dengan)"
    r" (?P<name>.+?)(?: \(\d+\))?$",
    re.IGNORECASE,
)


# --- the importer -----------------------------------------------------------------------------


@dataclass(slots=True)
class _Survey:
    """What the first pass over a file finds out."""

    order: str = "dmy"
    styles: frozenset[tuple[str, str, bool, bool]] = frozenset()
    names: Counter[str] = field(default_factory=Counter)
    long_names: dict[str, str] = field(default_factory=dict)
    strays: frozenset[str] = frozenset()
    group: bool = False
    carriage: bool = False
    note: str = ""


class _Order:
    """Counts for one possible date order: impossible days, backward jumps, span."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.impossible = 0
        self.backward = 0
        self.last: date | None = None
        self.low: date | None = None
        self.high: date | None = None

    def see(self, numbers: tuple[str, str, str]) -> None:
        day = _calendar(numbers, self.order)
        if day is None:
            self.impossible += 1
            return
        if self.last is not None and day < self.last:
            self.backward += 1
        self.last = day
        if self.low is None or day < self.low:
            self.low = day
        if self.high is None or day > self.high:
            self.high = day

    @property
    def cost(self) -> tuple[int, int, int]:
        span = (self.high - self.low).days if self.high and self.low else 0
        return self.impossible, self.backward, span


class WhatsApp:
    """See the module's docstring."""

    name = "whatsapp"
    title = "WhatsApp chat export"

    def sniff(self, source: Source) -> int:
        """Sure when a text file starts with a message start of WhatsApp."""
        best = 0
        for entry in _candidates(source):
            named = _is_named(entry)
            starts, first = _starts(source, entry)
            if first:
                best = max(best, 95 if named else 85)
            elif starts >= 2:
                best = max(best, 80 if named else 60)
            elif named and entry.size == 0:
                best = max(best, 60)
            if best >= 95:
                break
        return best

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Stream the messages of every chat file in the source."""
        chats = [
            entry
            for entry in _candidates(source)
            if _is_named(entry) or _starts(source, entry)[0] > 0
        ]
        if not chats:
            chats = _candidates(source)[:1]
        if not chats:
            raise ExportError(
                "holds no WhatsApp text file", where=source.label, hint="look for _chat.txt"
            )
        others = len(source.entries(".txt")) - sum(e.path.lower().endswith(".txt") for e in chats)
        if source.kind != "file" and others > 0:
            log.skip("text file that is no chat", others)
        roster = Roster()
        taken: set[str] = set()
        for entry in chats:
            title = _title(source, entry, len(chats))
            conversation = identifier(title) or "whatsapp"
            while conversation in taken:
                conversation = identifier(f"{conversation} ({entry.path})") or entry.path
            taken.add(conversation)
            yield from _Chat(source, entry, title, conversation, options, log, roster).read()


def _candidates(source: Source) -> list[Entry]:
    if source.kind == "file":
        return [
            entry
            for entry in source.entries()
            if not entry.path.lower().endswith((".json", ".csv", ".xml", ".html"))
        ]
    return source.entries(".txt")


def _is_named(entry: Entry) -> bool:
    stem = entry.name.rsplit(".", 1)[0]
    return entry.name.lower() == "_chat.txt" or _NAMED.match(stem) is not None


def _starts(source: Source, entry: Entry) -> tuple[int, bool]:
    """How many message starts the first bytes hold, and whether the first line is one."""
    lines = decode_head(source.head(entry)).split("\n")
    count, first, seen = 0, False, False
    for line in lines[:100]:
        if not line.strip():
            continue
        is_head = _head(line) is not None
        if not seen:
            first = is_head
            seen = True
        count += is_head
    return count, first


def _title(source: Source, entry: Entry, chats: int) -> str:
    """The chat's name: from the file, its folder, or the archive."""
    stems = [entry.name.rsplit(".", 1)[0]]
    stems += reversed(entry.path.split("/")[:-1])
    if chats == 1:
        stems.append(source.path.stem if source.kind != "folder" else source.path.name)
    for stem in stems:
        match = _NAMED.match(stem)
        if match:
            return match["name"]
    for stem in stems:
        if stem.lower() != "_chat":
            return stem
    return "whatsapp"


@dataclass(slots=True)
class _Pending:
    """A message whose end has not been reached."""

    line: int
    number: int
    sender: str
    moment: datetime
    parts: list[str]
    size: int


class _Chat:
    """One chat file: a survey, then the messages."""

    def __init__(
        self,
        source: Source,
        entry: Entry,
        title: str,
        conversation: str,
        options: ImportOptions,
        log: ImportLog,
        roster: Roster,
    ) -> None:
        self.source, self.entry, self.title = source, entry, title
        self.conversation, self.options, self.log = conversation, options, log
        self.roster = roster
        self.folder = entry.path[: -len(entry.name)]
        self.where = entry.name if source.kind != "file" else ""
        self.survey = _Survey()
        self.surface = "direct"
        self.people: list[str] = []
        self.ids: dict[str, tuple[str, list[str]]] = {}

    # first pass

    def _look(self) -> None:
        styles: Counter[tuple[str, str, bool, bool]] = Counter()
        first: tuple[str, str, bool, bool] | None = None
        final: tuple[str, str, bool, bool] | None = None
        orders = {name: _Order(name) for name in ("dmy", "mdy", "ymd")}
        seconds: dict[str, tuple[str, bool]] = {}
        survey = self.survey
        last: tuple[str, str, str] | None = None
        jumps: dict[str, list[tuple[str, str, str] | None]] = {}
        newcomer: str | None = None
        capitals = short_year = False
        quiet_log = ImportLog()
        with quiet(self.source):
            ended = 0  # lines before a message start: +1 for CR LF, -1 for LF alone
            previous: str | None = None
            for line in text_lines(self.source, self.entry, quiet_log, cr=True):
                head = _head(line)
                if previous is not None and head is not None:
                    ended += 1 if previous.endswith("\r") else -1
                previous = line
                if head is None:
                    continue
                line = line[:-1] if line.endswith("\r") else line
                styles[head.style] += 1
                final = head.style
                if first is None:
                    first = head.style
                    capitals = head.capitals
                    short_year = len(head.numbers[2]) <= 2
                elif head.style != first and styles[head.style] < styles[first] // 4:
                    continue
                before = last
                if newcomer is not None:
                    jumps[newcomer][2] = head.numbers
                    newcomer = None
                if head.numbers != last:
                    last = head.numbers
                    for order in orders.values():
                        order.see(head.numbers)
                rest = line[head.end :]
                name, text = self._split(rest, head)
                if name is None or self._is_system(name, text, head):
                    survey.group = survey.group or bool(_GROUPISH.search(rest))
                    continue
                survey.names[name] += 1
                if name not in jumps and len(jumps) < 50_000:
                    jumps[name] = [before, head.numbers, None]
                    newcomer = name
                if len(survey.names) > 50_000:
                    survey.names = Counter(dict(survey.names.most_common(40_000)))
                following, colon, _ = text.partition(": ")
                known = seconds.get(name)
                if not colon or not following or len(following) > 40:
                    seconds[name] = ("", False)
                elif known is None:
                    seconds[name] = (following, True)
                elif known != (following, True):
                    seconds[name] = ("", False)
        survey.carriage = ended > 0 or (ended == 0 and (previous or "").endswith("\r"))
        if first is not None:
            total = sum(styles.values())
            survey.styles = frozenset(
                style
                for style, count in styles.items()
                if style == first
                or (count * 5 >= total and (total >= 50 or (style == final and count >= 3)))
            )
        for name, (following, steady) in seconds.items():
            full = f"{name}: {following}"
            if steady and (survey.names[name] >= 5 or full == self.title):
                survey.long_names[name] = full
                survey.names[full] = survey.names.pop(name)
        if self.title.count(": ") and self.title not in survey.long_names.values():
            name = self.title.split(": ")[0]
            if name in survey.names:
                survey.long_names[name] = self.title
                survey.names[self.title] = survey.names[name]
        survey.order, survey.note = self._decide(
            orders, capitals and short_year, first is not None and first[1] == "."
        )
        survey.strays = frozenset(
            name
            for name, days in jumps.items()
            if survey.names[name] == 1 and name != self.title and _jumps(days, survey.order)
        )
        for name in survey.strays:
            del survey.names[name]

    def _decide(self, orders: dict[str, _Order], american: bool, dots: bool) -> tuple[str, str]:
        """The date order and, where it stays a guess, the note that says so."""
        forced = self.options.date_order
        if forced in orders:
            return str(forced), ""
        best = min(orders.values(), key=lambda order: order.cost)
        dmy, mdy = orders["dmy"], orders["mdy"]
        if best.order == "ymd" and dmy.impossible and mdy.impossible:
            return "ymd", ""
        if best.order == "ymd" and min(dmy.cost, mdy.cost)[:2] > best.cost[:2]:
            return "ymd", ""
        if dots and dmy.impossible <= mdy.impossible:
            return "dmy", ""  # no locale writes the month first with dots
        if dmy.cost == mdy.cost:
            if dmy.low == mdy.low:  # the same days either way, such as 5/5
                return ("mdy" if american else "dmy"), ""
            order = "mdy" if american else "dmy"
        else:
            order = "dmy" if dmy.cost < mdy.cost else "mdy"
        if dmy.cost[:2] == mdy.cost[:2] and dmy.low is not None:
            word = "day first" if order == "dmy" else "month first"
            return order, (
                f"The dates of this chat could be read two ways; they were read {word}. "
                "If that is wrong, give the date order."
            )
        return order, ""

    # names

    def _split(self, rest: str, head: _Head) -> tuple[str | None, str]:
        """Name and text of a message; the name is `None` for a system line."""
        separator = " : " if head.style[0] == "korean" else ": "
        name, found, text = rest.partition(separator)
        if not found:
            if rest.endswith(":") and rest.strip(_MARKS)[:-1] in self.survey.names:
                return rest.strip(_MARKS)[:-1], ""
            return None, rest
        clean = name.strip(_MARKS)
        if not clean:
            return None, rest
        full = self.survey.long_names.get(clean)
        if full is not None:
            length = len(full) - len(clean) - 2
            if text[:length] == full[len(clean) + 2 :] and text[length : length + 2] == ": ":
                return full, text[length + 2 :]
        if (name.count('"') % 2 or name.count("“") > name.count("”")) and _SYSTEM.search(rest):
            return None, rest
        return clean, text

    def _is_system(self, name: str, text: str, head: _Head) -> bool:
        """Whether a line with a name is one of the app's own lines."""
        if head.style[0] == "bracket":
            return text[:1] in ("\u200e", "\u200f") and bool(_SYSTEM.search(text[:300]))
        return len(name) > 60 and bool(_SYSTEM.search(name))

    # second pass

    def read(self) -> Iterator[Event]:
        """Stream accounts and messages."""
        self._look()
        survey, log = self.survey, self.log
        self.people = [name for name, _ in survey.names.most_common(3)]
        if len(survey.names) > 2 or survey.group:
            self.surface = "group"
        if survey.note:
            log.note(survey.note)
        zone = self.options.time_zone
        order, styles = survey.order, survey.styles
        days: dict[tuple[str, str, str], date | None] = {}
        pending: _Pending | None = None
        number = 0
        lines = text_lines(self.source, self.entry, log, cr=not survey.carriage)
        for count, line in enumerate(lines, 1):
            head = _head(line)
            if head is None or head.style not in styles:
                if pending is not None:
                    self._append(pending, line, count)
                elif line.strip():
                    place = self._place(count)
                    log.bad(place, "stands before the first message", line.encode("utf-8"))
                continue
            rest = line[head.end :]
            name, text = self._split(rest, head)
            if head.numbers not in days:
                if len(days) > 4000:
                    days.clear()
                days[head.numbers] = _calendar(head.numbers, order)
            day = days[head.numbers]
            if day is None:
                if pending is not None and (name is None or name not in survey.names):
                    self._append(pending, line, count)
                else:
                    place = self._place(count, "date")
                    log.bad(place, "is no day of the calendar", line.encode("utf-8"))
                continue
            moment = datetime(
                day.year, day.month, day.day, head.hour, head.minute, head.second, tzinfo=zone
            )
            if name is None or self._is_system(name, text, head):
                if pending is not None:
                    yield from self._emit(pending)
                pending = None
                log.skip("system line")
                continue
            if name in survey.strays and pending is not None:
                self._append(pending, line, count)
                continue
            if pending is not None:
                yield from self._emit(pending)
            number += 1
            pending = _Pending(count, number, name, moment, [text], len(text))
        if pending is not None:
            yield from self._emit(pending)
        if number:
            log.note(f"WhatsApp writes times without a zone; they were read as {zone}.")

    def _append(self, pending: _Pending, line: str, count: int) -> None:
        if pending.size > MAX_LINE:
            reason = "goes on with a message that is too long already"
            self.log.bad(self._place(count), reason, line.encode("utf-8", "replace"))
            return
        pending.parts.append(line)
        pending.size += len(line) + 1

    def _place(self, count: int, field: str = "") -> str:
        head = f"{self.where} line {count}" if self.where else f"line {count}"
        return f"{head}, field {field}" if field else head

    def _emit(self, pending: _Pending) -> Iterator[Event]:
        text = pending.parts[0] if len(pending.parts) == 1 else "\n".join(pending.parts)
        known = self.ids.get(pending.sender)
        if known is None:
            known = yield from self._introduce(pending.sender)
        sender, recipients = known
        text, attachments, deleted, edited = self._content(text)
        moment = pending.moment
        yield Message(
            id=f"{self.conversation}:{pending.number}",
            conversation_id=self.conversation,
            sender_id=sender,
            recipient_ids=[*recipients],
            sent_at=moment,
            text=whole(text),
            surface=self.surface,  # type: ignore[arg-type]
            attachments=attachments,
            edited_at=moment if edited else None,
            deleted_at=moment if deleted else None,
        )

    def _introduce(self, name: str) -> Generator[Event, None, tuple[str, list[str]]]:
        """Emit the accounts of a sender and, in a direct chat, of the other; their ids."""
        people = [name]
        if self.surface == "direct":
            other = self._other(name)
            if other is not None:
                people.append(other)
        ids = []
        for person in people:
            ids.append(identifier(person) or "unknown")
            account = self.roster.meet(ids[-1], person)
            if account is not None:
                yield account
        if len(self.ids) > 50_000:
            self.ids.clear()
        self.ids[name] = known = ids[0], ids[1:]
        return known

    def _other(self, sender: str) -> str | None:
        for name in self.people:
            if name != sender:
                return name
        named = self.title if self.title not in ("whatsapp", "_chat") else None
        is_titled = any(_NAMED.match(part) for part in self._stems())
        if named is not None and is_titled and named != sender:
            return named
        return self.options.owner if self.options.owner != sender else None

    def _stems(self) -> list[str]:
        return [
            self.entry.name.rsplit(".", 1)[0],
            *self.entry.path.split("/")[:-1],
            self.source.path.stem,
            self.source.path.name,
        ]

    def _content(self, text: str) -> tuple[str, list[Attachment], bool, bool]:
        """Text without the app's marks, attachments, and whether deleted or edited."""
        tail = text[-1:]
        edited = False
        if tail == ">":
            match = _EDITED.search(text, max(0, len(text) - 80))
            if match is not None:
                text, edited = text[: match.start()], True
                tail = text[-1:]
        bare = text.lstrip(_MARKS) if text[:1] in _MARKS else text
        if not bare:
            return text, [], False, edited
        if len(bare) < 80 and _DELETED.fullmatch(bare):
            return bare, [], True, edited
        line = bare.split("\n", 1)[0]
        last = line[-1:]
        if last == ">" or tail == ">":
            if line[0] == "<" and line[1:-1].strip().lower().rstrip(".") in _OMITTED_ANDROID:
                return bare, [Attachment()], False, edited
            match = _ATTACHED_IOS.search(text)
            if match is not None and match["word"].strip(_MARKS).lower() in _ATTACHED_WORDS:
                return bare, [self._file(match["name"])], False, edited
        if last == ")":
            match = _ATTACHED_ANDROID.match(line)
            if match is not None:
                name, word = match["name"], match["word"].lower()
                if (
                    word in _FILE_WORDS
                    or _WA_NAME.fullmatch(name)
                    or self.source.has(f"{self.folder}{name}")
                ):
                    return bare, [self._file(name)], False, edited
        if len(line) < 200 and ("omit" in line or "omi" in line or "ogge" in line or bare != text):
            kind = _OMITTED_IOS.get(bare.lower())
            if kind is not None:
                return bare, [Attachment(media_type=kind)], False, edited
            match = _DOCUMENT.match(bare)
            if match is not None:
                name = match["name"]
                return (
                    bare,
                    [Attachment(name=name, media_type=media_type_of(name))],
                    False,
                    edited,
                )
        return text, [], False, edited

    def _file(self, name: str) -> Attachment:
        name = name.strip(_MARKS)
        return attach(self.source, name=name, path=f"{self.folder}{name}")


IMPORTER = WhatsApp()
