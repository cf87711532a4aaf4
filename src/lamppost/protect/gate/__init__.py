"""The contact gate: who may reach whom for the first time, and what a recommender may show."""

from lamppost.protect.gate.check import (
    Answer,
    Asked,
    Gate,
    Reason,
    filter_suggestions,
)
from lamppost.protect.gate.policy import (
    OUTCOMES,
    PURPOSES,
    Contacts,
    contacts_from,
    read_contacts,
    version_of,
)

__all__ = [
    "OUTCOMES",
    "PURPOSES",
    "Answer",
    "Asked",
    "Contacts",
    "Gate",
    "Reason",
    "contacts_from",
    "filter_suggestions",
    "read_contacts",
    "version_of",
]
