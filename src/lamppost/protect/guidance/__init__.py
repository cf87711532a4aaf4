"""What to say: short advice for children, teenagers, guardians, educators and moderators.

`topics.toml` lists the topics and the complete languages, `texts/<topic>/<language>.md` holds the
advice, `sources.toml` what it rests on, `languages/<language>.toml` the few words around it and
what its texts must not say, `levels/<language>.json` the measured reading levels. A language is
added with files, and shown once `topics.toml` lists it as complete.
"""

from __future__ import annotations

from lamppost.protect.guidance.pack import (
    AUDIENCES,
    Advice,
    Audience,
    Pack,
    Source,
    Topic,
    load_pack,
)
from lamppost.protect.guidance.people import WhoToCall, who_to_call

__all__ = [
    "AUDIENCES",
    "Advice",
    "Audience",
    "Pack",
    "Source",
    "Topic",
    "WhoToCall",
    "load_pack",
    "who_to_call",
]
