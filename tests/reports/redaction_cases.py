"""Generated messages with private things in them, for measuring redaction.

All people, numbers and places are invented or reserved for fiction (Ofcom's and NANPA's numbers
for drama, example domains). Names were picked by hand, not from the list that the rules read.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST = (
    "Amelia Noah Freya Callum Saoirse Cillian Niamh Rhys Anwen Hamish Isla Declan Zainab Yusuf "
    "Fatima Ibrahim Amina Omar Priya Arjun Ananya Rohan Meera Chidi Ngozi Kwame Abena Thabo Lerato "
    "Mateo Camila Santiago Valentina Joao Beatriz Giulia Lorenzo Matteo Hannah Lukas Leonie Mikkel "
    "Astrid Jakub Zofia Oksana Dmitri Aylin Emre Leila Daniel Sophie Jake Megan Olivia Ethan Kayla "
    "Tyrone Brianna Diego Xander Zoe Kai Ellie"
).split()
LAST = (
    "Ashdown Okafor Petrov Lindqvist Marchetti Rahman Delacroix Oyelaran Nakamura Brennan Whitlock "
    "Castellanos Friedrich Moreau Kowalczyk Pemberton"
).split()
STREETS = "Elm Marlow Hawthorn Quarry Station Sycamore Orchard Bramble Fennel Priory".split()
SCHOOLS = (
    "Northgate Academy|Hollybrook Primary School|St Aldhelm's School|Kingsmead High School|"
    "Riverside Middle School|Oakfield College|Westbury Grammar School|Lakeview Elementary"
).split("|")
TOWNS = "Leeds Bristol Glasgow Swansea Portland Dallas Toronto Dublin Leicester Sunderland".split()


@dataclass(frozen=True, slots=True)
class Case:
    """A message, the private strings in it, and their kind."""

    text: str
    private: tuple[str, ...]
    kind: str


def cases(seed: int = 7, each: int = 150) -> list[Case]:
    """`each` messages of every kind, the same for the same seed."""
    rng = random.Random(seed)
    made: list[Case] = []

    def add(kind: str, templates: list[str], value: str, *more: str) -> None:
        template = rng.choice(templates)
        made.append(Case(template.format(value, *more), (value, *more), kind))

    for _ in range(each):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        said = rng.choice([first, first, first.lower()])
        add(
            "name",
            [
                "my friend {} is coming too",
                "my name is {}",
                "did u tell {} about it",
                "im {} btw",
                "{} said no",
                "i was with {} yesterday",
                "ask {}'s mum",
                "hi {}!",
                "omg {} look",
                "is {} at yours?",
            ],
            said,
        )
        add(
            "full name",
            [
                "I am {} {} from class",
                "its {} {} here",
                "{} {} is my teacher",
                "my name is {} {}",
                "do you know {} {}?",
            ],
            first,
            last,
        )
        phone = rng.choice(
            [
                f"07700 900{rng.randrange(1000):03}",
                f"+44 7700 900{rng.randrange(1000):03}",
                f"07700900{rng.randrange(1000):03}",
                f"555-01{rng.randrange(100):02}-{rng.randrange(1000, 9999)}",
                f"(212) 555-01{rng.randrange(100):02}",
                f"+1 212 555 01{rng.randrange(100):02}",
                f"07700.900.{rng.randrange(1000):03}",
            ]
        )
        add("phone", ["call me {}", "my number is {} ok", "{} text me", "whatsapp: {}"], phone)
        user = f"{first.lower()}{rng.choice(['.', '_', ''])}{last.lower()}{rng.randrange(99)}"
        add(
            "email",
            ["email me {}", "its {} :)", "write to {} pls"],
            rng.choice(
                [
                    f"{user}@example.com",
                    f"{user}@mail.example.org",
                    f"{user} at example dot com",
                    f"{user}(at)example.net",
                ]
            ),
        )
        add(
            "handle",
            [
                "my snap is {}",
                "add me on insta: {}",
                "follow {} ok",
                "im {} on discord",
                "find me on tiktok {}",
            ],
            rng.choice(
                [
                    f"@{user}",
                    f"{first.lower()}_{rng.randrange(10, 999)}",
                    f"xX{first}Xx",
                    f"{last.lower()}{rng.randrange(10, 9999)}",
                ]
            ),
        )
        number = rng.randrange(1, 250)
        kind = rng.choice(["Street", "Road", "Close", "Lane", "Avenue"])
        street = f"{number} {rng.choice(STREETS)} {kind}"
        street = rng.choice([street, street.lower()])
        add("address", ["i live at {}", "come to {} at 6", "its {} the blue door"], street)
        add(
            "postcode",
            ["postcode is {}", "{} put it in maps", "we are at {}"],
            rng.choice(["ZZ1 4AB", "zz99 3vz", "QX12 9LM", "NY 10999"]),
        )
        add(
            "link",
            ["look {}", "go to {} now", "{} join here"],
            rng.choice(
                [
                    "https://example.com/u/83?x=1",
                    "www.example.org/chat",
                    "discord.gg/aBc123",
                    "hxxps://example.net/a",
                    "example dot com/room",
                    "bit.ly/3xYz",
                ]
            ),
        )
        school = rng.choice(SCHOOLS)
        add(
            "school",
            ["i go to {}", "im at {} too", "{} is so boring", "see you outside {}"],
            rng.choice([school, school.lower()]),
        )
        town = rng.choice(TOWNS)
        add(
            "town",
            ["i live in {}", "im from {}", "we moved to {} last year", "train to {} takes 1h"],
            rng.choice([town, town, town.lower()]),
        )
    return made


HOSTILE: tuple[Case, ...] = (
    Case("call ０７７００ ９００１２３", ("９００１２３",), "full-width digits"),
    Case("call ٠٧٧٠٠٩٠٠١٢٣ ok", ("٩٠٠١٢٣",), "Arabic digits"),
    Case("07700\u200b900\u200b123", ("900",), "invisible characters"),
    Case("oh seven seven double oh nine double oh one two three", ("seven seven",), "spelled"),
    Case("0 7 7 0 0 9 0 0 1 2 3", ("9 0 0",), "spaced"),
    Case("my mail: a.b (at) example (dot) com", ("a.b",), "spelled address"),
    Case("miaaaa come here", ("miaaaa",), "drawn-out name"),
    Case(
        "M\u00eda and m\u200bia and MIA and ｍｉａ",
        ("M\u00eda", "m\u200bia", "MIA", "ｍｉａ"),
        "variants",
    ),
    Case("\u041cia wrote", ("\u041cia",), "look-alike letter"),
    Case("mia's mum and (mia) and mia_x", ("mia",), "name in marks"),
    Case("<b>mia</b> [mia](https://example.com/mia)", ("mia", "example.com"), "markup"),
    Case("discord me robin#1234", ("robin#1234",), "tag"),
    Case("51.50740, -0.12780 is me", ("51.50740",), "coordinates"),
    Case("///lamp.post.light", ("lamp.post.light",), "three words"),
    Case("dob 3/4/2013", ("3/4/2013",), "birth date"),
    Case("iban GB82 WEST 1234 5698 7654 32", ("1234 5698",), "account number"),
    Case("tg://resolve?domain=robin_x", ("robin_x",), "app link"),
)
"""What someone could write so that rules miss it. Participants: Mia and Jay K."""
