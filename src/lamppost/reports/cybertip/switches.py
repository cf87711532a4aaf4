"""What is not confirmed about the CyberTipline: one line each in `switches.toml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec

from lamppost.core.errors import PackError
from lamppost.reports.cybertip.schema import (
    AccountStopped,
    Details,
    FileDetails,
    LawEnforcement,
    PersonOrUserReported,
    Report,
    Victim,
)

FILE: Final = Path(__file__).with_name("switches.toml")
OnOff = Literal["off", "on"]
_T = TypeVar("_T", bound=msgspec.Struct)
_Holder = TypeVar("_Holder", PersonOrUserReported, Victim)


class Switch(msgspec.Struct, frozen=True):
    """One open point: the value in force, what it is about, where it was seen."""

    value: str | int
    about: str
    source: str


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """The values in force."""

    flea_country: Literal["off", "lawEnforcement", "servedLegalProcessInternational"] = "off"
    account_disabled: OnOff = "off"
    account_disabled_date: OnOff = "off"
    file_name: OnOff = "off"
    exif_type_on: Literal["nameValuePair", "details"] = "nameValuePair"
    third_party_user_on: Literal["off", "associatedAccount"] = "off"
    newer_annotations: OnOff = "off"
    sextortion_with_any_type: OnOff = "off"
    sha256: OnOff = "off"
    additional_info_limit: int = 3000
    terms_of_service_limit: int = 3000


def table(path: Path = FILE) -> dict[str, Switch]:
    """Every open point with its source. Raises `PackError` for a file that is wrong."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, Switch])
    except (OSError, msgspec.DecodeError) as error:
        raise PackError(str(error), where=str(path), hint="mend this line") from None


@cache
def load(path: Path = FILE) -> Switches:
    """The values in force. Raises `PackError` naming the line that is wrong."""
    values = {name: row.value for name, row in table(path).items()}
    try:
        return msgspec.convert(values, Switches)
    except msgspec.ValidationError as error:
        raise PackError(str(error), where=str(path), hint="use one of the values named") from None


def applied(report: Report, switches: Switches) -> Report:
    """The report without what is switched off; words about it are kept in `additionalInfo`."""
    notes: list[str] = []
    report = _law(report, switches, notes)
    report = _accounts(report, switches, notes)
    report = _annotations(report, switches, notes)
    info = "\n".join([*([report.additional_info] if report.additional_info else []), *notes])
    if len(info) > switches.additional_info_limit:
        info = info[: switches.additional_info_limit - 1] + "…"
    reporter = report.reporter
    if len(reporter.terms_of_service or "") > switches.terms_of_service_limit:
        words = (reporter.terms_of_service or "")[: switches.terms_of_service_limit - 1] + "…"
        reporter = _with(reporter, terms_of_service=words)
    return _with(report, additional_info=info or None, reporter=reporter)


def applied_to_file(details: FileDetails, switches: Switches) -> FileDetails:
    """File details without what is switched off."""
    changes: dict[str, Any] = {}
    if switches.file_name == "off":
        changes["file_name"] = None
    if switches.sha256 == "off":
        changes["original_file_hash"] = [
            item for item in details.original_file_hash if item.hash_type != "SHA256"
        ]
    changes["details"] = [_typed(item, switches) for item in details.details]
    return _with(details, **changes)


def _typed(item: Details, switches: Switches) -> Details:
    kind = item.type or next((pair.type for pair in item.name_value_pair if pair.type), None)
    if switches.exif_type_on == "details":
        pairs = [_with(pair, type=None) for pair in item.name_value_pair]
        return Details(type=kind, name_value_pair=pairs)
    pairs = [_with(pair, type=pair.type or kind) for pair in item.name_value_pair]
    return Details(name_value_pair=pairs)


def _law(report: Report, switches: Switches, notes: list[str]) -> Report:
    law: LawEnforcement | None = report.law_enforcement
    if law is None:
        return report
    served = law.served_legal_process_international
    country = law.flea_country or (served.flea_country if served else None)
    on = switches.flea_country
    if country is not None and (
        on == "off" or (on == "servedLegalProcessInternational" and served is None)
    ):
        notes.append(f"Country of the law enforcement agency named: {country}.")
    law = _with(law, flea_country=country if on == "lawEnforcement" else None)
    if served is not None:
        here = country if on == "servedLegalProcessInternational" else None
        law = _with(law, served_legal_process_international=_with(served, flea_country=here))
    return _with(report, law_enforcement=law)


def _accounts(report: Report, switches: Switches, notes: list[str]) -> Report:
    reported = report.person_or_user_reported
    if reported is not None:
        changes: dict[str, Any] = {}
        for name, how in (
            ("account_temporarily_disabled", "temporarily"),
            ("account_permanently_disabled", "permanently"),
        ):
            stopped: AccountStopped | None = getattr(reported, name)
            if stopped is None:
                continue
            if switches.account_disabled == "off":
                if stopped.value:
                    when = f" on {stopped.disabled_date}" if stopped.disabled_date else ""
                    notes.append(f"The reported account was {how} disabled{when}.")
                changes[name] = None
            elif switches.account_disabled_date == "off":
                changes[name] = _with(stopped, disabled_date=None)
        report = _with(report, person_or_user_reported=_with(reported, **changes))
    if switches.third_party_user_on == "off":
        if report.person_or_user_reported is not None:
            report = _with(report, person_or_user_reported=_own(report.person_or_user_reported))
        report = _with(report, victim=[_own(item) for item in report.victim])
    return report


def _own(holder: _Holder) -> _Holder:
    accounts = [_with(item, third_party_user=None) for item in holder.associated_account]
    return _with(holder, associated_account=accounts)


def _annotations(report: Report, switches: Switches, notes: list[str]) -> Report:
    summary = report.incident_summary
    marks = summary.report_annotations
    if marks is None:
        return report
    if switches.newer_annotations == "off":
        if marks.potential_aggravating_factors:
            notes.append("There are potential aggravating factors.")
        if marks.instrumental_use:
            notes.append("An account or device was used as an instrument.")
        marks = _with(marks, potential_aggravating_factors=False, instrumental_use=False)
    enticement = summary.incident_type == "Online Enticement of Children for Sexual Acts"
    if marks.sextortion and not enticement and switches.sextortion_with_any_type == "off":
        notes.append("The incident involves sexual extortion.")
        marks = _with(marks, sextortion=False)
    kept = marks if any(getattr(marks, name) for name in marks.__struct_fields__) else None
    return _with(report, incident_summary=_with(summary, report_annotations=kept))


def _with(value: _T, **changes: Any) -> _T:
    return msgspec.structs.replace(value, **changes)
