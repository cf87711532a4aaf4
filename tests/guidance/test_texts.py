"""Every text exists and keeps the rules: length, reading level, no blame, no fear, no numbers."""

from __future__ import annotations

import re

import pytest

import guidance_levels as reading
from lamppost.core.errors import PackError
from lamppost.protect.guidance import AUDIENCES, Advice, load_pack
from lamppost.protect.guidance.pack import HERE, load_levels, load_tongue, read_text
from lamppost.signals.discovery import conduct_cards
from lamppost.signals.library import load_library
from lamppost.signals.vocabulary import sexual_words

UNDER_WAY = sorted({path.stem for path in (HERE / "texts").glob("*/*.md")})
FILES = sorted((HERE / "texts").glob("*/*.md"))


def texts() -> list[Advice]:
    return [advice for path in FILES for advice in read_text(path).values()]


def name(advice: Advice) -> str:
    return f"{advice.topic} {advice.audience} {advice.language}"


def test_every_tactic_child_signal_and_red_flag_is_a_topic_or_says_why_not() -> None:
    pack = load_pack()
    tactics = {card.id for card in load_library(["en"]).cards.values()}
    flags = {card.id for card in conduct_cards() if card.detector.startswith("red_flag.")}
    assert tactics
    assert flags
    situations = {topic.id for topic in pack.topics.values() if topic.kind == "situation"}
    assert len(situations) == 6
    assert set(pack.topics) - situations == (tactics | flags) - set(pack.no_topic)


def test_every_topic_has_every_audience_in_every_complete_language() -> None:
    pack = load_pack()
    found = {(text.topic, text.audience, text.language) for text in pack.all()}
    assert found == {
        (topic, audience, language)
        for topic in pack.topics
        for audience in AUDIENCES
        for language in pack.languages
    }
    assert {path.parent.name for path in FILES} <= set(pack.topics)


def test_reading_levels_are_held_and_fresh() -> None:
    hard = [f"{name(text)}: {reading.level(text)}" for text in texts() if reading.misses(text)]
    assert hard == []
    for language in UNDER_WAY:
        assert load_levels(language) == reading.measured(language), "run scripts/guidance_levels.py"


def test_the_reading_index_tells_easy_from_hard() -> None:
    easy = "You can stop. Tell one grown-up. It is not your fault."
    hard = "Subsequent identification of manipulative communication necessitates intervention."
    grade = reading.INDICES["en"].value
    assert grade(reading.count(easy, "en")) < 2 < 14 < grade(reading.count(hard, "en"))
    words = ("any", "safeguarding", "cat")
    assert [reading.syllables(word, "en") for word in words] == [2, 3, 1]


def test_texts_are_short() -> None:
    def words(text: Advice) -> int:
        return len(reading.WORD.findall(text.words))

    assert [
        f"{name(text)}: {words(text)}" for text in texts() if not 60 <= words(text) <= 140
    ] == []


def test_texts_hold_no_number_no_link_and_no_markup() -> None:
    bad = re.compile(r"\d{2,}|https?:|www\.|@|\[|\]\(|[*_`<>]")
    assert [name(text) for text in texts() if bad.search(text.words)] == []


@pytest.mark.parametrize("language", UNDER_WAY)
def test_texts_blame_nobody_frighten_nobody_and_use_the_fields_terms(language: str) -> None:
    tongue = load_tongue(language)
    banned = [*tongue.no_blame, *tongue.no_fear, *tongue.terms]
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in banned), re.IGNORECASE)
    found = [
        (name(text), hit.group())
        for text in texts()
        if text.language == language and (hit := pattern.search(text.words))
    ]
    assert found == []


def test_no_text_is_explicit() -> None:
    named = {"sexual"}  # words of the field
    found = {
        (name(text), word)
        for text in texts()
        for word in re.findall(r"[^\W\d_]+", text.words.lower())
        if word not in named and word in sexual_words(text.language)
    }
    assert found == set()


def test_no_advice_is_said_twice() -> None:
    for language in UNDER_WAY:
        whole = [" ".join(t.paragraphs) for t in texts() if t.language == language]
        titles = [(t.audience, t.title) for t in texts() if t.language == language]
        assert len(set(whole)) == len(whole)
        assert len(set(titles)) == len(titles)


GOOD = (HERE / "texts" / "secrecy" / "en.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## teen", "## tean", "section 'tean' is not known"),
        ("## teen", "## child", "section 'child' is not known or stands twice"),
        ("\n> ", "\n", "has 0 next steps"),
        ("{{who_to_call}}\n\n## teen", "## teen", "does not end with"),
        ('topic = "secrecy"', 'topic = "gifts"', "write 'secrecy' or move the file"),
        ("version = 1", "version = 0", "front matter"),
        ("+++", "---", "has no front matter"),
        ("### ", "", "has 0 titles"),
    ],
)
def test_a_wrong_file_is_named_with_section_and_fix(tmp_path, old, new, said) -> None:
    path = tmp_path / "secrecy" / "en.md"
    path.parent.mkdir()
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1) if old != "+++" else GOOD.replace(old, new), "utf-8")
    with pytest.raises(PackError, match=r"guidance/texts/secrecy/en\.md") as caught:
        read_text(path)
    assert said in str(caught.value)
