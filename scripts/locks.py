"""Read the lock files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parent.parent
RUNTIME = "requirements.lock"
LOCKS = (RUNTIME, "requirements-build.lock", "requirements-dev.lock")

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


def pins(lock: str) -> list[Pin]:
    """Every pin of a lock file, in its order."""
    found: list[Pin] = []
    for line in (ROOT / lock).read_text().splitlines():
        if pin := _PIN.match(line):
            found.append(Pin(pin[1], pin[2], pin[3] or ""))
        elif _HASH.search(line):
            found[-1].hashes += 1
    return found
