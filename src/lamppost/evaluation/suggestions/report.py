"""What of an audit may be published: no individual, and no small count.

Counts are rounded to tens and those below ten shown as such, so that no difference of two printed
counts gives a small one away. Features and paths with too few suggestions are put together.
"""

from __future__ import annotations

from typing import Final

from lamppost.evaluation.suggestions.audit import DRAWS, Audit, Group, Share
from lamppost.reports.audits import Bar, Page, Point, Section, Table
from lamppost.reports.audits.page import percent

SMALL: Final = 10
"""Counts below this are never shown."""


def rounded(count: int) -> str:
    """A count as it may be published: `0`, `< 10`, or rounded to tens."""
    if count == 0:
        return "0"
    if count < SMALL:
        return f"< {SMALL}"
    return f"{round(count, -1):,}"


def report(audit: Audit) -> Page:
    """The audit as a page that a platform can publish."""
    crossing = audit.child_shown_adult + audit.adult_shown_child
    share = audit.crossing
    sections = [_compared(audit), _ways(audit)]
    if audit.offenders is not None:
        sections.append(_offenders(audit))
    sections += [_filter(audit, crossing), _limits(audit)]
    chance = audit.random
    lead = [
        "A suggestion crosses when one side is a child, the other an adult or of unknown age, and "
        "nothing connects them: no friendship, family, role, common friend or closed room."
    ]
    if chance is not None and chance.share > 0:
        lead.append(
            f"Drawn at random, {percent(chance.share)} would have crossed; the recommender crosses "
            f"{share.share / chance.share:.1f} times as often."
        )
    level = "none" if crossing == 0 else "watch" if share.share < 0.001 else "concern"
    if share.share >= 0.01:
        level = "high"
    return Page(
        title="Suggestion audit",
        level=level,
        badge="No suggestion crossed" if crossing == 0 else "Suggestions cross",
        headline=(
            f"{percent(share.share)} of suggestions ({percent(share.low)} to "
            f"{percent(share.high)}) bring a child and an adult together who have no tie."
        ),
        lead=lead,
        facts=[
            ("Suggestions", rounded(audit.suggestions)),
            ("Accounts that got them", rounded(audit.viewers)),
            ("An adult shown to a child", rounded(audit.child_shown_adult)),
            ("A child shown to an adult", rounded(audit.adult_shown_child)),
            ("Children concerned", rounded(audit.children_touched)),
            ("An age was not known", rounded(audit.unknown)),
        ],
        sections=sections,
        note="Counts are rounded to tens; those below ten are not shown; nobody can be told apart.",
    )


def _bar(name: str, share: Share, *, strong: bool = False) -> Bar:
    return Bar(name, share.share, share.low, share.high, strong)


def _compared(audit: Audit) -> Section:
    plot = [_bar("This recommender", audit.crossing, strong=True)]
    if audit.friends is not None:
        plot.append(_bar("Friends of friends", audit.friends))
    if audit.random is not None:
        plot.append(_bar("Anybody at random", audit.random))
    return Section(
        id="compared",
        title="Compared with simple ways",
        text=[
            "Share of suggestions that cross. The simple ways give every account as many "
            f"suggestions as it got, drawn {DRAWS} times over a sample."
        ],
        plot=plot,
    )


def published(groups: list[Group]) -> list[Group]:
    """Groups as they may be shown: small ones put together."""
    large = [item for item in groups if item.suggestions >= SMALL]
    small = [item for item in groups if item.suggestions < SMALL]
    if small:
        rest = Group(
            "others", "each fewer than ten", sum(item.suggestions for item in small),
            sum(item.crossing for item in small),
        )  # fmt: skip
        large.append(rest)
    return sorted(large, key=lambda item: (-item.crossing, item.feature, item.path))


def _ways(audit: Audit) -> Section:
    rows = []
    for item in published(audit.groups):
        shown = item.crossing == 0 or item.crossing >= SMALL
        rows.append([
            item.feature.replace("_", " "), item.path.replace("_", " "),
            rounded(item.suggestions), rounded(item.crossing),
            percent(item.crossing / item.suggestions) if shown else "not shown",
        ])  # fmt: skip
    return Section(
        id="ways",
        title="Through which features and paths",
        table=Table(["Feature", "Path", "Suggestions", "Crossing", "Share"], rows, numbers=2),
    )


def _offenders(audit: Audit) -> Section:
    assert audit.offenders is not None
    assert audit.to_offender is not None
    plot = [_bar("This recommender", audit.to_offender, strong=True)]
    if audit.to_offender_friends is not None:
        plot.append(_bar("Friends of friends", audit.to_offender_friends))
    if audit.to_offender_random is not None:
        plot.append(_bar("Anybody at random", audit.to_offender_random))
    count, left = audit.to_offender_count, audit.to_offender_after
    text = [
        "Share of suggestions that show a seeded offender to a child, or a child to a seeded "
        f"offender: {rounded(count)} suggestions."
    ]
    if count >= SMALL and (left == 0 or left >= SMALL):
        text.append(f"The filter of the contact gate leaves {percent(left / count)} of them.")
    return Section(id="seeded", title="Reach to and from seeded offenders", text=text, plot=plot)


def _filter(audit: Audit, crossing: int) -> Section:
    return Section(
        id="filter",
        title="What a filter would change",
        text=[
            f"The filter of the contact gate would have left out {rounded(crossing)} of "
            f"{rounded(audit.suggestions)} suggestions: those that cross.",
            "In the recommender: lamppost.protect.gate.filter_suggestions(gate, viewer, "
            "candidates, now).",
        ],
    )


def _limits(audit: Audit) -> Section:
    points = [
        "Ages are as the platform knows them. An adult who says to be a child is counted as one.",
        "A suggestion is counted when it was shown, whatever came of it.",
        "Suggestions with two unknown ages are not counted as crossing.",
    ]
    if not audit.with_graph:
        points.append(
            "No events were given: friendships, families and rooms are not known, so every adult "
            "and child count as strangers, and friends of friends could not be drawn."
        )
    elif audit.friends is None:
        points.append("The events hold no friendship: friends of friends could not be drawn.")
    if audit.offenders is not None:
        points.append("The offenders are seeded in a simulation; they are no estimate of life.")
    return Section(
        id="limits", title="Limits of this audit", points=[Point(item) for item in points]
    )
