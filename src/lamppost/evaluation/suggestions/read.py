"""Read what a recommender showed: CSV or Parquet, one suggestion a row.

Columns `account_id` (who was shown something) and `suggested_id` (who was shown) are required;
`feature` (such as people_you_may_know), `path` (such as mutual_friends) and the ages `account_age`,
`account_age_band`, `suggested_age`, `suggested_age_band` may be there. Others are ignored.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from lamppost.core.ages import range_of
from lamppost.core.errors import EngineError, InputError

REQUIRED: Final = ("account_id", "suggested_id")
_MOST: Final = 256


class Suggestion(msgspec.Struct, frozen=True, gc=False):
    """One suggestion. Ages are inclusive years as the row gives them, or `None`."""

    viewer: str
    shown: str
    feature: str
    path: str
    viewer_age: tuple[int, int] | None
    shown_age: tuple[int, int] | None


def read_suggestions(path: Path) -> list[Suggestion]:
    """Every suggestion of a file. Raises `InputError` naming place, field and fix."""
    if not path.is_file():
        raise InputError("is not a file", where=str(path), hint="give a CSV or Parquet file")
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    rows = _parquet(path) if parquet else _csv(path)
    found = [_suggestion(row, f"{path}, {place}") for place, row in rows]
    if not found:
        raise InputError("holds no suggestion", where=str(path), hint="give at least one row")
    return found


def _csv(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _columns(reader.fieldnames or (), path)
            for row in reader:
                if None in row or None in row.values():
                    raise InputError(
                        "has more or fewer cells than the head",
                        where=f"{path}, line {reader.line_num}",
                        hint="quote cells that hold a comma",
                    )
                yield f"line {reader.line_num}", row
    except UnicodeDecodeError:
        raise InputError("is not UTF-8", where=str(path), hint="save it as UTF-8") from None
    except csv.Error as error:
        raise InputError(f"is not CSV: {error}", where=str(path), hint="mend the file") from None


def _parquet(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise EngineError(
            "Parquet needs pyarrow", hint="pip install 'lamppost[arrow]', or give CSV"
        ) from error
    try:
        file = pq.ParquetFile(path)
        _columns(file.schema_arrow.names, path)
        number = 0
        for batch in file.iter_batches(batch_size=10_000):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row
    except (pa.ArrowException, OSError):
        raise InputError("is not a whole Parquet file", where=str(path), hint="write it again") \
            from None  # fmt: skip


def _columns(names: Iterable[str], path: Path) -> None:
    given = list(names)
    for name in REQUIRED:
        if name not in given:
            raise InputError(
                f"column {name} is missing", where=str(path),
                hint="the first line names the columns",
            )  # fmt: skip
    twice = {name for name in given if given.count(name) > 1}
    if twice:
        raise InputError(f"column {sorted(twice)[0]} is there twice", where=str(path),
                         hint="keep one")  # fmt: skip


def _suggestion(row: Mapping[str, Any], where: str) -> Suggestion:
    return Suggestion(
        _word(row, "account_id", where, needed=True),
        _word(row, "suggested_id", where, needed=True),
        _word(row, "feature", where),
        _word(row, "path", where),
        _age(row, "account", where),
        _age(row, "suggested", where),
    )


def _word(row: Mapping[str, Any], name: str, where: str, *, needed: bool = False) -> str:
    value = row.get(name)
    text = "" if value is None else str(value).strip()
    if (needed and not text) or len(text) > _MOST:
        fault = "is empty" if not text else f"is longer than {_MOST} characters"
        raise InputError(fault, where=f"{where}, column {name}", hint="mend or remove the row")
    return text


def _age(row: Mapping[str, Any], who: str, where: str) -> tuple[int, int] | None:
    years = _word(row, f"{who}_age", where)
    if years:
        try:
            age = int(float(years))
        except (ValueError, OverflowError):
            age = -1
        if not 0 <= age <= 120:
            raise InputError(
                "is not an age of 0 to 120", where=f"{where}, column {who}_age",
                hint="leave it empty when it is not known",
            )  # fmt: skip
        return age, age
    band = _word(row, f"{who}_age_band", where)
    if not band:
        return None
    try:
        return range_of(band)
    except ValueError:
        raise InputError(
            "is not an age band", where=f"{where}, column {who}_age_band", hint="such as 13-15"
        ) from None


class _Offender(msgspec.Struct):
    account_id: str


def read_truth(path: Path) -> set[str]:
    """Account ids of a truth file (one JSON object a line). Raises `InputError`."""
    found: set[str] = set()
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    found.add(msgspec.json.decode(line, type=_Offender).account_id)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError(
            "is not an object with account_id", where=f"{path}, line {number}",
            hint="give the file that `lamppost simulate --truth` wrote",
        ) from None  # fmt: skip
    except OSError as error:
        reason = (error.strerror or "refused").lower()
        raise InputError(f"cannot be read: {reason}", where=str(path)) from None
    return found
