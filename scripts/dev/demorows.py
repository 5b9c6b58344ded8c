"""Rows of the embedded demo: conversations in the shape of the Chatbot Arena competition, with
labels from a known law.

A row is a prompt and two responses, each a list of turns (a turn may be None); `cell` writes such
a list as the competition's files do, `read_python` reads it back as its best-known notebook does.
Standard library only.
"""

import json
import math
import re

from demotext import EMOJI, NOUNS, Voice

LABELS = ["winner_model_a", "winner_model_b", "winner_tie"]
TEXT_COLUMNS = ["prompt", "response_a", "response_b"]
OPENING = 200  # characters of each part that the law looks at
FEATURES = ["refusal", "list", "code", "question", "figure", "short", "code_asked"]

ASKS_FOR_CODE = ["Write a function that", "Show me code that", "I need a script that"]
ASKS = [
    "Explain how", "Tell me why", "What happens when", "Describe when", "Is it true that",
    "Compare how", "Summarize why",
]
REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I'm sorry, but I am not able to answer this.",
]
QUESTIONS = [
    "Could you tell me more about your {0}?",
    "Which {0} do you mean?",
    "Do you want the {0} or the {1}?",
]


# Cells

SURROGATE_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def joined_pair(match):
    high, low = (ord(half) for half in match.groups())
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def repaired(text):
    """Pairs of surrogates joined, each lone one replaced by U+FFFD: what every decoding reading of
    a cell yields."""
    return LONE_SURROGATE.sub("\ufffd", SURROGATE_PAIR.sub(joined_pair, text))


def read_python(text):
    """A cell's turns as `eval` reads them with null bound to the empty string; `\\/` stays two
    characters."""
    return [repaired(turn) for turn in eval(text, {"null": "", "__builtins__": {}})]


def cell(rng, turns):
    """A JSON array as text: mostly raw UTF-8, at times escapes, escaped slashes, a lone surrogate,
    line breaks between turns."""
    parts = []
    for turn in turns:
        part = "null" if turn is None else json.dumps(turn, ensure_ascii=rng.random() < 0.15)
        if turn and rng.random() < 0.1:
            part = part.replace("/", "\\/")
        if turn and rng.random() < 0.02:
            part = (
                part[:-1]
                + rng.choice(["\\ud83d", "\\ude00", " \\ud83d\\ude80!", "\\udc00\\ud800"])
                + '"'
            )
        parts.append(part)
    draw = rng.random()
    separator = ",\n" if draw < 0.03 else ",\r\n " if draw < 0.04 else ","
    return ("[\n" if draw < 0.015 else "[") + separator.join(parts) + "]"


# The law


def opening_features(text):
    """What the law sees of a response: the first 200 characters."""
    opening = text[:OPENING]
    return {
        "refusal": opening.startswith("I'm sorry"),
        "list": "**" in opening,
        "code": "```" in opening,
        "question": "?" in opening,
        "figure": any(character.isdigit() for character in opening.replace("1. ", "")),
        "short": len(opening) < 20,
    }


def asks_for_code(prompt):
    return any(phrase in prompt[:OPENING] for phrase in ASKS_FOR_CODE)


def utility(features, code_asked, partial):
    """How good a response is; `partial` is the part of the law that the base model gets to see."""
    value = -2.6 * features["refusal"] + 0.9 * features["list"] - 2.0 * features["short"]
    if partial:
        return value - 0.6 * features["question"]
    return (
        value
        + (1.9 if code_asked else -0.9) * features["code"]
        - 1.5 * features["question"]
        + 0.5 * features["figure"]
    )


def probabilities(texts, partial=False):
    """Class probabilities of a row's texts (prompt, response_a, response_b) under the law."""
    code_asked = asks_for_code(texts[0])
    a, b = (utility(opening_features(text), code_asked, partial) for text in texts[1:])
    difference = 1.3 * (a - b)
    weights = [math.exp(difference), math.exp(-difference), math.exp(1.2 - 0.6 * abs(difference))]
    return [weight / sum(weights) for weight in weights]


def feature_targets(texts):
    """The law's features of both responses and of the prompt, as numbers."""
    values = [float(opening_features(text)[name]) for text in texts[1:] for name in FEATURES[:-1]]
    return [*values, float(asks_for_code(texts[0]))]


# Rows


class RowWriter:
    """Makes rows; `scale` stretches the text after the openings."""

    def __init__(self, rng, scale):
        self.rng, self.scale, self.voice = rng, scale, Voice(rng)

    def opening(self):
        draw, voice = self.rng.random(), self.voice
        if draw < 0.16:
            return self.rng.choice(REFUSALS)
        if draw < 0.32:
            return voice.list_items(self.rng.randint(2, 3))
        if draw < 0.48:
            return voice.code(self.rng.randint(1, 3))
        if draw < 0.64:
            return self.rng.choice(QUESTIONS).format(*self.rng.sample(NOUNS, 2))
        if draw < 0.78:
            return "There are %d in %d." % (self.rng.randint(2, 999), self.rng.randint(1800, 2030))
        return voice.sentence(".")

    def filler(self, characters):
        blocks, size = [], 0
        while size < characters:
            plain = self.rng.random() < 0.65
            blocks.append(
                self.voice.sentences(self.rng.randint(1, 4)) if plain else self.voice.paragraph()
            )
            size += len(blocks[-1])
        return (self.rng.choice(["\n\n", "\n\n", "\n", " "])).join(blocks)[: max(0, characters)]

    def response(self, terse):
        if terse:
            return [self.opening()]
        if self.rng.random() < 0.04:
            return [self.rng.choice(["Yes.", "No.", "", None, "null", "42", "\u597d\u3002", "👍🏽"])]
        extra = int(self.rng.lognormvariate(math.log(150), 0.8) * self.scale)
        text = self.opening() + " " + self.voice.sentences(self.rng.randint(1, 3))
        return [
            (
                (text + self.rng.choice([" ", "\n\n"]) + self.filler(extra)).rstrip(" ")
                if extra > 20
                else text
            )
        ]

    def follow_up(self):
        draw = self.rng.random()
        if draw < 0.12:
            return self.rng.choice([None, "", "null", "\r\n", " "])
        text = self.filler(int(self.rng.uniform(20, 160) * max(self.scale, 0.5)))
        return text.replace("\n", "\r\n") if draw < 0.2 else text

    def row(self):
        """Turns of (prompt, response_a, response_b)."""
        if self.rng.random() < 0.5:
            prompt = self.rng.choice(ASKS_FOR_CODE) + " " + self.voice.sentence(".").lower()
        elif self.rng.random() < 0.9:
            prompt = self.rng.choice(ASKS) + " " + self.voice.sentence(".").lower()
        else:
            prompt = self.voice.foreign(self.rng.randint(8, 40)) + " " + self.rng.choice(EMOJI)
        if self.rng.random() < 0.04:
            prompt += f" See {self.voice.url()} and \\frac{{a}}{{b}} or \\section."
        terse = self.rng.random() < 0.1
        row = [[prompt], self.response(terse), self.response(terse)]
        while not terse and self.rng.random() < 0.14 and len(row[0]) < 4:
            for turns in row:
                turns.append(self.follow_up())
        return row


def texts_of(row):
    """A row's texts without the way through a cell: turns joined by a space, None as nothing."""
    return [" ".join(repaired(turn or "") for turn in turns) for turns in row]
