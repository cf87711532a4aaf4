"""Evidence around a finding: the messages that made it, and those just before and after.

Texts sealed at the door are kept for hours or days; a case needs them for longer. A snapshot
opens those around the found events and seals them into the case, under their senders' keys. What
is gone by then is counted, never silently left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from lamppost.cases.erasure import SealedRow, about
from lamppost.cases.ports import TextSealer
from lamppost.cases.vault import Evidence, Vault
from lamppost.core.errors import StoreError

AROUND: Final = 5
"""Messages before and after each found one."""


class ConversationTexts(Protocol):
    """Port: the order of a conversation's messages, and the sealed texts of them there are."""

    def order(self, conversation: str) -> list[tuple[str, datetime]]:
        """Ids of messages and when they were sent, in that order."""
        ...

    def sealed(self, conversation: str) -> list[SealedRow]:
        """Sealed texts, edits too."""
        ...


class Snapshot(msgspec.Struct, frozen=True):
    """What a snapshot kept: ids of pieces; messages wanted whose text is gone."""

    items: list[str]
    gone: int


class Snapshots:
    """Takes snapshots into the vault."""

    def __init__(
        self,
        vault: Vault,
        texts: ConversationTexts,
        sealer: TextSealer,
        around: int = AROUND,
        lost: Callable[[str], None] = lambda event: None,
    ) -> None:
        self._vault = vault
        self._texts = texts
        self._sealer = sealer
        self._around = around
        self._lost = lost

    def take(self, *, case: str, actor: str, conversation: str, events: Sequence[str]) -> Snapshot:
        """Keep the texts of `events` and of the messages around them; `lost` hears what is gone."""
        order = self._texts.order(conversation)
        place = {event: number for number, (event, _) in enumerate(order)}
        wanted: set[int] = set()
        gone = 0
        for event in dict.fromkeys(events):
            number = place.get(event)
            if number is None:
                gone += 1
                self._lost(event)
                continue
            wanted.update(range(number - self._around, number + self._around + 1))
        sent = {order[number][0]: order[number][1] for number in wanted if 0 <= number < len(order)}
        pieces: list[Evidence] = []
        kept: set[str] = set()
        for row in self._texts.sealed(conversation):
            if row.event not in sent:
                continue
            try:
                text = self._sealer.open(
                    row.sender, about(conversation, row.event, row.stamp), row.sealed
                )
            except StoreError:
                continue  # its key is gone: counted below
            kept.add(row.event)
            pieces.append(
                Evidence(
                    conversation_id=conversation,
                    event_id=row.event,
                    subject_id=row.sender,
                    sent_at=sent[row.event],
                    text=text,
                    edit=row.stamp,
                )
            )
        for event in events:
            if event in sent and event not in kept:
                gone += 1
                self._lost(event)
        return Snapshot(self._vault.snapshot(case=case, actor=actor, pieces=pieces), gone)
