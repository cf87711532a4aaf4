"""The safer-defaults check: a platform's defaults for minors, beside what law and codes ask."""

from lamppost.protect.settings.check import Checked, Duty, Result, check, load_duties
from lamppost.protect.settings.file import SETTINGS, Settings, read_settings

__all__ = [
    "SETTINGS",
    "Checked",
    "Duty",
    "Result",
    "Settings",
    "check",
    "load_duties",
    "read_settings",
]
