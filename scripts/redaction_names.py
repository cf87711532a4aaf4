"""Make `src/lamppost/reports/redaction/names.txt` from Faker's first names (MIT).

Run in an environment with `faker` and `chitchat-dataset` (MIT):

    python scripts/redaction_names.py > src/lamppost/reports/redaction/names.txt

A name that ordinary chat uses as a word in lower case (such as "will" or "grace") is marked
with `~`: it is replaced only where the sentence shows that it is a name.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections import Counter

import chitchat_dataset
import faker

LOCALES = (
    "en_GB en_US en_IE en_IN en_NZ en_KE en_NG en_PK es_ES es_MX es_AR es_CO fr_FR fr_CA de_DE "
    "it_IT pt_BR pt_PT nl_NL pl_PL tr_TR sv_SE no_NO da_DK fi_FI cs_CZ ro_RO hr_HR hu_HU id_ID"
).split()
WORDS = set(
    "art bill bliss bob brook buddy case chance chip christian christmas cookie dale dawn "
    "dean destiny dick drew eden faith gene glen guy harmony happy heaven honey hope iris "
    "ivy jade jay jewel jot joy june kit lance lane may melody mercy miles misty mo nick "
    "norm olive pat pearl penny pip pierce precious prince queen ray rich rob robin rose "
    "ruby rusty sandy season sky sonny star sterling storm summer sunny sue tad tanner trip "
    "trust van victor virgin wade ward will winter young angel april august autumn baby "
    "candy charity chase cherry clay constant cruz dean earnest frank ginger grace grant "
    "hazel holly jack jasmine jean lily long love luna major marine mark martin max noble "
    "patience prudence sage skip star teal the to an in on do so no".split()
)

NAMES = set(
    "adele alec alexandria alfredo annie annika arthur ben benjamin blaine britt bryan "
    "bryce caleb calvin carmel casey chloe cody collin damon danny darius debbie edna "
    "edward erica fanny flora franca gaston graham hannah harley ian indy jake jasmine "
    "jaxon jeffrey jennifer juliet kay kendra kim kira kyra lamar lee leslie lilly lily liz "
    "lucian margarita marie mario martha michael mimi modesto monica morris moses norma "
    "patty pete poppy reuben romeo rosemary sabrina shane shelby shelley stan tom travis "
    "trevor tyler vera victor walter warren wayne william".split()
)
"""Names that one chatty corpus writes in lower case, but that are no words."""


def main() -> None:
    """Print the file."""
    names: set[str] = set()
    for locale in LOCALES:
        module = importlib.import_module(f"faker.providers.person.{locale}")
        for field in ("first_names", "first_names_male", "first_names_female"):
            for name in getattr(module.Provider, field, ()):
                for part in re.split(r"[\s.\-']+", name):
                    plain = unicodedata.normalize("NFKD", part.casefold())
                    plain = "".join(char for char in plain if not unicodedata.combining(char))
                    if len(plain) >= 3 and plain.isascii() and plain.isalpha():
                        names.add(plain)
    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    for conversation in chitchat_dataset.Dataset().values():
        for turn in conversation["messages"]:
            for message in turn:
                for word in re.findall(r"[A-Za-z]+", message["text"]):
                    (lower if word.islower() else upper)[word.lower()] += 1
    print("# First names: Faker " + faker.VERSION + " (MIT), made by scripts/redaction_names.py.")
    print("# ~ marks names that are also common words.")
    for name in sorted(names):
        common = name in WORDS or (
            name not in NAMES and lower[name] >= 2 and lower[name] >= upper[name]
        )
        print(f"~{name}" if common else name)


if __name__ == "__main__":
    main()
