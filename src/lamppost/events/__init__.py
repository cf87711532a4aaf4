"""What happened: the event vocabulary, its codecs and its JSON Schema."""

from lamppost.events.vocabulary import (
    Account,
    Attachment,
    Contact,
    Event,
    Gift,
    Message,
    Profile,
    Room,
    Session,
    UserReport,
)

__all__ = [
    "Account",
    "Attachment",
    "Contact",
    "Event",
    "Gift",
    "Message",
    "Profile",
    "Room",
    "Session",
    "UserReport",
]
