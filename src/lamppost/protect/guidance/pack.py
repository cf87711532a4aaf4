"""Read the guidance pack: topics, texts, sources, words of each language.

A text file has TOML front matter between lines of `+++` and five sections, one an audience. A
section is a heading `## child`, a title `### …`, paragraphs, exactly one next step as a line that
begins with `> `, and the line `{{who_to_call}}`, which is filled from the support directory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta

from lamppost.core.errors import PackError, UsageError

HERE: Final = Path(__file__).parent

Audience = Literal["child", "teen", "guardian", "educator", "moderator"]
AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
"""Child: 8 to 12 years; teen: 13 to 17; guardian: parent or guardian."""
WHO: Final = "{{who_to_call}}"

Words = Annotated[str, Meta(min_length=1)]
Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]*$")]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
T = TypeVar("T")


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to give advice on; `kind` says where it comes from.

    A tactic or red flag has the id of its detector. A situation is what a child says.
    """

    id: Id
    kind: Literal["tactic", "child_signal", "red_flag", "situation"]
    urgent: bool = False


class _Topics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    complete: list[Language]
    no_topic: dict[str, Words]
    topic: list[Topic]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Public material that a text rests on; nothing is copied from it."""

    organisation: Words
    title: Words
    url: Annotated[str, Meta(pattern=r"^https?://")]


class Tongue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of one language around the texts, and what its texts must not say."""

    name: Words
    next_step: Words
    who_to_call: Words
    purposes: dict[str, Words]
    no_country: Words
    no_blame: list[Words]
    no_fear: list[Words]
    terms: dict[str, Words]


class _Front(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    topic: Id
    language: Language
    version: Annotated[int, Meta(ge=1)]
    reviewed: date
    sources: Annotated[list[Id], Meta(min_length=1)]


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One text: a topic for an audience in a language."""

    topic: str
    audience: Audience
    language: str
    title: str
    paragraphs: list[str]
    next_step: str
    version: int
    reviewed: date
    sources: list[str]
    reading_level: float | None = None
    """Value of the language's reading index (see `levels`), or None when not measured."""

    @property
    def words(self) -> str:
        """Everything a reader reads, without the contacts."""
        return "\n\n".join([self.title + ".", *self.paragraphs, self.next_step])


def _decode(path: Path, kind: type[T]) -> T:
    place = f"guidance/{path.relative_to(HERE)}"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise PackError("is missing", where=place, hint="add the file") from None
    try:
        return msgspec.toml.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PackError(str(error), where=place) from None


def read_text(path: Path) -> dict[Audience, Advice]:
    """The five texts of a file; raises `PackError` that names file, section and fix."""
    place = f"guidance/texts/{path.parent.name}/{path.name}"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise PackError("is missing", where=place, hint="add the file") from None
    parts = text.split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise PackError(
            "has no front matter", where=place, hint="begin with TOML between two lines of +++"
        )
    try:
        front = msgspec.toml.decode(parts[1], type=_Front)
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=f"{place}, front matter") from None
    for name, said, stands in (
        ("topic", front.topic, path.parent.name),
        ("language", front.language, path.stem),
    ):
        if said != stands:
            raise PackError(
                f"{name} {said!r} does not agree with the file's place",
                where=f"{place}, front matter",
                hint=f"write {stands!r} or move the file",
            )
    found: dict[Audience, Advice] = {}
    before, *sections = re.split(r"^## (.*)$", parts[2], flags=re.MULTILINE)
    if before.strip():
        raise PackError("text stands before the first section", where=place)
    for name, body in zip(sections[::2], sections[1::2], strict=True):
        audience = next((known for known in AUDIENCES if known == name.strip()), None)
        if audience is None or audience in found:
            raise PackError(
                f"section {name.strip()!r} is not known or stands twice",
                where=place,
                hint=f"sections are {', '.join(AUDIENCES)}",
            )
        found[audience] = _section(front, audience, body, f"{place}, ## {audience}")
    for audience in AUDIENCES:
        if audience not in found:
            raise PackError(f"section ## {audience} is missing", where=place, hint="write it")
    return found


def _section(front: _Front, audience: Audience, body: str, place: str) -> Advice:
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", body.strip())]
    titles = [block[4:] for block in blocks if block.startswith("### ")]
    steps = [block[2:] for block in blocks if block.startswith("> ")]
    if len(titles) != 1 or blocks[0] != f"### {titles[0]}":
        raise PackError(
            f"has {len(titles)} titles", where=place, hint="begin with one line of ### and a title"
        )
    if len(steps) != 1:
        raise PackError(
            f"has {len(steps)} next steps", where=place, hint="write exactly one block with > "
        )
    if blocks[-1] != WHO or blocks.count(WHO) != 1:
        raise PackError(f"does not end with {WHO}", where=place, hint="end the section with it")
    return Advice(
        topic=front.topic,
        audience=audience,
        language=front.language,
        title=titles[0],
        paragraphs=[
            block for block in blocks if block != WHO and not block.startswith(("### ", "> "))
        ],
        next_step=steps[0],
        version=front.version,
        reviewed=front.reviewed,
        sources=front.sources,
    )


class Pack:
    """The whole pack, in memory."""

    def __init__(self) -> None:
        listed = _decode(HERE / "topics.toml", _Topics)
        self.topics: Mapping[str, Topic] = {topic.id: topic for topic in listed.topic}
        self.no_topic: Mapping[str, str] = listed.no_topic
        """Detectors that have no topic, with the reason."""
        self.languages: tuple[str, ...] = tuple(listed.complete)
        """Languages that are complete; others are under way and not shown."""
        self.sources: Mapping[str, Source] = _decode(HERE / "sources.toml", dict[str, Source])
        self.tongues: Mapping[str, Tongue] = {
            language: load_tongue(language) for language in self.languages
        }
        self._advice = {
            (topic, audience, language): advice
            for language in self.languages
            for topic in self.topics
            for audience, advice in _with_levels(topic, language).items()
        }
        for advice in self._advice.values():
            for source in advice.sources:
                if source not in self.sources:
                    raise PackError(
                        f"source {source!r} is not known",
                        where=f"guidance/texts/{advice.topic}/{advice.language}.md, front matter",
                        hint="add it to guidance/sources.toml",
                    )

    def all(self) -> list[Advice]:
        """Every text: topic by topic, audience by audience, language by language."""
        return [
            self._advice[topic, audience, language]
            for topic in self.topics
            for audience in AUDIENCES
            for language in self.languages
        ]

    def find(self, topic: str, audience: Audience, language: str) -> Advice:
        """One text, at once.

        A language with a region falls back to the language: `en-GB` to `en`. Raises `UsageError`
        when topic or language is not known.
        """
        if topic not in self.topics:
            raise UsageError(
                f"topic {topic!r} is not known",
                where="--topic",
                hint="see `lamppost guidance --list`",
            )
        for known in (language, language.partition("-")[0].lower()):
            if (topic, audience, known) in self._advice:
                return self._advice[topic, audience, known]
        raise UsageError(
            f"language {language!r} has no guidance",
            where="--language",
            hint=f"complete languages are {', '.join(self.languages)}",
        )


def load_tongue(language: str) -> Tongue:
    """Words of a language, complete or under way."""
    return _decode(HERE / "languages" / f"{language}.toml", Tongue)


def _with_levels(topic: str, language: str) -> dict[Audience, Advice]:
    levels = load_levels(language)
    return {
        audience: msgspec.structs.replace(advice, reading_level=levels.get(topic, {}).get(audience))
        for audience, advice in read_text(HERE / "texts" / topic / f"{language}.md").items()
    }


@cache
def load_levels(language: str) -> dict[str, dict[str, float]]:
    """Measured reading levels, by topic and audience; empty when none were measured."""
    path = HERE / "levels" / f"{language}.json"
    if not path.is_file():
        return {}
    found: Any = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, float]])
    return dict(found)


@cache
def load_pack() -> Pack:
    """The pack that comes with Lamppost; read once. Raises `PackError` when a file is wrong."""
    return Pack()
