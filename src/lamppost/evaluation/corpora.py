"""Openly licensed ordinary chat, as events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lamppost.core.errors import EngineError
from lamppost.events.vocabulary import Event, Message


def chitchat() -> Iterator[Event]:
    """BYU chit-chat: 7,168 conversations, 258,145 messages (package `chitchat-dataset`, MIT).

    Raises `EngineError` when the package is not installed.
    """
    try:
        import chitchat_dataset
    except ImportError as error:
        raise EngineError(
            "the chit-chat corpus is not installed", hint="pip install chitchat-dataset"
        ) from error
    for conversation, content in chitchat_dataset.Dataset().items():
        messages = [message for turn in content["messages"] for message in turn]
        people = list(dict.fromkeys(message["sender"] for message in messages))
        for number, message in enumerate(messages, 1):
            yield Message(
                id=f"{conversation}:{number}",
                conversation_id=conversation,
                sender_id=message["sender"],
                recipient_ids=[who for who in people if who != message["sender"]],
                sent_at=datetime.fromisoformat(message["timestamp"].replace("Z", "+00:00")),
                text=message["text"],
            )
