"""Draw what the contact gate prevents against what it costs, on communities not seen before.

Writes docs/images/contact-gate.svg and the tables of docs/contact-gate.md. The default policy was
set on seeds 1 to 6; what is shown comes from other seeds. Takes about four minutes.
"""

from __future__ import annotations

import argparse
import sys
from html import escape
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from lamppost.evaluation.contacts import KINDS, Lived, Outcome, live, replay
from lamppost.protect.gate import Contacts
from lamppost.protect.gate.policy import Adult, Routes

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "contact-gate.md"
PICTURE: Final = ROOT / "docs" / "images" / "contact-gate.svg"
STARTS: Final = "<!-- figures, made by scripts/contact_curve.py -->"
ENDS: Final = "<!-- end of figures -->"
SEEDS: Final = (201, 202, 203, 204, 205, 206)
DEFAULT: Final = "the default policy"


def policies() -> list[tuple[str, Contacts]]:
    """Policies from open to closed; each is as the one before, but for what its name says."""
    default = Contacts()
    open_ = dict.fromkeys(Adult.__struct_fields__, "limit")
    peers = default.peers
    lax = replace(peers, pace=1000.0, young_pace=1000.0, turned=1000.0, gap="allow")
    made: list[tuple[str, Contacts]] = [
        ("adults limited, nobody refused",
         replace(default, adult=Adult(**open_), unknown_to_child="limit", peers=lax)),  # type: ignore[arg-type]
        ("unknown adults refused", replace(default, unknown_to_child="limit", peers=lax)),
        ("and unknown ages held", replace(default, peers=lax)),
        (DEFAULT, default),
    ]  # fmt: skip
    two = replace(default, peers=replace(peers, pace=2.0, young_pace=0.5))
    one = replace(default, peers=replace(peers, pace=1.0, young_pace=0.5))
    made += [("two strangers a week", two), ("one stranger a week", one)]
    three = replace(one, routes=replace(default.routes, mutual_friends=2))
    made.append(("two common friends for adults", three))
    all_held = replace(three, peers=replace(three.peers, stranger="hold"))
    made.append(("children hold strangers", all_held))
    made.append(("closed rooms are no tie", replace(all_held, routes=replace(
        all_held.routes, room="hold"))))  # fmt: skip
    shut = Routes(
        role="deny", role_alone="deny", talking="deny", near_age="deny", mutual="deny",
        room="deny", offline="deny", answered="deny",
    )  # fmt: skip
    made.append(("only friends, guardians, family", replace(all_held, routes=shut)))
    return made


def picture(points: list[tuple[str, Outcome, list[Outcome]]]) -> str:
    """The curve as SVG: cost to the right, prevention upwards."""
    width, height, left, top, right, bottom = 760, 460, 64, 24, 24, 56
    most = max(0.02, max(outcome.ordinary.share for _, outcome, _ in points) * 1.12)

    def x(share: float) -> float:
        return left + (width - left - right) * share / most

    def y(share: float) -> float:
        return top + (height - top - bottom) * (1 - share)

    out = [
        f'<rect x="{left}" y="{y(1):.0f}" width="{x(0.01) - left:.0f}" '
        f'height="{y(0.8) - y(1):.0f}" class="goal"/>',
        f'<text x="{x(0.01) - 6:.0f}" y="{y(0.8) - 6:.0f}" class="axis" '
        'text-anchor="end">goal: 80 % and 1 %</text>',
    ]
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1.0):
        line = (
            f'<line x1="{left}" x2="{width - right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" '
            f'class="grid"/><text x="{left - 8}" y="{y(tick) + 4:.1f}" class="axis" '
            f'text-anchor="end">{tick:.0%}</text>'
        )
        out.append(line)
    step = 0.0025 if most < 0.025 else 0.005
    for number in range(int(most / step) + 1):
        mark = (
            f'<text x="{x(number * step):.1f}" y="{height - bottom + 20}" class="axis" '
            f'text-anchor="middle">{number * step:.2%}</text>'
        )
        out.append(mark)
    path = " ".join(
        f"{x(outcome.ordinary.share):.1f},{y(outcome.seeded.share):.1f}" for _, outcome, _ in points
    )
    out.append(f'<polyline points="{path}" class="curve"/>')
    taken: list[tuple[float, float]] = []
    for number, (name, outcome, each) in enumerate(points, 1):
        cx, cy = x(outcome.ordinary.share), y(outcome.seeded.share)
        low = min(one.seeded.share for one in each)
        high = max(one.seeded.share for one in each)
        near = min(one.ordinary.share for one in each)
        far = min(most, max(one.ordinary.share for one in each))
        chosen = " chosen" if name == DEFAULT else ""
        place = (cx + 12, cy + 4)
        while any(abs(place[0] - a) < 24 and abs(place[1] - b) < 15 for a, b in taken):
            place = (place[0] + 22, place[1])
        taken.append(place)
        out.append(
            f'<line x1="{cx:.1f}" x2="{cx:.1f}" y1="{y(low):.1f}" y2="{y(high):.1f}" class="bar"/>'
            f'<line x1="{x(near):.1f}" x2="{x(far):.1f}" y1="{cy:.1f}" y2="{cy:.1f}" '
            f'class="bar"/><circle cx="{cx:.1f}" cy="{cy:.1f}" r="{7 if chosen else 5}" '
            f'class="dot{chosen}"/>'
            f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" class="number{chosen}">{number}</text>'
        )
    out.append(
        f'<text x="{(left + width) / 2:.0f}" y="{height - 12}" class="label" '
        'text-anchor="middle">ordinary friendships refused or held</text>'
        f'<text x="16" y="{height / 2:.0f}" class="label" text-anchor="middle" '
        f'transform="rotate(-90 16 {height / 2:.0f})">seeded first contacts prevented</text>'
    )
    words = "; ".join(
        f"{number}: {name}, {outcome.seeded.share:.0%} prevented, "
        f"{outcome.ordinary.share:.2%} refused"
        for number, (name, outcome, _) in enumerate(points, 1)
    )
    style = (
        "text{font:13px system-ui,sans-serif;fill:#1c2433}.axis{fill:#4d576b;font-size:12px}"
        ".grid{stroke:#ddd8cc}.goal{fill:#e4f2ea}.curve{fill:none;stroke:#26354f;"
        "stroke-width:2}.bar{stroke:#26354f;opacity:.3;stroke-width:2}.dot{fill:#26354f}"
        ".dot.chosen,.number.chosen{fill:#a1161f}.number{font-weight:700}"
        "svg{background:#fff}.ground{fill:#fff}"
        "@media (prefers-color-scheme:dark){.ground{fill:#11161f}text{fill:#e9ecf2}"
        ".axis{fill:#aeb8c9}.grid{stroke:#323c4c}.goal{fill:#143324}.curve,.bar{stroke:#c9d3e4}"
        ".dot{fill:#c9d3e4}.dot.chosen,.number.chosen{fill:#ffa3a3}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="t d"><title id="t">What the contact gate prevents, and its cost</title>'
        f'<desc id="d">{escape(words)}</desc><style>{style}</style>'
        f'<rect width="{width}" height="{height}" class="ground"/>{"".join(out)}</svg>\n'
    )


def span(each: list[float], digits: int = 1) -> str:
    """Least and most over the communities."""
    return f"{min(each):.{digits}%} to {max(each):.{digits}%}"


def tables(
    points: list[tuple[str, Outcome, list[Outcome]]], accounts: int, seeds: list[int]
) -> str:
    """The figures as Markdown."""
    name, total, each = next(point for point in points if point[0] == DEFAULT)
    page = (
        f"{len(seeds)} communities of {accounts:,} accounts and 30 days, seeds "
        f"{', '.join(map(str, seeds))}; the default was set on seeds 1 to 6. In brackets the least "
        "and the most of the communities.\n\n"
        "| the default policy | share | of |\n| --- | --- | --- |\n"
    )
    lines = (
        ("seeded first contacts prevented", "seeded"),
        ("of those that the child had taken", "reached"),
        ("ordinary friendships refused or held", "ordinary"),
        ("of those made in these days", "new"),
        ("of those made between friends of friends", "near"),
        ("... who are children, or of about the same age", "near_peers"),
        ("answers to strangers that came to nothing, such as a sale", "passing"),
        ("ordinary friendships that began with limits", "limited"),
    )
    for title, field in lines:
        tally = getattr(total, field)
        shares = [getattr(one, field).share for one in each]
        page += f"| {title} | {tally.share:.2%} ({span(shares)}) | {tally.all:,} |\n"
    page += "\n| kind of offender | first contacts | prevented |\n| --- | --- | --- |\n"
    for kind, tally in sorted(total.offenders.items()):
        page += f"| {kind.replace('_', ' ')} | {tally.all:,} | {tally.share:.0%} |\n"
    page += (
        "\n| ordinary friendships | in use | refused or held | made in these days | refused or "
        "held |\n| --- | --- | --- | --- | --- |\n"
    )
    for kind, title in KINDS.items():
        all_, new = total.kinds.get(kind), total.new_kinds.get(kind)
        if all_ is not None:
            fresh = f"{new.all:,} | {new.share:.1%}" if new is not None else "0 | "
            page += f"| {title} | {all_.all:,} | {all_.share:.2%} | {fresh} |\n"
    page += "\n| no. | policy | prevented | refused or held | friends of friends |\n"
    page += "| --- | --- | --- | --- | --- |\n"
    for number, (name, outcome, _) in enumerate(points, 1):
        page += (
            f"| {number} | {name} | {outcome.seeded.share:.1%} | {outcome.ordinary.share:.2%} | "
            f"{outcome.near.share:.2%} |\n"
        )
    return page


def main() -> None:
    """Live, replay, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=5_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--print", action="store_true", help="print the tables, write nothing")
    given = parser.parse_args()
    lived: list[Lived] = []
    for seed in given.seeds:
        lived.append(live(given.accounts, 30, seed))
        print(f"lived seed {seed}", file=sys.stderr)
    points = []
    for name, contacts in policies():
        each = [replay(one, contacts) for one in lived]
        total = Outcome()
        for one in each:
            total.merge(one)
        points.append((name, total, each))
        print(f"{name}: {total.seeded.share:.1%} {total.ordinary.share:.2%}", file=sys.stderr)
    made = tables(points, given.accounts, given.seeds)
    if given.print:
        print(made)
        return
    PICTURE.write_text(picture(points), encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    start, rest = text.split(STARTS)
    PAGE.write_text(f"{start}{STARTS}\n\n{made}\n{ENDS}{rest.split(ENDS)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
