"""The safer-defaults check as a page: each gap with its source, and what cannot be checked."""

from __future__ import annotations

from lamppost.protect.settings.check import BINDING, LAWS, SURE, Checked, Result
from lamppost.protect.settings.file import SETTINGS
from lamppost.reports.audits.page import Page, Point, Section, Table


def settings_page(checked: Checked) -> Page:
    """The page of a settings file."""
    gaps, silent, met = checked.of("gap"), checked.of("not_said"), checked.of("met")
    second = sum(item.duty.source.sure == "second_hand" for item in checked.results)
    bound = any(item.duty.source.binding == "law" for item in gaps)
    if gaps:
        badge = "A point of law is not met" if bound else "There are gaps"
    else:
        badge = "Not all is said" if silent else "No gap in what can be checked"
    sections = [
        Section(
            id="gaps",
            title="Gaps",
            text=[] if gaps else ["None among what the file says."],
            points=[_told(item) for item in gaps],
        ),
        Section(
            id="silent",
            title="Not said",
            text=["A setting that is left out is neither met nor a gap: find it out."]
            if silent
            else ["Every setting that is asked for is there."],
            points=[_told(item) for item in silent],
        ),
        Section(
            id="met",
            title="Met",
            table=Table(
                ["Asked for", "Setting", "Value", "Source"],
                [[_upper(item.duty.asks), item.duty.setting, _value(item), item.duty.source.cites]
                 for item in met],
            ),
            text=[] if met else ["None."],
        ),
        Section(
            id="cannot",
            title="What this check cannot see",
            points=[Point(item) for item in checked.cannot],
        ),
    ]  # fmt: skip
    return Page(
        title=f"Safer defaults: {checked.platform}",
        level="high" if bound else "concern" if gaps else "watch" if silent else "none",
        badge=badge,
        headline=(
            f"{len(gaps)} of {len(checked.results)} points of law and codes are not met by the "
            f"defaults for minors, {len(silent)} cannot be told from the file."
        ),
        lead=[
            "The defaults are held against law and codes of the "
            + " and the ".join(LAWS[law] for law in checked.laws)
            + f". {second} of {len(checked.results)} points were read in a summary only; each says "
            "so. This is no legal advice."
        ],
        facts=[
            ("Platform", checked.platform),
            *([("As of", checked.as_of)] if checked.as_of else []),
            ("Met", str(len(met))),
            ("Gaps", str(len(gaps))),
            ("Not said", str(len(silent))),
        ],
        sections=sections,
        note="The file is what the platform says of itself; nothing was tried out.",
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _value(item: Result) -> str:
    if isinstance(item.value, bool):
        return "yes" if item.value else "no"
    return "not said" if item.value is None else item.value.replace("_", " ")


def _told(item: Result) -> Point:
    duty, source = item.duty, item.duty.source
    said = f"the file says {_value(item)}" if item.value is not None else "the file does not say"
    return Point(
        f"{_upper(duty.asks)}.",
        f"{_upper(SETTINGS[duty.setting])} ({duty.setting}): {said}. Source: {source.cites}, "
        f"{source.date.isoformat()} ({BINDING[source.binding]}). {_upper(SURE[source.sure])}.",
        source.read_at,
    )
