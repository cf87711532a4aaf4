"""Arrow: round trip by type, and errors without values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.core.errors import InputError
from lamppost.events import arrow
from lamppost.events.vocabulary import EVENT_TYPES, Account, Event, Gift, Message

from .strategies import events

pa = pytest.importorskip("pyarrow")

CANARY = "CANARY-7731"


def by_type(items: list[Event]) -> list[Event]:
    found: dict[type, list[Event]] = {}
    for item in items:
        found.setdefault(type(item), []).append(item)
    return [item for group in found.values() for item in group]


@given(st.lists(events(), max_size=8))
def test_round_trip(items: list[Event]) -> None:
    back = list(arrow.decode(arrow.encode(items)))
    assert back == by_type(items)
    for before, after in zip(by_type(items), back, strict=True):
        for name in before.__struct_fields__:
            value = getattr(before, name)
            if isinstance(value, datetime):
                assert getattr(after, name).utcoffset() == value.utcoffset()


@pytest.mark.parametrize("cls", EVENT_TYPES, ids=lambda cls: cls.__name__)
def test_schema_has_every_field(cls: type[Event]) -> None:
    tag = str(cls.__struct_config__.tag)
    schema = arrow.schema_of(tag)
    assert set(cls.__struct_fields__) <= set(schema.names)
    assert schema.metadata[b"lamppost.event"] == tag.encode()


def test_nothing_in_nothing_out() -> None:
    assert arrow.encode([]) == {}
    assert list(arrow.decode({})) == []


def test_ends_of_the_calendar() -> None:
    late = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(-timedelta(hours=5)))
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    items: list[Event] = [Account(id="a", created_at=moment) for moment in (late, early)]
    assert list(arrow.decode(arrow.encode(items))) == items


def test_newer_and_older_columns() -> None:
    batch = arrow.encode([Account(id="a", age=12)])["account"]
    newer = batch.append_column("shoe_size", pa.array([38]))
    assert list(arrow.decode({"account": newer})) == [Account(id="a", age=12)]
    older = batch.select(["id"])
    assert list(arrow.decode({"account": older})) == [Account(id="a")]
    with pytest.raises(InputError, match="required column"):
        list(arrow.decode({"account": batch.select(["age"])}))
    with pytest.raises(InputError, match="not a known event type"):
        list(arrow.decode({"shoe": batch}))


def test_other_time_units_are_read() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    batch = arrow.encode([Account(id="a", created_at=moment)])["account"]
    column = batch.column("created_at").cast(pa.timestamp("ms", tz="UTC"))
    coarse = batch.set_column(batch.schema.get_field_index("created_at"), "created_at", column)
    assert list(arrow.decode({"account": coarse})) == [Account(id="a", created_at=moment)]


def test_what_arrow_cannot_carry_is_refused_without_values() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    message = Message(id="m", conversation_id="c", sender_id="s", sent_at=moment)
    for event in (
        Account(id="a", display_name=f"\ud800{CANARY}"),
        Account(id="a", age=CANARY),  # type: ignore[arg-type]
        Gift(id="g", sender_id="a", recipient_id="b", value_minor=2**70, at=moment),
        Account(id="a", created_at=datetime(2026, 1, 1)),
    ):
        with pytest.raises(InputError) as caught:
            arrow.encode([message, event])
        assert CANARY not in f"{caught.value!r}{caught.value.__cause__!r}"
