"""Read the lock files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parent.parent
RUNTIME = ("requirements.lock", "requirements-service.lock")
"""What people run: the command line alone, and what the service needs besides."""
LOCKS = (*RUNTIME, "requirements-build.lock", "requirements-dev.lock")

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: *; *(.*?))? *\\?$")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(slots=True)
class Pin:
    """One locked package: its marker says where it applies."""

    name: str
    version: str
    marker: str
    hashes: int = 0

    @property
    def here(self) -> bool:
        """Whether it applies to this platform and Python."""
        return not self.marker or Marker(self.marker).evaluate()


def runtime() -> list[Pin]:
    """Every pin that people run, once, in order of name."""
    found = {(pin.name, pin.version): pin for lock in RUNTIME for pin in pins(lock)}
    return [found[key] for key in sorted(found)]


def pins(lock: str) -> list[Pin]:
    """Every pin of a lock file, in its order."""
    found: list[Pin] = []
    for line in (ROOT / lock).read_text().splitlines():
        if pin := _PIN.match(line):
            found.append(Pin(pin[1], pin[2], pin[3] or ""))
        elif _HASH.search(line):
            found[-1].hashes += 1
    return found
