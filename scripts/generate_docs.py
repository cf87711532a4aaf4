"""Write the generated pages of the documentation, or say which are stale (`--check`).

Every page is made from what the engine itself reads: Typer's help, cards, event types, the error
tree, importer docstrings. A page is never written by hand; change its source, then `make docs`.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import typer.main

from lamppost import config
from lamppost.cli import app
from lamppost.cli.schema import Name
from lamppost.core.errors import all_errors
from lamppost.events.schema import event_schema
from lamppost.history.memory import KEPT, PER_DETECTOR, SATURATION
from lamppost.importers.base import Importer
from lamppost.importers.detect import importers
from lamppost.protect.gate.policy import DEFAULT as CONTACTS
from lamppost.protect.settings import SETTINGS, load_duties
from lamppost.reports.scan import schema as report_schemas
from lamppost.risk.score import DEFAULT_WEIGHTS, Weights
from lamppost.risk.thresholds import Thresholds
from lamppost.signals import phrases
from lamppost.signals.calibration import load_rates
from lamppost.signals.card import Card, ConductCard, Sourced
from lamppost.signals.discovery import conduct_cards
from lamppost.signals.library import SLOTS, load_library
from lamppost.signals.phrases import load_slots

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
HOUSE = ROOT / "src" / "lamppost"
HOUSE_STARTS = "<!-- the house, made by scripts/generate_docs.py -->"
HOUSE_ENDS = "<!-- end -->"
NOT_FROM_AN_APP = {"ndjson", "pan12", "table"}
MADE = "<!-- Made by scripts/generate_docs.py from {source}. Do not edit; run `make docs`. -->\n\n"


def cell(text: object) -> str:
    """Text as one cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    """A Markdown table, or nothing when it has no rows."""
    if not rows:
        return ""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell(item) for item in row) + " |" for row in lines) + "\n\n"


def bullets(items: list[str]) -> str:
    """A Markdown list."""
    return "".join(f"- {cell(item)}\n" for item in items) + "\n"


# --- the command line -------------------------------------------------------------------------


def commands(command: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Every command below `command`: path, command, context; parents first."""
    context = command.make_context(path, [], resilient_parsing=True)
    yield path, command, context
    for name, child in sorted(getattr(command, "commands", {}).items()):
        if not child.hidden:
            yield from commands(child, f"{path} {name}")


def all_commands() -> list[tuple[str, Any, Any]]:
    """Every command of the command line."""
    return list(commands(typer.main.get_command(app()), "lamppost"))


def help_text(text: str) -> str:
    """Help as Markdown: an `Example:` line becomes a block to copy."""
    prose, _, example = inspect.cleandoc(text).partition("Example:")
    shown = f"{prose.strip()}\n\n"
    if example:
        shown += f"```sh\n{example.strip()}\n```\n\n"
    return shown


def cli_page() -> str:
    """Every command, its arguments and options."""
    page = MADE.format(source="the help texts") + "# Command line\n\n"
    page += (
        "Data goes to stdout, progress and summaries to stderr; `-` is stdin or stdout. Exit codes "
        "are on the page [Errors](errors.md).\n\n"
    )
    for path, command, context in all_commands():
        page += f"## {path}\n\n{help_text(command.help or '')}"
        rows = []
        for parameter in command.params:
            if getattr(parameter, "hidden", False):
                continue
            record = parameter.get_help_record(context)
            if record is not None:
                rows.append((f"`{cell(record[0])}`", record[1]))
        page += table(("argument or option", "meaning"), rows)
        children = sorted(getattr(command, "commands", {}))
        page += bullets([f"[`{path} {name}`](#{path}-{name})".replace("#lamppost ", "#lamppost-")
                         for name in children]) if children else ""  # fmt: skip
    return page


# --- detectors --------------------------------------------------------------------------------


def sourced(number: Sourced) -> str:
    """A number with its unit and source."""
    return f"{number.value:g} {number.unit} ({number.source})"


def detector(card: Card | ConductCard, reasons: int) -> str:
    """One detector, from its card."""
    facts: list[tuple[object, object]] = [
        ("id", f"`{card.detector}`, version {card.version}, since {card.since}"),
        ("status", card.status),
        (
            "whose words" if isinstance(card, Card) else "of whom",
            "the other person" if card.speaker == "actor" else "the possible child",
        ),
        ("stage", card.stage.replace("_", " ")),
        ("harm", card.harm),
        ("bits per sighting", f"weak {card.bits.weak:g}, plain {card.bits.plain:g}, "
                              f"strong {card.bits.strong:g}, before calibration "
                              f"({card.bits.source})"),
        ("harmful rate", sourced(card.harmful_rate)),
        ("half-life", sourced(card.half_life_days)),
    ]  # fmt: skip
    if isinstance(card, Card):
        facts.append(("reasons it can give", reasons))
    if card.labels:
        facts.append(("upstream labels", ", ".join(f"`{label}`" for label in card.labels)))
    if card.imminent:
        facts.append(("imminent", "yes: makes a case urgent"))
    if card.severe:
        facts.append(("severe", "yes: never offset by protective evidence"))
    return (
        f"## {card.title} {{ #{card.id} }}\n\n{card.what.strip()}\n\n"
        + table(("fact", "value"), facts)
        + "**Ordinary things it may see.**\n\n"
        + bullets(card.false_positives)
        + "**What it does not see.**\n\n"
        + bullets(card.blind_spots)
        + f"**For the reviewer.** {cell(card.reviewer_guide)}\n\n"
        + "**Sources.**\n\n"
        + bullets(card.sources)
    )


def detectors_page() -> str:
    """Every detector, from its card."""
    library = load_library()
    page = MADE.format(source="the cards in src/lamppost/signals") + "# Detectors\n\n"
    page += (
        f"{len(library.cards)} detectors read messages, in {', '.join(library.languages)}. "
        "Each is a folder with a card and phrases. Others look at what accounts do and at what "
        "changes for a child: [behaviour](../behaviour.md). This page shows the cards. A sighting "
        "is a reason to look, never a verdict.\n\n"
    )
    counts = dict.fromkeys(library.cards, 0)
    for reason in library.reasons:
        counts[reason.card.number] += 1
    cards: list[Card | ConductCard] = [*library.cards.values(), *conduct_cards()]
    for kind, title in (
        ("tactic", "Tactics of the other person"),
        ("child_signal", "Signs from the child"),
        ("protective", "Protective evidence"),
        ("behaviour", "Behaviour of accounts"),
        ("red_flag", "Red flags for a child"),
    ):
        rows = [
            (f"[{card.title}](#{card.id})", card.stage.replace("_", " "), card.status)
            for card in cards
            if card.kind == kind
        ]
        if rows:
            page += f"**{title}**\n\n" + table(("detector", "stage", "status"), rows)
    return page + "".join(detector(card, counts.get(card.number, 0)) for card in cards)


# --- events -----------------------------------------------------------------------------------


def kind_of(schema: dict[str, Any]) -> str:
    """A JSON Schema type in words."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rsplit('/', 1)[1]}`"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(word)}`" for word in schema["enum"] if word is not None)
    if "anyOf" in schema:
        shown = (kind_of(option) for option in schema["anyOf"] if option.get("type") != "null")
        return " or ".join(shown)
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    words = schema.get("format") or schema.get("type") or "anything"
    return str(words)


def limits_of(schema: dict[str, Any]) -> str:
    """Limits and description of a field."""
    for option in schema.get("anyOf", []):
        if option.get("type") != "null":
            schema = {**option, **schema}
    said = [schema["description"]] if "description" in schema else []
    names = {
        "minimum": "at least", "maximum": "at most", "minLength": "at least, in characters:",
        "maxLength": "at most, in characters:", "pattern": "pattern",
    }  # fmt: skip
    said += [f"{word} `{schema[key]}`" for key, word in names.items() if key in schema]
    return "; ".join(said)


def events_page() -> str:
    """Every event type and field, from the published schema."""
    schema = event_schema()
    page = MADE.format(source="the event types") + "# Events\n\n"
    page += (
        "One event is one JSON object on one line (NDJSON), `type` first. Fields may be added in "
        "later versions, never renamed, and a reader ignores those it does not know. The schema: "
        "[events.schema.json](../schemas/events.schema.json).\n\n"
    )
    for name, definition in sorted(
        schema["$defs"].items(),
        key=lambda item: ("type" not in item[1].get("properties", {}), item[0]),
    ):
        if "properties" not in definition:
            continue
        page += f"## {name}\n\n{cell(definition.get('description', ''))}\n\n"
        required = definition.get("required", [])
        rows = [
            (f"`{field}`", kind_of(shape), "yes" if field in required else "", limits_of(shape))
            for field, shape in definition["properties"].items()
        ]
        page += table(("field", "kind", "required", "notes"), rows)
    return page


# --- errors -----------------------------------------------------------------------------------


def errors_page() -> str:
    """The error tree and the exit codes."""
    page = MADE.format(source="lamppost.core.errors") + "# Errors\n\n"
    page += (
        "An error is one line on stderr that names place, value and fix, and never message text.\n"
        "\n"
    )
    page += table(
        ("exit code", "meaning"),
        [
            (0, "done"),
            (1, "findings at or above the level of `--fail-on`, and only with that option"),
            (2, "wrong call or unreadable input"),
            (3, "a part of the engine or a store is missing or broken"),
            (4, "refused by policy or legal basis"),
            (130, "interrupted"),
        ],
    )
    rows = [
        (f"`{error.code}`", f"`{error.__name__}`", error.exit_code, error.__doc__ or "")
        for error in all_errors()
    ]
    return page + table(("code", "class", "exit code", "when"), rows)


# --- importers --------------------------------------------------------------------------------


def module_docs() -> dict[str, tuple[Importer, str]]:
    """Importers by name, each with the docstring of the module that offers it."""
    known = importers()
    texts = {
        id(module.IMPORTER): inspect.getdoc(module) or ""
        for name, module in list(sys.modules.items())
        if name.startswith("lamppost.importers.") and hasattr(module, "IMPORTER")
    }
    return {name: (importer, texts[id(importer)]) for name, importer in known.items()}


def split(text: str) -> tuple[str, dict[str, str]]:
    """First sentence of a docstring, and its paragraphs by their bold opening words."""
    head, _, rest = text.partition("\n\n")
    parts: dict[str, str] = {}
    key = ""
    for paragraph in rest.split("\n\n"):
        if opening := re.match(r"(?:\*\*)?([A-Z][\w ]{1,30})[.:](?:\*\*)?\s+", paragraph):
            key = opening[1]
            parts[key] = paragraph[opening.end() :]
        elif key:
            parts[key] += f"\n\n{paragraph}"
        else:
            head += f"\n\n{paragraph}"
    return head, parts


def importers_page() -> str:
    """Every importer, from its module's docstring."""
    page = MADE.format(source="the docstrings in src/lamppost/importers") + "# Export formats\n\n"
    page += "What each importer reads, loses and watches out for.\n\n"
    docs = module_docs()
    page += table(
        ("format", "`--format`"),
        [(f"[{importer.title}](#{name})", f"`{name}`") for name, (importer, _) in docs.items()],
    )
    for name, (importer, text) in docs.items():
        page += f"## {importer.title} {{ #{name} }}\n\n{text}\n\n"
    return page


def exports_page() -> str:
    """How a person gets an export from each app."""
    page = MADE.format(source="the docstrings in src/lamppost/importers")
    page += "# Getting an export\n\n"
    page += (
        "Ask the app for a copy of the chat, keep the file as it is, and give it to "
        "`lamppost scan`. The format is recognised. If a child may be in danger now, do not wait "
        "for an export: call the emergency number. Do not delete the chat, and do not write to "
        "the other person in the child's place.\n\n"
    )
    for name, (importer, text) in module_docs().items():
        _, parts = split(text)
        how = next((part for key, part in parts.items() if key.startswith("How to ")), "")
        if how and name not in NOT_FROM_AN_APP:
            page += f"## {importer.title}\n\n{how[0].upper()}{how[1:]}\n\n"
            page += f"[What is read and what is lost](reference/importers.md#{name})\n\n"
    return page


def schema_of(name: Name) -> Any:
    """A published schema, as `lamppost schema NAME` prints it, described without indents."""
    make = event_schema if name is Name.EVENTS else getattr(report_schemas, f"{name.value}_schema")
    return tidy(make())


def tidy(schema: Any) -> Any:
    """The same schema whatever Python made it: docstrings keep their indents before 3.13."""
    if isinstance(schema, list):
        return [tidy(item) for item in schema]
    if isinstance(schema, dict):
        return {
            key: inspect.cleandoc(item)
            if key == "description" and isinstance(item, str)
            else tidy(item)
            for key, item in schema.items()
        }
    return schema


def house() -> str:
    """The folders there are, in the order of the import contract, in their own words."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(item["layers"] for item in contracts["contracts"] if item["id"] == "layers")
    rows = []
    for name in (layer.strip("()") for layer in reversed(layers)):
        module = HOUSE / f"{name}.py"
        folder = HOUSE / name / "__init__.py"
        path = module if module.is_file() else folder
        if path.is_file():
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            shown = f"{name}.py" if path == module else name
            rows.append((f"`{shown}`", said.partition("\n\n")[0]))
    return table(("folder", "holds"), rows)


def how_it_works() -> str:
    """The page on the house, its table renewed."""
    text = (DOCS / "how-it-works.md").read_text(encoding="utf-8")
    start, rest = text.split(HOUSE_STARTS)
    return f"{start}{HOUSE_STARTS}\n{house()}{HOUSE_ENDS}{rest.split(HOUSE_ENDS)[1]}"


def between(page: Path, starts: str, ends: str, made: str) -> str:
    """A page with the part between two marks renewed."""
    start, rest = page.read_text(encoding="utf-8").split(starts)
    return f"{start}{starts}\n\n{made.strip()}\n\n{ends}{rest.split(ends)[1]}"


def contact_gate() -> str:
    """The page on the contact gate, with the policy in force when none is given."""
    text = CONTACTS.read_text(encoding="utf-8")
    starts = "<!-- the default, made by scripts/generate_docs.py -->"
    return between(
        DOCS / "contact-gate.md", starts, "<!-- end of the default -->", f"```toml\n{text}```"
    )


def safer_defaults() -> str:
    """The page on defaults for minors, with every setting and what is asked of it."""
    duties = load_duties()
    rows = [
        (f"`{name}`", says, ", ".join(f"`{item.id}`" for item in duties if item.setting == name))
        for name, says in SETTINGS.items()
    ]
    made = table(("setting", "says", "asked for by"), rows)
    points = [
        (
            f"`{item.id}`",
            item.asks,
            item.source.binding.replace("_", " "),
            f"[{item.source.cites}]({item.source.read_at}), {item.source.date}",
            "text" if item.source.sure == "read" else "summary only",
        )
        for item in duties
    ]
    made += table(("point", "asks", "binding", "source", "read"), points)
    starts = "<!-- settings and points, made by scripts/generate_docs.py -->"
    return between(DOCS / "safer-defaults.md", starts, "<!-- end of settings -->", made)


def levels_page() -> str:
    """Thresholds, weights of context, and what ordinary rates were measured on."""
    page = MADE.format(source="lamppost.risk and signals/rates") + "# Levels and weights\n\n"
    limits = Thresholds()
    page += table(
        ("level", "from", "means"),
        [
            ("`none`", "", "nothing to act on was seen; that is no proof of safety"),
            ("`watch`", f"{limits.watch:g} bits", "signs that may be ordinary; read on"),
            ("`concern`", f"{limits.concern:g} bits", "someone who knows the child should look"),
            ("`high`", f"{limits.high:g} bits", "get advice and protect the child"),
            (
                "`urgent`",
                f"{limits.concern:g} bits and something imminent",
                "a meeting, blackmail, or a child asking for help: act now",
            ),
        ],
    )
    page += paragraphs(Thresholds)
    page += "## Weights\n\n" + paragraphs(Weights, first=True).rstrip() + "\n\n"
    rows: list[tuple[object, ...]] = []
    for item in dataclasses.fields(Weights):
        value = getattr(DEFAULT_WEIGHTS, item.name)
        shown = (
            ", ".join(f"{key} {number:g}" for key, number in value.items())
            if isinstance(value, Mapping)
            else f"{value:g}"
        )
        rows.append((item.name.replace("_", " "), shown))
    page += table(("weight", "value"), rows)
    counts = ", ".join(f"{share:g}" for share in SATURATION)
    page += (
        f"Sightings of one detector count {counts}, in order of strength; at most "
        f"{PER_DETECTOR} of one detector and {KEPT} of a relationship are kept.\n\n"
    )
    page += "## Ordinary rates\n\n"
    rates = [
        (
            language,
            f"{rate.source}: {rate.messages:,} messages, {rate.relationships:,} relationships",
            f"{rate.hard_source}: {rate.hard_relationships:,} relationships",
            rate.date,
        )
        for language, rate in load_rates().items()
    ]
    page += table(("language", "ordinary chat", "hard ordinary chat", "measured"), rates)
    return page + (
        "What is measured here also sets the weights, so a figure on the same chat is in-sample.\n"
    )


def paragraphs(thing: type, *, first: bool = False) -> str:
    """Docstring of a class, without its first line unless asked for."""
    head, _, rest = (inspect.getdoc(thing) or "").partition("\n\n")
    return f"{head}\n\n{rest}\n\n" if first else f"{rest}\n\n"


def fenced(text: str) -> str:
    """A docstring whose indented blocks become fenced ones."""
    parts = re.split(r"((?:^    .*\n?(?:\n(?=    ))?)+)", text, flags=re.MULTILINE)
    return "".join(
        f"```text\n{textwrap.dedent(part).rstrip()}\n```\n" if part.startswith("    ") else part
        for part in parts
    )


def settings_page() -> str:
    """Every setting, from the options and their module."""
    page = MADE.format(source="lamppost.config") + "# Settings\n\n"
    page += fenced(inspect.getdoc(config) or "") + "\n\n"
    page += (inspect.getdoc(config.Options) or "").partition("\n\n")[2] + "\n\n"
    hints = get_type_hints(config.Options)
    rows = [
        (
            f"`{field.name}`",
            f"`{config.PREFIX}{field.name.upper()}`",
            kind_of(msgspec.json.schema(hints[field.name])),
            "none" if default is None else f"`{default}`",
        )
        for field in msgspec.structs.fields(config.Options)
        for default in [
            field.default_factory() if callable(field.default_factory) else field.default
        ]
    ]
    return page + table(("setting", "variable", "kind", "default"), rows)


def phrases_page() -> str:
    """The phrase language, from the module that compiles it."""
    text = fenced(inspect.getdoc(phrases) or "")
    slots = load_slots(SLOTS / "en.toml")
    page = MADE.format(source="lamppost.signals.phrases") + f"# Phrase language\n\n{text}\n\n"
    page += "## English slots\n\n"
    rows = [
        (f"`{{{name}}}`", ", ".join(f"`{word}`" for word in words[:8]) + (", …" * (len(words) > 8)))
        for name, words in sorted(slots.items())
    ]
    return page + table(("slot", "stands for"), rows)


def pages() -> dict[Path, str]:
    """Every generated file and its content."""
    made = {
        DOCS / "reference" / "cli.md": cli_page(),
        DOCS / "reference" / "detectors.md": detectors_page(),
        DOCS / "reference" / "events.md": events_page(),
        DOCS / "reference" / "errors.md": errors_page(),
        DOCS / "reference" / "importers.md": importers_page(),
        DOCS / "reference" / "levels.md": levels_page(),
        DOCS / "reference" / "settings.md": settings_page(),
        DOCS / "reference" / "phrases.md": phrases_page(),
        DOCS / "how-it-works.md": how_it_works(),
        DOCS / "contact-gate.md": contact_gate(),
        DOCS / "safer-defaults.md": safer_defaults(),
        DOCS / "getting-an-export.md": exports_page(),
    }
    for name in Name:
        text = json.dumps(schema_of(name), indent=2, ensure_ascii=False)
        made[DOCS / "schemas" / f"{name.value}.schema.json"] = text
    return {path: text.rstrip() + "\n" for path, text in made.items()}


def stale() -> list[Path]:
    """Generated files that are missing, differ from their source, or have no source any more."""
    made = pages()
    wrong = [
        path
        for path, text in made.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    return wrong + [path for path in DOCS.glob("schemas/*.json") if path not in made]


def main() -> int:
    """Write the pages, or with `--check` say which are stale."""
    if "--check" in sys.argv[1:]:
        wrong = stale()
        for path in wrong:
            print(f"docs: {path.relative_to(ROOT)} is stale; run make docs and commit it")
        if not wrong:
            print("docs: generated pages are fresh")
        return 1 if wrong else 0
    made = pages()
    for path in DOCS.glob("schemas/*.json"):
        if path not in made:
            path.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
