"""What people of the synthetic community say: templates with slots, in three ways of writing.

Ordinary talk holds on purpose what could be taken for a warning sign (surprises, lifts, other
apps, pictures of homework). Lines of offenders are plain warning signs as leaflets print them;
anything worse is neutral text with a label. Nobody's real words are here.
"""

from __future__ import annotations

from random import Random
from typing import Final

_SLOTS: Final[dict[str, list[str]]] = {
    name: words.split("|")
    for name, words in {
        "game": "block world|star karts|pixel farm|castle rush|sky race|dragon deck|"
        "moon base|tag arena|puzzle tower|island builder|robo league|train town|"
        "kart cup|word duel|fossil hunt",
        "food": "pizza|noodles|pancakes|soup|tacos|rice|toast|salad|curry|waffles|dumplings|pasta",
        "subject": "maths|history|biology|french|art|geography|physics|music|chemistry|english",
        "day": "monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next week",
        "time": "at 4|at 5|at half past three|after lunch|after six|at 7|around noon|before dinner",
        "pet": "cat|dog|hamster|rabbit|parrot|gecko|goldfish|turtle|guinea pig",
        "sport": "football|swimming|basketball|volleyball|judo|tennis|climbing|running|hockey",
        "show": "the baking show|that space series|the detective one|the island show|"
        "the quiz|the robot film|the new cartoon|the dance contest",
        "thing": "jacket|charger|notebook|helmet|water bottle|bike lock|headset|umbrella|"
        "bag|ticket",
        "feel": "tired|happy|bored|excited|annoyed|hungry|sleepy|fine|busy|cold",
        "who": "my sister|my brother|my cousin|my dad|my mum|grandma|the neighbour|"
        "our teacher|my friend|the whole team",
        "place": "the park|the library|the pool|the station|the gym|the market|the field|the hall",
        "num": "2|3|4|5|6|7|8|9|10|12|15|20|25|30|50",
        "nice": "great|really good|so cool|fun|not bad|amazing|pretty neat|nice",
        "greet": "hi|hey|hello|yo|good morning|hiya|hey there",
    }.items()
}

Line = tuple[str | list[str], ...]


def _lines(block: str) -> list[Line]:
    """One template a line; `{slot}` stands for a word of that slot."""
    made: list[Line] = []
    for line in block.strip().splitlines():
        parts: list[str | list[str]] = []
        for index, piece in enumerate(line.strip().replace("}", "{").split("{")):
            if piece:
                parts.append(_SLOTS[piece] if index % 2 else piece)
        made.append(tuple(parts))
    return made


CHAT: Final = _lines("""
{greet}
{greet}, how are you
{greet}, what are you up to
did you see {show} last night
{show} was {nice}
i am so {feel} today
are you playing {game} later
anyone up for {game} {time}
i finally beat level {num} in {game}
we lost {num} to {num} in {sport}
training is moved to {day}
what did you get for {subject}
do you have the {subject} homework
the {subject} test was easier than i thought
i forgot my {thing} at {place}
can you bring my {thing} on {day}
{who} made {food} again
we are having {food} tonight
my {pet} is asleep on the {thing}
look what my {pet} did
{who} says hello
{who} is coming over on {day}
see you {time} at {place}
i will be there {time}
sorry, i am running late
the bus was late again
it has been raining all day here
it is so hot, we went to {place}
i can not find my {thing}
thanks for yesterday, it was {nice}
happy birthday to {who}
congratulations on the {sport} match
how was {subject} today
that is {nice}
haha no way
ok
sounds good
same here
no idea, ask {who}
why not {day} instead
i need to charge my phone
brb
back now
good night
see you {day}
{num} more days until the holidays
i got a new {thing}, it is {nice}
which one is better, {game} or {game}
my {game} crashes after {num} minutes
{game} has an update, the map is {nice}
i am stuck on the bridge part in {game}
try going left at the tower, then jump
you need {num} coins for that one
we need one more player for {game}
the tournament starts {time} on {day}
do you want the blue one or the red one
i practised {num} minutes of piano
our choir sings at {place} on {day}
i have {sport} on {day}
the coach said we should run {num} rounds
please bring water and a {thing}
{who} broke a {thing} and blamed the {pet}
what is the page for {subject}
page {num}, exercise {num}
i wrote {num} lines and deleted them all
did you feed the {pet}
yes, done
not yet, maybe {time}
i do not like {food}
{food} is the best, do not argue
the new song is {nice}
have you heard it
i have it on repeat
my internet is slow today
can you hear me
the picture does not load for me
turn it off and on again
we built a {num} floor house in {game}
{who} wants to join too
let us meet at {place} {time}
what should i wear on {day}
just a {thing} and shoes
the dentist was fine
i am at {place} with {who}
the queue is {num} people long
save me a seat
done with work for today
meeting got moved to {day}
how is the new flat
the washing machine is broken again
can you pick up {food} on the way
the train is {num} minutes late
did you call {who}
i will call {who} {time}
we should visit {who} on {day}
that recipe with {food} was {nice}
i slept {num} hours
the {pet} needs the vet on {day}
""")

AWKWARD: Final = _lines("""
do not tell {who}, it is a surprise for {day}
send me a picture of your {subject} page please
are your parents home, i left my {thing} with you
i can pick you up at {place} {time}
add me on the other app, this one lags
how old is your brother now
what school do you go to, mine is by {place}
i will give you {num} coins if you help me with {game}
you are really good at {game} for your age
you can trust me, i am good at {subject}
delete the photo, my hair is awful
do not show this to {who}
let us talk in private chat, the group is too loud
you are my best friend
i miss you, when are you back
where do you live now, still near {place}
can you send a photo of the {thing}
i am {num} minutes away, meet me outside {place}
please keep it between us until {day}
your mum does not have to know the score
""")

COACH: Final = _lines("""
training on {day} {time}, please be on time
well played today, you were {nice}
do you need a lift to the match on {day}
who can bring a {thing} on {day}
please tell your parents about {day}
you have improved a lot in {sport}
remember your {thing} for the tournament
we meet at {place} {time}
rest your ankle and tell me how it is on {day}
line up for {day} is in the group
i can drop you at {place} after training
no training on {day}, the hall is closed
""")

TEACHER: Final = _lines("""
the {subject} homework is page {num}
hand in {subject} by {day} please
good work on the {subject} project
bring a {thing} for the trip on {day}
do you need help with exercise {num}
your essay is fine, mind the commas
the test on {day} covers chapters {num} and {num}
please ask your parents to sign the form
you can stay after class on {day} if you have questions
the trip to {place} starts {time}
""")

CLAN: Final = _lines("""
raid {time}, who is in
we need {num} more for {game}
welcome to the clan, voice room is open
nice round, that was {nice}
we are looking for players for {game}, want to join
i sent you a starter kit, enjoy
move to the voice room please
practice for {game} on {day} {time}
you play well, want to try out for the team
clan rules are pinned, be kind
""")

SELL: Final = _lines("""
selling a rare skin for {game}, interested
trade my {thing} skin for {num} coins
i have {num} cards for {game}, cheap today
still want the {game} pass
price is {num}, fair deal
sent it, check your inbox
""")

HELP: Final = _lines("""
welcome to the server, ask me anything
new here? the guide for {game} is pinned
if somebody bothers you, use the report button
need help with {game}, just ask
here is how to mute a channel
""")

COUPLE: Final = _lines("""
i miss you
can not wait until {day}
you looked {nice} today
thinking of you
good night, sleep well
call me {time}
""")

FAMILY: Final = _lines("""
dinner is {time}
are you home already
who picks you up from {sport}
do not tell {who}, we plan a surprise for {day}
call me when you are at {place}
grandma sends you {num} for your birthday
homework first, then {game}
love you, see you {time}
did you take your {thing}
send me a picture from {place}
i can pick you up {time}
""")

SPAM: Final = _lines("""
free coins for {game}, look at my profile
best prices for {game} items, message me
win a {thing} today, only {num} left
""")

OFFENDER: Final[dict[str, list[Line]]] = {
    "rapport": _lines("""
you are so mature for your age
you are not like the others, you are special
i feel like i can tell you everything
you are so pretty in your picture
nobody understands you like i do
i like talking to you more than to anyone
you can tell me anything, i am always here for you
"""),
    "peer": _lines("""
i am 13 too
i am 14 as well, what school do you go to
me too, i also love {game}
i am 15, almost 16
my parents are strict too
i am the same age as you
"""),
    "probing": _lines("""
how old are you
where do you live
are your parents home
do your parents check your phone
are you alone right now
do you have your own room
what school do you go to
when do your parents come home
"""),
    "secrecy": _lines("""
do not tell anyone about us
this is our secret, ok
keep this between us
please delete our chat
your parents would not understand, do not tell them
do not show this to your mum
"""),
    "isolation": _lines("""
your friends do not care about you like i do
you do not need them, you have me
your parents just want to control you
"""),
    "move": _lines("""
let us talk somewhere more private
do you have another app where we can talk
add me on snapchat, it is more private
come to my private room, just us
give me your number
"""),
    "gift": _lines("""
i can buy you that skin if you want
i sent you coins, do not tell your parents
i will give you {num} coins for a picture
i can send you money, it stays between us
"""),
    "promise": _lines("""
i know an agency, you could be a model
i have a job for you, you can earn a lot of money
you could travel with me, i pay for everything
no experience needed, i will take care of everything
do you want to earn {num} a day, message me in private
"""),
    "image": _lines("""
send me a picture of you, just for me
can you turn on your camera
send me another one, nobody will see it
show me what you look like
"""),
    "guilt": _lines("""
after all i did for you
if you loved me you would do it
you owe me
"""),
    "threat": _lines("""
pay me or i send your picture to everyone
i know who your friends are, i will show them
you have one hour to pay
if you block me i will post it
send the gift card or everyone sees it
"""),
    "meeting": _lines("""
let us meet, just us two
i can pick you up after school, do not tell anyone
come to {place} alone
"""),
    "sexual": [("(message withheld)",)],
}

CHILD: Final[dict[str, list[Line]]] = {
    "refuse": _lines("""
no i do not want to
that is weird
stop asking me that
i have to go
leave me alone
who are you, i do not know you
"""),
    "comply": _lines("""
ok
ok i will not tell anyone
fine
i deleted it
if you say so
only if nobody sees it
"""),
    "help": _lines("""
please stop, i am scared
please do not send it to anyone
i do not know what to do
"""),
}

_TAILS: Final = ["", "", "", "", " lol", " haha", " :)", " 😂", "!!", " pls", " xd"]
_SHORT: Final = [(" you ", " u "), (" are ", " r "), (" to ", " 2 "), ("thanks", "thx")]


def say(rng: Random, pool: list[Line], style: int) -> str:
    """A line of `pool` in a way of writing: 0 careful, 1 relaxed, 2 as children often write."""
    pick = rng.random
    template = pool[int(pick() * len(pool))]
    text = "".join(
        part if type(part) is str else part[int(pick() * len(part))] for part in template
    )
    if style == 1:
        return text
    if style == 0:
        return text[0].upper() + text[1:] + ("." if pick() < 0.6 else "")
    text += _TAILS[int(pick() * len(_TAILS))]
    if pick() < 0.3:
        old, new = _SHORT[int(pick() * len(_SHORT))]
        text = text.replace(old, new)
    return text


def own_age(rng: Random, age: int, style: int) -> str:
    """How a child says its age."""
    return say(rng, [(f"i am {age}",), (f"im {age}",), (f"{age}, you?",)], style)


def chat(rng: Random, style: int) -> str:
    """A line of ordinary talk, sometimes one that could be taken for something else."""
    pick = rng.random()
    pool = AWKWARD if pick < 0.025 else CHAT
    text = say(rng, pool, style)
    if pick > 0.75:
        text += (". " if style == 0 else " ") + say(rng, CHAT, 1)
    return text
