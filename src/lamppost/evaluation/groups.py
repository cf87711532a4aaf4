"""Whom an ordinary scenario stands for, by its title: the rows of the fairness table."""

from __future__ import annotations

import re
from typing import Final

GROUPS: Final = {
    "LGBTQ+ peers": r"lgbt|queer|\btrans\b|coming out|pride",
    "survivors and helplines": r"surviv|helpline|counsell?or|panic|griev|bullied|support",
    "health and sex education": r"nurse|clinic|doctor|puberty|growing-up|health|dentist",
    "teenage couples": r"couple|cinema date|first date|break-?up|crush|half-year",
    "family": (
        r"mum|mother|father|dad\b|grand|aunt|uncle|cousin|brother|sister|sibling|family|families"
        r"|niece|nephew|foster|divorced|parents?\b|nan\b"
    ),
    "coaches and clubs": r"coach|team|club|scout|choir|training|theatre|instructor|camp\b",
    "school and youth work": (
        r"teacher|tutor|school|pupil|class|librar|youth|exam|homework|student|mentor|study|babysit"
    ),
    "games and streams": r"clan|guild|gam(e|ing|er)|raid|squad|stream|server|fandom|roleplay|skin",
    "buying and selling": r"sale|sell|buy|marketplace|shop|trade|repair",
    "consenting adults": r"adult|colleague|dating|thirties|flirt|mates",
    "work and offers": r"job|interview|recruit|scholarship|photographer|audition|kiosk",
}
"""Group and what its titles hold; the first that fits counts."""
OTHER: Final = "friends and neighbours"
_PATTERNS = [(name, re.compile(text, re.IGNORECASE)) for name, text in GROUPS.items()]


def group_of(title: str) -> str:
    """Group of a title."""
    return next((name for name, pattern in _PATTERNS if pattern.search(title)), OTHER)
