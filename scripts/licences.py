"""May every package that Lamppost needs at run time be used and passed on?

Reads the licence that each installed package of the runtime locks states of itself, and compares
it with a list of permissive and weak-copyleft licences. An unknown word stops the build: a
person then reads the licence and adds the word here, or the package goes.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata

from locks import runtime

ALLOWED = {
    "0bsd", "apache 2.0", "apache license 2.0", "apache software license", "apache-2.0", "bsd",
    "bsd license", "bsd-2-clause", "bsd-3-clause", "isc", "isc license (iscl)", "lgpl-2.1-or-later",
    "lgpl-3.0-only",
    "mit", "mit license", "mit-0", "mozilla public license 2.0 (mpl 2.0)", "mpl-2.0", "psf-2.0",
    "python software foundation license", "python-2.0", "the unlicense (unlicense)", "unlicense",
    "zlib", "cc0-1.0", "llvm-exception", "zpl-2.1",
}  # fmt: skip
READ_BY_A_PERSON: dict[str, str] = {"pyrage": "mit", "rich-click": "mit", "wordllama": "mit"}
"""Packages whose metadata names no licence, and what their licence file was found to be."""


def stated(name: str) -> list[str]:
    """Licence words that an installed package states, lower case; the best source first."""
    found = metadata.metadata(name)
    if expression := found.json.get("license_expression"):
        return [word for word in re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", str(expression)) if word]
    classifiers = [
        entry.rsplit(" :: ", 1)[1]
        for entry in found.get_all("Classifier") or []
        if entry.startswith("License :: ") and entry.count(" :: ") >= 2
    ]
    if classifiers:
        return classifiers
    text = str(found.json.get("license") or "").strip()
    if not text or "\n" in text:
        return []
    return re.split(r"\s+(?:AND|OR|WITH)\s+", text)


def main() -> int:
    """Print what is refused, or one line that all is well."""
    names = [pin.name for pin in runtime() if pin.here]
    refused = []
    for name in names:
        words = [READ_BY_A_PERSON[name]] if name in READ_BY_A_PERSON else stated(name)
        if not words:
            refused.append(f"{name}: states no licence")
        refused += [
            f"{name}: {word!r} is not on the list" for word in words
            if word.strip().lower() not in ALLOWED
        ]  # fmt: skip
    for line in refused:
        print(f"licences: {line}")
    if not refused:
        print(
            f"licences: {len(names)} runtime packages, all under permissive or weak-copyleft terms"
        )
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
