"""Find detectors that are one file each, by looking into their folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from lamppost.signals.card import ConductCard
from lamppost.signals.care import Flag
from lamppost.signals.conduct import Detector


@cache
def behaviours() -> tuple[Detector, ...]:
    """Every behaviour of an account, by number."""
    found = _modules("lamppost.signals.behaviour")
    return tuple(Detector(module.CARD, module.look) for module in found)


@cache
def red_flag_detectors() -> tuple[Flag, ...]:
    """Every red flag for a child, by number."""
    found = _modules("lamppost.signals.wellbeing")
    return tuple(Flag(module.CARD, module.look) for module in found)


def conduct_cards() -> list[ConductCard]:
    """Cards of behaviours and red flags."""
    flags = [flag.card for flag in red_flag_detectors()]
    return [item.card for item in behaviours()] + flags


def _modules(package: str) -> list[ModuleType]:
    folder = importlib.import_module(package)
    found = [
        importlib.import_module(f"{package}.{item.name}")
        for item in pkgutil.iter_modules(folder.__path__)
    ]
    return sorted(
        (module for module in found if hasattr(module, "CARD")),
        key=lambda module: module.CARD.number,
    )
