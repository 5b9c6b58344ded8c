"""Seeded text in the manner of chatbot conversations, for the demo and for the tests' fixtures.

A `Voice` writes words, sentences, lists, code and foreign text from one `random.Random`, so the
same seed gives the same text everywhere.  Nothing here knows of labels, files or tokenizers.
Standard library only.
"""

import random

NOUNS = """
answer apple archive audience balance bakery beach bicycle book border bottle branch bread bridge
budget camera candle castle chapter circle city climate cloud coast coffee column computer concert
cooking corner country culture customer data dataset desert design diet distance doctor dough
draft dream engine essay event evidence example exercise family farmer festival figure film flight
flour forest friend fruit future garden glass goal grammar guitar habit harbour history holiday
honey hotel house idea image index island journey kitchen language lantern law lesson letter
library light limit list lunch machine market meal meeting memory message method minute mirror
model moment money month morning mountain museum music nation needle network notebook number ocean
office onion opinion orange paper park pattern people piano picture planet player poem pocket
point pottery price problem process project quality question reader reason recipe record result
river road rocket room sample school science season sentence server shadow sister skill sleep song
speaker spring star station stone story student summer sunset system table teacher team test
theatre theory ticket timber tool topic tower town train travel trip value valley version village
violin visitor voice water weather website week window winter woman word work writer year
""".split()
VERBS = """
add allow answer ask bake begin believe bring build buy call carry change check choose clean
collect compare connect cook count create cut decide describe draw drive eat explain feel fill
find finish fix follow forget gather give grow guess hear help hold improve join keep know learn
leave lift like listen look lose make measure meet mix move need notice offer open order paint pay
plan plant play practise prepare print protect prove read remember repair repeat reply rest return
roll run save search see sell send serve share show sing solve sort speak spend start stay stop
store study suggest take talk taste teach tell test think travel try turn understand use visit
wait walk want warm wash watch win wonder write
""".split()
ADJECTIVES = """
able ancient bitter blue brave brief bright broad calm careful cheap clean clear clever cold
common complete complex cool correct curious daily dark deep different direct dry early easy empty
exact expensive fair famous fast final fine flat free fresh friendly full gentle good great green
happy hard heavy helpful high honest hot huge important kind large late light likely little local
long loud low main modern narrow natural new nice odd old open plain pleasant popular private
proud quick quiet rare ready real red rich round rough safe sharp short silent simple slow small
smooth soft solid special strange strong sweet tall thick thin tiny true typical useful warm weak
wet white wide wild wise wooden young
""".split()
ADVERBS = """
again almost already also always carefully clearly directly early easily enough even finally first
gently here indeed instead later mostly nearly never now often once only perhaps quickly quietly
rarely really simply slowly sometimes soon still then there together today too usually very well
yet
""".split()
LINKS = "and but so because while although when before after since unless where".split()
PREPOSITIONS = """
about above across after against along among around at behind beside between by for from in into
near of on over through to under with without
""".split()
DETERMINERS = """
the the the a this that each every some any another your their our its my one no
""".split()
OPENERS = [
    "It's clear that", "I'm told that", "You'll see that", "We've learned that",
    "They're sure that", "Let's say that", "I'd note that",
]
CODE_NAMES = """
x y i n key item row total result data value index name count items left right node path text
words size limit
""".split()
FUNCTIONS = """
len sum max min sorted print range list open load merge split parse find reverse
""".split()

ONSETS = "b br ch d dr f g gr h k kl l m n p pr r s sh st t tr v w z".split() + [""]
NUCLEI = "a e i o u ai ea io ou".split()
CODAS = ["", "", "l", "m", "n", "nd", "r", "rt", "s", "sk", "t", "x"]
HAN = (
    "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学"
    "对可里后小么心多天而能好都然没日起还发成事只作当想看文无开手用主行方又如前所本见经头面公同"
    "三已老从动两长"
)
KANA = "あいうえおかきくけこさしすせそたちつてとなにのはひふへほまみむめもやゆよらりるれろわをんアイウエオカキクケコサシスセソ"
CYRILLIC = "оооаааеееиинннтттссррввллккммдпуяызьбгчйхжшюцщэф"
EMOJI = ["😀", "🚀", "👍🏽", "👩‍💻", "🎉", "🤖", "❤️", "🇯🇵", "🍞", "👨‍👩‍👧"]
LATIN_NAMES = "Zoë José Łódź naïve café Ångström São Straße Dvořák crème façade".split()


def invented_names(size, seed="names"):
    """Capitalized names that no list above holds: the tail that a tokenizer has to cut in pieces."""
    rng, names = random.Random(seed), []
    while len(names) < size:
        syllables = rng.choice((1, 2, 2, 3))
        name = "".join(
            rng.choice(ONSETS) + rng.choice(NUCLEI) + rng.choice(CODAS) for _ in range(syllables)
        ).title()
        if len(name) > 2 and name not in names:
            names.append(name)
    return names


def inflect(word, ending):
    """English spelling of the ending "s" or "": `inflect("carry", "s")` is "carries"."""
    if ending == "s" and word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if ending == "s" and word.endswith(("s", "sh", "ch", "x", "z")) else ending)


class Voice:
    """Writes text from one random source."""

    def __init__(self, rng):
        self.rng = rng
        self.names = invented_names(400)

    def noun_phrase(self, plurals=True):
        words = [self.rng.choice(DETERMINERS)]
        if self.rng.random() < 0.4:
            words.append(self.rng.choice(ADJECTIVES))
        plural = (
            plurals
            and words[0] in ("the", "some", "any", "their", "our")
            and self.rng.random() < 0.4
        )
        return words + [inflect(self.rng.choice(NOUNS), "s" if plural else "")]

    def clause(self):
        words = (
            [self.rng.choice(self.names)]
            if self.rng.random() < 0.08
            else self.noun_phrase(plurals=False)
        )
        if self.rng.random() < 0.25:
            words += [
                self.rng.choice(
                    ("will", "can", "may", "should", "must", "won't", "can't", "doesn't")
                ),
                self.rng.choice(VERBS),
            ]
        else:
            words.append(inflect(self.rng.choice(VERBS), "s"))
        words += self.noun_phrase()
        if self.rng.random() < 0.5:
            words += [self.rng.choice(PREPOSITIONS), *self.noun_phrase()]
        if self.rng.random() < 0.25:
            words.append(self.rng.choice(ADVERBS))
        return words

    def sentence(self, end=None):
        words = self.clause()
        if self.rng.random() < 0.35:
            words[-1] += "," if self.rng.random() < 0.5 else ""
            words += [self.rng.choice(LINKS), *self.clause()]
        if self.rng.random() < 0.1:
            words = [self.rng.choice(OPENERS), *words]
        if self.rng.random() < 0.03:
            words[self.rng.randrange(len(words))] = self.rng.choice(LATIN_NAMES)
        if self.rng.random() < 0.05:
            at = self.rng.randrange(len(words))
            words[at] = '"' + words[at] + '"'
        text = " ".join(words)
        return text[:1].upper() + text[1:] + (end or self.rng.choice("......!;"))

    def sentences(self, count):
        return " ".join(self.sentence() for _ in range(count))

    def list_items(self, count):
        return "\n".join(
            "%d. **%s**: %s" % (i + 1, self.rng.choice(NOUNS).title(), self.sentence())
            for i in range(count)
        )

    def code(self, lines):
        name = self.rng.choice(CODE_NAMES)
        body = [f"def {self.rng.choice(VERBS)}_{self.rng.choice(NOUNS)}({name}):"]
        for _ in range(lines):
            target, function, other = (
                self.rng.choice(pool) for pool in (CODE_NAMES, FUNCTIONS, CODE_NAMES)
            )
            body.append(
                self.rng.choice(
                    (
                        f"    {target} = {function}({other})",
                        f"    {target} += {other}[{self.rng.randint(0, 9)}]",
                        f"    if {target} != {other}:\n"
                        f"        {target} = {function}({other}, {target})",
                    )
                )
            )
        body.append(f"    return {name}")
        return "```python\n" + "\n".join(body) + "\n```"

    def foreign(self, characters):
        kind = self.rng.random()
        if kind < 0.4:
            return "".join(self.rng.choices(HAN, k=characters)) + "。"
        if kind < 0.7:
            return "".join(self.rng.choices(HAN + KANA * 3, k=characters)) + "。"
        words = []
        while sum(map(len, words)) < characters:
            words.append("".join(self.rng.choices(CYRILLIC, k=self.rng.randint(2, 9))))
        return " ".join(words).capitalize() + "."

    def url(self):
        path = f"{self.rng.choice(NOUNS)}/{self.rng.choice(VERBS)}"
        return f"https://example.org/{path}?q={self.rng.randint(1, 999)}"

    def paragraph(self):
        """A block of running text; now and then a list, code, foreign text, a link, an emoji."""
        draw = self.rng.random()
        if draw < 0.06:
            return self.list_items(self.rng.randint(2, 4))
        if draw < 0.10:
            return self.code(self.rng.randint(1, 4))
        if draw < 0.14:
            return self.foreign(self.rng.randint(10, 60))
        text = self.sentences(self.rng.randint(1, 4))
        if draw < 0.17:
            text += " " + self.url()
        if draw > 0.95:
            text += " " + self.rng.choice(EMOJI)
        if 0.90 < draw < 0.95:
            text += " %d %s in %d." % (
                self.rng.randint(2, 9999),
                inflect(self.rng.choice(NOUNS), "s"),
                self.rng.randint(1900, 2024),
            )
        return text
