"""The rules: what looks private, kind by kind. Each gives spans of folded text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import iso3166
import phonenumbers

Span = tuple[int, int, str]
"""Start, end, kind."""

_STOP: Final = frozenset(
    "a about after again ages all also always am an and any are as at away back bad be "
    "because bed been before best big bit both bored but by bye can cant class come coming "
    "cool could crazy cute dad day days dead did didnt different do doing done dont down "
    "each early else er even ever every everyone fine first five for four free friend "
    "friends from fun funny game get getting girl girls glad going gone gonna good got "
    "great ha had haha half happy hard has have having he hello help her here hers hey hi "
    "high him his hmm holiday home hot how i idk if ill im in into is isnt it its ive just "
    "k kind kinda last late later leaving like literally little live lol look looking lost "
    "love low lunch mad man many mate maybe me mean middle might mine more morning most "
    "much mum mums my near need never new next nice no nobody none nope not nothing now of "
    "off oh ok okay old older on once one online only or other our out over own people "
    "phone please pretty primary probably quite ready real really right sad safe same "
    "school scared secondary see serious sick single sis small so some someone something "
    "soon sorry still stuck such sure taking than that thats the their them then there they "
    "thing things think this those three time tired to today tomorrow tonight too two u "
    "until up upset ur us very wait was way we weird well went were what whatever when "
    "where which while who why will with work working worried would wow ya yeah year years "
    "yep yes yesterday yet you young your yours".split()
)
_APP: Final = (
    r"(?:snap(?:chat)?|sc|insta(?:gram)?|ig|discord|disc|tiktok|tik ?tok|kik|telegram|tele|whatsapp"
    r"|wa|skype|twitter|roblox|fortnite|epic|steam|xbox|psn|gamertag|facebook|fb|messenger|signal"
    r"|wickr|threema|session|viber|line|wechat|twitch|youtube|user ?name|user|handle|account|tag)"
)
_TLD: Final = (
    r"(?:com|net|org|io|gg|co|uk|me|app|tv|ly|be|info|xyz|link|ru|de|fr|es|it|nl|eu|us|ca|au|in|ie"
    r"|edu|gov|biz|dev|site|online|chat|fm|to|cc|im|la|gl|page|club|live|shop|store)"
)
_DOT: Final = r"(?:\.|\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?|\s+dot\s+)"
_AT: Final = r"(?:@|\s?[\[({]\s?(?:at|@)\s?[\])}]\s?|\s+at\s+)"
_STREET: Final = (
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|close|court|ct|crescent|cres|terrace|gardens"
    r"|grove|square|boulevard|blvd|row|mews|parade|highway|hwy|walk|rise|view|way|place|hill|park"
    r"|strasse|straße|rue|calle|via|avenida)"
)
_PLACE: Final = (
    r"(?:school|academy|college|high school|primary|primary school|elementary|middle school|prep"
    r"|secondary school|grammar school|grammar|comprehensive|university|uni|nursery|church|mosque"
    r"|synagogue|temple|hospital|leisure cent(?:re|er)|sports cent(?:re|er)|shopping cent(?:re|er)"
    r"|mall|station|library|youth club|football club|swimming club|stadium|arena|skate ?park"
    r"|playground|cinema)"
)
_NUMBER_WORD: Final = r"(?:zero|oh|o|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_NAME: Final = r"[A-Za-z][A-Za-z'\-]{1,24}"


def _all(pattern: re.Pattern[str], text: str, kind: str, group: int = 0) -> Iterator[Span]:
    for match in pattern.finditer(text):
        start, end = match.span(group)
        if start < end:
            yield start, end, kind


_EMAIL = re.compile(
    rf"[A-Za-z0-9][A-Za-z0-9._%+\-]*{_AT}[A-Za-z0-9][A-Za-z0-9\-]*(?:{_DOT}[A-Za-z0-9\-]+)*?{_DOT}"
    rf"{_TLD}\b",
    re.I,
)
_LINK = re.compile(
    rf"(?:\b(?:h..ps?|ftp|tg|discord)(?:://|:\s?//)\S+)"
    rf"|\bwww\.\S+"
    rf"|\b(?:[A-Za-z0-9\-]+{_DOT})+{_TLD}\b(?:/\S*)?",
    re.I,
)
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b", re.I)
_COORDINATES = re.compile(r"-?\d{1,2}\.\d{3,}\s*,\s*-?\d{1,3}\.\d{3,}|///\w+\.\w+\.\w+")
_DIGITS = re.compile(r"(?<![\w])\+?\(?\d(?:[\s().\-/]{0,2}\d){6,18}(?!\w)")
_SPELLED = re.compile(rf"\b{_NUMBER_WORD}(?:[\s,.\-]+(?:{_NUMBER_WORD}|\d+)){{5,}}\b", re.I)
_DATE_LIKE = re.compile(
    r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"
    r"(?:[ T]\d{1,2}(?:[:.]\d{2})*)?$"
)
_BIRTH = re.compile(
    r"\b(?:dob|d\.o\.b\.?|birth ?day|born|bday|date of birth)\b\W{0,3}(?:is|on|:|in)?\W{0,3}"
    r"((?:the )?\d{1,2}(?:st|nd|rd|th)?(?: of)?[\s\-/.](?:\w{3,9}|\d{1,2})(?:[\s\-/.,]+\d{2,4})?"
    r"|\w{3,9} \d{1,2}(?:st|nd|rd|th)?(?:,? \d{2,4})?|\d{4}-\d{2}-\d{2})",
    re.I,
)
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_])?")
_TAGGED = re.compile(r"\b[A-Za-z0-9_.]{2,32}#\d{4}\b")
_ON_APP = re.compile(
    rf"\b(?:my|ur|your|his|her|the)?\s*{_APP}\b(?:\s*(?:name|id|is|iz|=|:|-|@|called|handle|tag|add|"
    rf"under|as))+\s*[\"'@]?([A-Za-z0-9_][A-Za-z0-9_.\-]{{2,31}})",
    re.I,
)
_ADD_ME = re.compile(
    rf"\b(?:add|find|follow|message|msg|dm|text|search|hmu|im|i'm|i am)\b(?: me)?(?: up)?"
    rf"(?:\s+(?:on|at|in))?\s+{_APP}\b[\s:,\-]*(?:at|as|is|its|it's|under)?[\s:,\-]*[\"'@]?"
    rf"([A-Za-z0-9_][A-Za-z0-9_.\-]{{2,31}})",
    re.I,
)
_MIXED = re.compile(
    r"(?<![\w.@/])(?=[\w.\-]*[A-Za-z])(?:(?=[\w.\-]*_)[A-Za-z0-9_.]{4,32}"
    r"|[A-Za-z]{3,}[A-Za-z.]*\d{2,6}[A-Za-z]*|[A-Za-z]{2,}\.[A-Za-z]{2,}\d+|xX\w+Xx)(?![\w])"
)
_ADDRESS = re.compile(
    rf"\b(?:(?:flat|apt|apartment|unit|room|house)\s?\w{{1,4}}[,\s]+)?\d{{1,5}}[A-Za-z]?[,\s]+"
    rf"(?:[A-Za-z][A-Za-z'.\-]*\s+){{1,4}}{_STREET}\b\.?(?:[,\s]+(?:flat|apt|unit)\s?\w{{1,4}}\b)?",
    re.I,
)
_ROAD = re.compile(
    r"\b(?:[A-Z][a-z'\-]+\s+){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Drive|Close|Court|Crescent"
    r"|Terrace|Gardens|Grove|Square|Boulevard|Blvd|Mews|Hill)\b"
)
_ON_ROAD = re.compile(
    r"\b(?:on|in|at|off|near|down|along)\s+((?:[a-z'\-]+\s+){1,2}(?:street|road|avenue|lane|drive|"
    r"close|crescent|terrace|grove|mews))\b",
    re.I,
)
_FLAT = re.compile(
    r"\b(?:flat|apt|apartment|house number|door number|room number)\s?#?\s?\d{1,4}\w?\b", re.I
)
_POSTCODE = re.compile(
    r"\b(?:[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|[A-Z]{2}\s\d{5}(?:-\d{4})?)\b",
    re.I,
)
_ZIP = re.compile(
    r"\b(?:zip|post ?code|postal code|plz)\b\W{0,3}(?:is|:)?\W{0,3}(\w{3,5}\s?\w{0,4})", re.I
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?\b")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{24,64}\b", re.I)
_CODE = re.compile(
    r"\b(?:passport|licen[cs]e|national insurance|ni number|nino|ssn|social security|student id|"
    r"pin|password|passcode|login|code|reg|registration|number plate|plate)\b"
    r"\W{0,3}(?:number|no|is|:)*"
    r"\W{0,3}((?=[\w\-]*\d)[\w\-]{3,20})",
    re.I,
)
_INSTITUTION = re.compile(rf"\b{_PLACE}(?:\s+{_PLACE})*\b", re.I)
_SAINT = re.compile(r"\b(?:St|Saint)\.?\s+[A-Z][A-Za-z'\-]+(?:\s+(?:and|&)\s+[A-Z][A-Za-z'\-]+)?")
_LIVES = re.compile(
    r"\b(?:live|lives|living|moved|moving|stay|staying|based|grew up|born)\s+(?:in|near|at|to|by|"
    r"around|next to|close to)\s+((?:[A-Za-z][A-Za-z'\-]+)(?:[ \-][A-Za-z][A-Za-z'\-]+)?)",
    re.I,
)
_FROM = re.compile(
    r"\b(?:im|i'm|i am|he's|hes|she's|shes|we're|is|are|you|u|where)\s+from\s+"
    r"((?:[A-Za-z][A-Za-z'\-]+)(?:\s[A-Z][A-Za-z'\-]+)?)",
    re.I,
)
_GOES_TO = re.compile(
    r"\b(?:go|goes|went|going)\s+to\s+((?:[A-Z][A-Za-z'\-]+)(?:\s[A-Z][A-Za-z'\-]+){0,3})"
)
_SECOND: Final = r"(?:\s+(?-i:[A-Z][a-z'\-]+))?"
_INTRODUCED = re.compile(
    rf"\b(?:(?:my|his|her|their|real|full|first|last) name(?:'?s| is| was)?|im called|i'm called|"
    rf"i am called|call me)\s+({_NAME}(?:\s+{_NAME})?)",
    re.I,
)
_CALLED = re.compile(
    rf"\b(?:names|name's|called|known as|this is|its me|it's me|signed)\s+({_NAME}{_SECOND})", re.I
)
_I_AM = re.compile(
    rf"\b(?:i'm|im|i am|its|it's|hi|hey|hello|yo|dear|thanks|thank you|bye|night|"
    rf"love|from|omg|hiya|heya|morning|sorry|please|cheers)[ ,!]+({_NAME})",
    re.I,
)
_TITLED = re.compile(
    rf"\b(?:mr|mrs|ms|miss|mister|dr|doctor|prof|professor|pc|sgt)\.?\s+({_NAME}{_SECOND})", re.I
)
_KIN = re.compile(
    r"\b(?:sir|madam|coach|father|sister|brother|pastor|imam|rabbi|uncle|auntie|aunty|aunt|nan|"
    rf"nana|granny|grandad|grandpa|grandma|officer|constable)\.?\s+({_NAME}{_SECOND})",
    re.I,
)
_RELATED = re.compile(
    r"\b(?:my|ur|your|his|her|our|best|a)\s+(?:(?:best|little|big|older|younger|step|half|good|old|"
    r"ex)[\s\-]*)?(?:friend|mate|bestie|bff|bro|brother|sis|sister|cousin|teacher|coach|tutor|"
    r"boyfriend|girlfriend|bf|gf|mum|mom|dad|stepdad|stepmum|neighbour|neighbor|boss|dog|cat)\s+"
    rf"(?:is called |called |is named |named )?({_NAME})",
    re.I,
)
_DAYS: Final = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april "
    "may june july august september october november december".split()
)
_ORDINARY: Final = _DAYS | frozenset(
    "snapchat instagram insta discord tiktok kik telegram whatsapp skype twitter roblox "
    "fortnite steam xbox playstation psn facebook messenger signal viber line wechat twitch "
    "youtube google netflix spotify minecraft amazon paypal apple iphone android valorant "
    "fifa pokemon nintendo switch zoom teams reddit pinterest english french german spanish "
    "maths math science history geography brother sister mrs art pe christmas easter "
    "halloween god omg lol tv uk usa us i im ill id ive ok".split()
)
_LINKING: Final = frozenset({"the", "meet", "near", "see", "leave", "left", "walk", "drive", "big"})
_COMMON_NOUN: Final = frozenset(
    "bus train tube police petrol fire gas tv radio power skate sports leisure shopping "
    "football swimming youth high primary middle secondary grammar junior infant boarding "
    "private public sunday summer driving local nearest after whole boys girls hair beauty "
    "art drama dance music community sixth form to or then than heard picks starts go goes "
    "going near through".split()
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'\-]*")
_FULL = re.compile(r"[A-Z][a-z'\-]+")


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    sure: set[str] = set()
    common: set[str] = set()
    for line in (Path(__file__).parent / "names.txt").read_text("utf-8").splitlines():
        if line.startswith("~"):
            common.add(line[1:])
        elif line and not line.startswith("#"):
            sure.add(line)
    return frozenset(sure - _STOP), frozenset(common - _STOP)


@cache
def _places() -> tuple[frozenset[str], frozenset[str]]:
    """Towns and countries: names that stand for themselves, and those that are also words."""
    sure: set[str] = set()
    common: set[str] = set()
    for line in (Path(__file__).parent / "places.txt").read_text("utf-8").splitlines():
        if line.startswith("~"):
            common.add(line[1:])
        elif line and not line.startswith("#"):
            sure.add(line)
    lands = {country.name.split(",")[0].split(" (")[0].lower() for country in iso3166.countries}
    return frozenset(sure | lands - _STOP - {"chad", "georgia", "jersey", "jordan", "turkey"}), (
        frozenset(common)
    )


_FILE = re.compile(
    r"(?:(?<=<attached: )[^<>\n]{1,120}?|[^\s<>:/\\\"]{1,120})"
    r"\.(?:jpe?g|png|gif|webp|heic|mp4|mov|avi|webm|3gp|mkv|opus|ogg|mp3|m4a|aac|wav|pdf|docx?|vcf"
    r"|zip|txt|xlsx?|pptx?)\b",
    re.I,
)


def contacts(text: str, region: str | None) -> Iterator[Span]:
    """Emails, links, numbers, handles."""
    yield from _all(_EMAIL, text, "email")
    yield from _all(_LINK, text, "link")
    yield from _all(_FILE, text, "file")
    yield from _all(_IP, text, "number")
    yield from _all(_COORDINATES, text, "place")
    regions = [region] if region else []
    for land in (*regions, "GB", "US"):
        for match in phonenumbers.PhoneNumberMatcher(
            text, land, leniency=phonenumbers.Leniency.POSSIBLE
        ):
            raw = match.raw_string.strip()
            if sum(char.isdigit() for char in raw) >= 7 and not _DATE_LIKE.match(raw):
                yield match.start, match.end, "phone"
    for start, end, kind in _all(_DIGITS, text, "phone"):
        if not _DATE_LIKE.match(text[start:end].strip()):
            yield start, end, kind
    yield from _all(_SPELLED, text, "phone")
    yield from _all(_IBAN, text, "number")
    yield from _all(_UUID, text, "number")
    yield from _all(_CODE, text, "number", 1)
    yield from _all(_BIRTH, text, "date", 1)
    yield from _all(_HANDLE, text, "handle")
    yield from _all(_TAGGED, text, "handle")
    for pattern in (_ON_APP, _ADD_ME):
        for start, end, kind in _all(pattern, text, "handle", 1):
            if text[start:end].lower() not in _STOP:
                yield start, end, kind
    yield from _all(_MIXED, text, "handle")


def places(text: str) -> Iterator[Span]:
    """Addresses, schools, towns."""
    yield from _all(_ADDRESS, text, "address")
    yield from _all(_ROAD, text, "address")
    for start, end, kind in _all(_ON_ROAD, text, "address", 1):
        start = _past_stops(text, start, end)
        if " " in text[start:end]:
            yield start, end, kind
    yield from _all(_FLAT, text, "address")
    yield from _all(_POSTCODE, text, "address")
    yield from _all(_ZIP, text, "address", 1)
    for match in _INSTITUTION.finditer(text):
        begin = _proper_from(text, match.start())
        if begin is not None:
            yield begin, match.end(), "place"
    yield from _all(_SAINT, text, "place")
    for pattern in (_LIVES, _FROM):
        for match in pattern.finditer(text):
            start = _past_stops(text, match.start(1), match.end(1))
            words = list(_WORD.finditer(text, start, match.end(1)))
            kept = [word for word in words if word[0].lower() not in _STOP]
            if kept and kept[0] is words[0]:
                end = kept[0].end()
                if len(kept) > 1 and kept[1][0][:1].isupper():
                    end = kept[1].end()
                yield kept[0].start(), end, "place"
    for match in _GOES_TO.finditer(text):
        if match[1].split()[0].lower() not in _STOP:
            yield *match.span(1), "place"
    sure, common = _places()
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        for size in (3, 2, 1):
            if index + size > len(words):
                continue
            start, end = word.start(), words[index + size - 1].end()
            name = re.sub(r"[\s\-']+", " ", text[start:end]).lower()
            before = words[index - 1][0].lower() if index else ""
            there = before in {"in", "from", "near", "to", "at", "around", "outside", "of"}
            if name in sure or (
                name in common
                and there
                and (word[0][0].isupper() or before in {"in", "from", "near"})
            ):
                yield start, end, "place"
                break


def _past_stops(text: str, start: int, end: int) -> int:
    """Where the name proper begins: after words of the sentence, such as `after` or `my`."""
    for word in _WORD.finditer(text, start, end):
        if word[0].lower() not in _STOP and word[0].lower() not in _LINKING:
            return word.start()
    return end


def _proper_from(text: str, end: int) -> int | None:
    """Where the proper name before a word like `school` begins; `None` when there is none."""
    start = None
    for word in reversed(list(_WORD.finditer(text, max(0, end - 60), end))[-3:]):
        between = text[word.end() : start if start is not None else end]
        if between.strip(" .'’") or word[0].lower() in _STOP | _LINKING | _COMMON_NOUN:
            break
        start = word.start()
    return start


def _surname_follows(text: str, words: list[re.Match[str]], index: int) -> bool:
    """Whether a capitalised word that may be a surname stands right after."""
    if index + 1 >= len(words):
        return False
    word, follow = words[index], words[index + 1]
    return (
        text[word.end() : follow.start()] == " "
        and bool(_FULL.fullmatch(follow[0]))
        and follow[0].lower() not in _STOP | _ORDINARY
    )


def _is_name(word: str) -> bool:
    sure, common = _names()
    return word.lower() in sure or word.lower() in common


def names(text: str) -> Iterator[Span]:
    """Names of people who are not participants."""
    sure, common = _names()
    for match in _INTRODUCED.finditer(text):
        first, *rest = list(_WORD.finditer(text, *match.span(1)))
        if first[0].lower() in _STOP:
            continue
        more = [word for word in rest if _is_name(word[0]) or word[0][0].isupper()]
        closes = rest and not text[rest[0].end() :].strip(" .!?")
        unknown = rest and (closes or not _is_name(first[0])) and rest[0][0].lower() not in _STOP
        end = (more or (rest if unknown else []) or [first])[-1].end()
        yield first.start(), end, "name"
    for match in _TITLED.finditer(text):
        if match[1].split()[0].lower() not in _STOP:
            yield *match.span(1), "name"
    for pattern in (_CALLED, _KIN, _RELATED):
        for match in pattern.finditer(text):
            first_word = match[1].split()[0]
            capital = first_word[0].isupper() and first_word.lower() not in _STOP
            if _is_name(first_word) or capital:
                yield *match.span(1), "name"
    for match in _I_AM.finditer(text):
        if match[1].lower() in sure or (match[1].lower() in common and match[1][0].isupper()):
            yield *match.span(1), "name"
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        bare = re.sub(r"(?:'s?|s')$", "", word[0])
        lower = bare.lower()
        shrunk = re.sub(r"(.)\1{2,}", r"\1", lower)
        capital = bare[:1].isupper()
        starts = index == 0 or bool(re.search(r"[.!?\n]\s*$", text[: word.start()]))
        known = lower in sure or (len(shrunk) >= 3 and shrunk in sure)
        if known or (lower in common and capital and not starts):
            start, end = word.start(), word.start() + len(bare)
            follow = words[index + 1] if index + 1 < len(words) else None
            if (
                capital
                and follow is not None
                and _FULL.fullmatch(follow[0])
                and text[end : follow.start()] == " "
                and follow[0].lower() not in _STOP | _DAYS
            ):
                end = follow.end()
            yield start, end, "name"
        elif (
            _FULL.fullmatch(bare)
            and "'" not in bare
            and len(bare) > 2
            and lower.rstrip("s") not in _ORDINARY
            and lower not in _ORDINARY | _STOP
            and lower not in common
            and (not starts or _surname_follows(text, words, index))
        ):
            yield word.start(), word.start() + len(bare), "name"
