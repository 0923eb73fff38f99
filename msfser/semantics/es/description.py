"""Extended Semantics: the six categories of table 1, the prompt for them, and their paragraph.

The prompt is the same for all utterances of a corpus. It holds the names of the emotions that the
corpus distinguishes, and nothing about any utterance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from lemf.runtime.json_text import JSON_DECODER
from lemf.runtime.output import UNPRINTABLE
from msfser.errors import SemanticsError
from msfser.semantics.work_file import Entry, key_of

GENDERS = ("male", "female", "unclear")
UNKNOWN = "Unknown"

# The names of the corpora's own categories, "other" and "no agreement" included.
_EMOTIONS: Mapping[str, tuple[str, ...]] = {
    "iemocap": (
        "Angry", "Happy", "Excited", "Sad", "Neutral", "Frustrated",
        "Fearful", "Surprised", "Disgusted", "Other", UNKNOWN,
    ),
    "msp-podcast": (
        "Angry", "Sad", "Happy", "Surprise", "Fear",
        "Disgust", "Contempt", "Neutral", "Other", UNKNOWN,
    ),
}  # fmt: skip

# Lengths that keep the paragraph within the 512 tokens of RoBERTa.
_LONGEST = {"free_emotion": 40, "explanation": 300, "scenario": 160}
_LONGEST_TRAIT = 40
_MOST_TRAITS = 6
_MOST_BRACES = 100  # at which the object of a reply may begin

# Where a text that is too long is cut: after a sentence, else after a clause if that is more than
# half of what fits, else after a word.
_CUTS = ((r"[.!?][\"')]*(?=\s+[^a-z\s])", 0), (r"[,;:](?=\s)", 0.5), (r"\S(?=\s)", 0))
_BETWEEN_TRAITS = re.compile(r"[,;\n]")

# What reasoning models write around their reasoning where the server leaves it in the reply.
_THOUGHT_STARTS = ("<think>", "<thinking>", "[THINK]", "\u25c1think\u25b7")
_THOUGHT_ENDS = ("</think>", "</thinking>", "[/THINK]", "\u25c1/think\u25b7")
_ESCAPE_SEQUENCE = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?)")


@dataclass(frozen=True, kw_only=True)
class Description:
    """The six categories of table 1 of the paper, for one utterance.

    Attributes
    ----------
    free_emotion : str
        In one or two words of the model's own.
    emotion : str
        The closest category of the corpus.
    explanation : str
        Why, in one sentence; may be empty.
    scenario : str
        The likely situation, as it follows "in"; may be empty.
    paralinguistics : tuple of str
        Such as ``"rising intonation"``; at least one.
    gender : {"male", "female", "unclear"}
    """

    free_emotion: str
    emotion: str
    explanation: str
    scenario: str
    paralinguistics: tuple[str, ...]
    gender: str


def emotions_of(corpus: str) -> tuple[str, ...]:
    """Return the emotion categories of a corpus; those of MSP-Podcast for other corpora."""
    return _EMOTIONS.get(corpus, _EMOTIONS["msp-podcast"])


def schema_of(emotions: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of a description, for servers that enforce one."""
    texts = {key: {"type": "string", "maxLength": longest} for key, longest in _LONGEST.items()}
    texts["free_emotion"]["minLength"] = 2
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [
            "free_emotion", "emotion", "explanation", "scenario", "paralinguistics", "gender",
        ],
        "properties": {
            "free_emotion": texts["free_emotion"],
            "emotion": {"enum": list(emotions)},
            "explanation": texts["explanation"],
            "scenario": texts["scenario"],
            "paralinguistics": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": _LONGEST_TRAIT},
                "minItems": 1,
                "maxItems": _MOST_TRAITS,
            },
            "gender": {"enum": list(GENDERS)},
        },
    }  # fmt: skip


def prompt_of(emotions: Sequence[str]) -> str:
    """Return the prompt that goes with every recording of a corpus."""
    return (
        "Listen to the speech. Judge from the voice and from the words. "
        "Reply with one JSON object and nothing else. Its keys are:\n"
        '"free_emotion": the emotion in one or two words of your own, '
        f"at most {_LONGEST['free_emotion']} characters;\n"
        f'"emotion": the closest of {", ".join(emotions)};\n'
        f'"explanation": one sentence of at most {_LONGEST["explanation"]} characters that says '
        "why;\n"
        '"scenario": the likely situation, in a few words that could follow "in", '
        f"at most {_LONGEST['scenario']} characters;\n"
        f'"paralinguistics": a list of 1 to {_MOST_TRAITS} short phrases of at most '
        f"{_LONGEST_TRAIT} characters each on pitch, pace, loudness, voice quality, pauses, breath "
        "or laughter;\n"
        f'"gender": of the voice, one of {", ".join(GENDERS)}.'
    )


def prompt_hash(emotions: Sequence[str]) -> str:
    """Return a hash that changes with the prompt or the schema."""
    return key_of("es", prompt_of(emotions), schema_of(emotions))


def read_reply(reply: str, emotions: Sequence[str]) -> Description:
    """Read the reply of a model: the first JSON object with a category, after any reasoning.

    Raises
    ------
    SemanticsError
        The reply is not JSON, names a key twice, or is no description; the message names the fault.
    """
    for mark in _THOUGHT_ENDS:
        reply = reply.rpartition(mark)[2]
    if reply.lstrip().startswith(_THOUGHT_STARTS):
        raise SemanticsError("the reply ends within the reasoning of the model")
    if "{" not in reply:
        said = tidy_text(reply)
        raise SemanticsError(f"the reply holds no JSON object{said and f': {said[:160]!r}'}")
    fault, first, stop = "", None, 0
    for start in (found.start() for found in islice(re.finditer("{", reply), _MOST_BRACES)):
        if start < stop:
            continue
        try:
            content, stop = JSON_DECODER.raw_decode(reply, start)
        except (ValueError, RecursionError) as error:
            fault = fault or str(error)
            continue
        if _LONGEST.keys() & content.keys():
            return check_description(content, emotions)
        first = first or content
    if fault:
        raise SemanticsError(f"the reply is no valid JSON ({fault})")
    return check_description(first, emotions)


def reply_entry(reply: str, emotions: Sequence[str]) -> Entry:
    """Return the entry of a reply: its paragraph, the six categories, and the unchanged reply.

    Raises
    ------
    SemanticsError
        As `read_reply`.
    """
    description = read_reply(reply, emotions)
    text = format_description(description)
    return {"status": "ok", "text": text, "fields": asdict(description), "reply": reply}


def check_description(content: object, emotions: Sequence[str]) -> Description:
    """Check the six categories against `schema_of`.

    White space and the case of the categories are corrected, control characters are removed, "a, b"
    is taken for a list, and what is too long is cut: texts at the end of a sentence, or of a clause
    or word where no sentence ends, lists after six phrases.

    Raises
    ------
    SemanticsError
        A key is missing or unknown, or a value is not one of those allowed.
    """
    if not isinstance(content, dict):
        raise SemanticsError(f"a JSON object is needed, not {_short(content)}")
    keys = list(schema_of(emotions)["properties"])
    for key in keys:
        if key not in content:
            raise SemanticsError(f"the key {key!r} is missing")
    for key in content:
        if key not in keys:
            raise SemanticsError(f"the key {_short(key)} is not one of {', '.join(keys)}")
    traits = content["paralinguistics"]
    if isinstance(traits, str):
        traits = [trait for trait in _BETWEEN_TRAITS.split(traits) if trait.strip()]
    if not isinstance(traits, list) or not traits:
        raise SemanticsError(
            f"'paralinguistics' must be a list of 1 to {_MOST_TRAITS} texts, not {_short(traits)}"
        )
    return Description(
        free_emotion=_text("free_emotion", content["free_emotion"], _LONGEST["free_emotion"], 2),
        emotion=_choice("emotion", content["emotion"], emotions),
        explanation=_text("explanation", content["explanation"], _LONGEST["explanation"]),
        scenario=_text("scenario", content["scenario"], _LONGEST["scenario"]),
        paralinguistics=tuple(
            _text("paralinguistics", trait, _LONGEST_TRAIT, 1) for trait in traits[:_MOST_TRAITS]
        ),
        gender=_choice("gender", content["gender"], GENDERS),
    )


def format_description(description: Description) -> str:
    """Format the six categories as one paragraph, as in the example of section 2.2."""
    speaker = {
        "male": "a male speaker",
        "female": "a female speaker",
        "unclear": "a speaker of unclear gender",
    }[description.gender]
    scenario = f", in {description.scenario.rstrip('.')}" if description.scenario else ""
    sentences = [
        f"This is {speaker}, expressing {description.free_emotion} "
        f"(categorized as {description.emotion}){scenario}."
    ]
    if description.explanation:
        end = "" if description.explanation[-1] in ".!?" else "."
        sentences.append(description.explanation + end)
    traits = description.paralinguistics
    listed = traits[0] if len(traits) == 1 else f"{', '.join(traits[:-1])} and {traits[-1]}"
    sentences.append(f"The speech is characterized by {listed.rstrip('.')}.")
    return " ".join(sentences)


def tidy_text(text: str) -> str:
    """Return a text with single blanks, and without characters that act on a terminal."""
    text = _ESCAPE_SEQUENCE.sub("", text)
    text = UNPRINTABLE.sub(lambda c: c[0] if c[0].isspace() else "", text)
    text = text.encode(errors="ignore").decode()  # without lone halves of UTF-16 pairs
    return " ".join(text.split())


def _cut(text: str, longest: int) -> str:
    """Return a text that is short enough; the whole text where no word of it ends in time."""
    if len(text) <= longest:
        return text
    window = text[: longest + 2]  # with the blank and the letter after the last end that fits
    for pattern, least in _CUTS:
        ends = [end.end() for end in re.finditer(pattern, window) if end.end() <= longest]
        if ends and ends[-1] > least * longest:
            return text[: ends[-1]].rstrip(",;: ")
    return text


def _text(key: str, value: object, longest: int, shortest: int = 0) -> str:
    if not isinstance(value, str):
        raise SemanticsError(f"{key!r} must be a text, not {_short(value)}")
    text = _cut(tidy_text(value), longest)
    if not shortest <= len(text) <= longest:
        raise SemanticsError(
            f"{key!r} must have {shortest} to {longest} characters, not {len(text)}"
        )
    return text


def _choice(key: str, value: object, choices: Sequence[str]) -> str:
    if isinstance(value, str):
        for choice in choices:
            if choice.casefold() == value.strip().casefold():
                return choice
    raise SemanticsError(f"{key!r} must be one of {', '.join(choices)}, not {_short(value)}")


def _short(value: object) -> str:
    try:
        text = repr(value)
    except RecursionError:
        return f"a deeply nested {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."
