import json
from dataclasses import asdict, replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msfser.errors import SemanticsError
from msfser.semantics.es.description import (
    Description,
    check_description,
    emotions_of,
    format_description,
    prompt_hash,
    prompt_of,
    read_reply,
    schema_of,
)

EMOTIONS = emotions_of("msp-podcast")
GOOD = {
    "free_emotion": "frustrated",
    "emotion": "Angry",
    "explanation": "The speaker feels that nobody listens.",
    "scenario": "an argument in a public place",
    "paralinguistics": ["rising intonation", "assertive tone", "a sense of urgency"],
    "gender": "male",
}


def test_the_paragraph_follows_the_papers_example():
    assert format_description(check_description(GOOD, EMOTIONS)) == (
        "This is a male speaker, expressing frustrated (categorized as Angry), in an argument in a "
        "public place. The speaker feels that nobody listens. The speech is characterized by "
        "rising intonation, assertive tone and a sense of urgency."
    )
    bare = GOOD | {
        "gender": "unclear",
        "scenario": "",
        "explanation": "",
        "paralinguistics": ["x."],
    }
    assert format_description(check_description(bare, EMOTIONS)) == (
        "This is a speaker of unclear gender, expressing frustrated (categorized as Angry). "
        "The speech is characterized by x."
    )


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps(GOOD),
        f"Sure! Here it is:\n```json\n{json.dumps(GOOD, indent=2)}\n```\nAnything else?",
        json.dumps(GOOD | {"emotion": " angry ", "gender": "Male"}),
        f"{json.dumps(GOOD)} I left out {{none}} of them.",
        f"As {{asked}} for: {json.dumps(GOOD)}\n{{}}",
    ],
)
def test_prose_around_the_json_and_the_case_of_a_category_do_not_matter(reply):
    assert read_reply(reply, EMOTIONS) == check_description(GOOD, EMOTIONS)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("<html>502 Bad Gateway</html>", "the reply holds no JSON object"),
        (json.dumps(GOOD)[:-20], "the reply is no valid JSON"),
        ('{"emotion": "Angry",}', "the reply is no valid JSON"),
        (json.dumps(GOOD)[:-1] + ', "gender": "male"}', "two keys are named 'gender'"),
        ("{}", "the key 'free_emotion' is missing"),
        ("{" * 100_000, "the reply is no valid JSON"),
        ("} {", "the reply is no valid JSON"),
        (json.dumps(GOOD | {"emotion": "Bored"}), "'emotion' must be one of Angry, .*'Bored'"),
        (json.dumps(GOOD | {"gender": 1}), "'gender' must be one of male, female, unclear, not 1"),
        (json.dumps(GOOD | {"mood": 1}), "the key 'mood' is not one of"),
        (json.dumps(GOOD | {"paralinguistics": " , "}), "must be a list of 1 to 6 texts"),
        (json.dumps(GOOD | {"paralinguistics": {"a": 1}}), "must be a list of 1 to 6 texts"),
        (f"<think>First: {json.dumps(GOOD)}, or", "the reply ends within the reasoning"),
        ('{"gender": ' + "[" * 900 + "]" * 900 + "}", "is missing"),
        (json.dumps(GOOD)[:-1] + ', "x": ' + "[" * 900 + "]" * 900 + "}", "'x' is not one of"),
        (json.dumps(GOOD | {"paralinguistics": []}), "must be a list of 1 to 6 texts"),
        (json.dumps(GOOD | {"paralinguistics": [None]}), "'paralinguistics' must be a text"),
        (json.dumps(GOOD | {"free_emotion": " "}), "'free_emotion' must have 2 to 40 characters"),
        (json.dumps(GOOD | {"explanation": "a" * 301}), "must have 0 to 300 characters, not 301"),
    ],
)
def test_what_is_wrong_with_a_reply_is_said(reply, message):
    with pytest.raises(SemanticsError, match=message):
        read_reply(reply, EMOTIONS)


@given(st.text())
def test_any_reply_is_read_or_refused(reply):
    with pytest.raises(SemanticsError):
        read_reply(reply, EMOTIONS)


VALUES = st.one_of(
    st.none(), st.integers(), st.text(max_size=350), st.sampled_from([*EMOTIONS, "male"]),
    st.lists(st.one_of(st.text(max_size=50), st.none()), max_size=8),
)  # fmt: skip


@given(st.sampled_from([*GOOD, "other"]), VALUES)
def test_the_check_refuses_what_the_schema_refuses(key, value):
    """An independent validator; the check mends white space and case first, so is no stricter."""
    content = GOOD | {key: value}
    if jsonschema.Draft202012Validator(schema_of(EMOTIONS)).is_valid(content):
        texts = value if isinstance(value, list) else [value]
        if all(text == " ".join(text.split()) for text in texts):
            check_description(content, EMOTIONS)
        return
    try:
        description = check_description(content, EMOTIONS)
    except SemanticsError:
        return
    mended = asdict(description) | {"paralinguistics": list(description.paralinguistics)}
    jsonschema.validate(mended, schema_of(EMOTIONS))


def test_the_longest_paragraph_fits_the_encoder():
    """1 token holds 3 characters or more of such English; RoBERTa takes 512 tokens."""
    longest = Description(
        free_emotion="a" * 40, emotion="Frustrated", explanation="a" * 300, scenario="a" * 160,
        paralinguistics=("a" * 40,) * 6, gender="unclear",
    )  # fmt: skip
    assert len(format_description(longest)) < 512 * 3
    assert format_description(replace(longest, explanation="Why?")).count("Why? The") == 1


def test_each_corpus_has_its_own_categories_and_the_prompt_names_them():
    assert "Frustrated" in emotions_of("iemocap")
    assert "Contempt" in emotions_of("own")
    for emotions in (emotions_of("iemocap"), EMOTIONS):
        assert all(emotion in prompt_of(emotions) for emotion in emotions)
        assert all(f'"{key}"' in prompt_of(emotions) for key in GOOD)
    assert prompt_hash(EMOTIONS) != prompt_hash(emotions_of("iemocap"))


SENTENCE = "The voice is tense and rather loud, as if nobody had listened to it for a long while. "


def explain(explanation):
    return check_description(GOOD | {"explanation": explanation}, EMOTIONS).explanation


def test_what_is_too_long_is_cut_at_the_end_of_a_sentence_else_of_a_clause_or_word():
    long = SENTENCE * 3 + "It also trembles at the end of each of the words, which could mean fear."
    assert len(long) == 330
    assert explain(long) == (SENTENCE * 3).strip()
    clauses = SENTENCE.replace(",", "").replace(". ", ", ")
    assert explain(clauses * 4) == (clauses * 3)[:-2]
    assert explain("word " * 100) == ("word " * 60).strip()
    assert explain("abbreviated, i.e. " + "word " * 100).endswith(" word")
    exact = "a" * 149 + ". " + "b" * 149
    assert explain(exact) == exact
    traits = [f"phrase {i} " + "that is far too long to be taken whole" for i in range(9)]
    description = check_description(GOOD | {"paralinguistics": traits}, EMOTIONS)
    assert description.paralinguistics[:1] == ("phrase 0 that is far too long to be",)
    assert len(description.paralinguistics) == 6


@given(st.text(alphabet="ab.,! ", min_size=1, max_size=700))
def test_a_cut_text_is_the_start_of_the_text_and_fits(text):
    whole = " ".join(text.split())
    try:
        cut = explain(text)
    except SemanticsError:
        assert max(map(len, whole.split())) > 200  # one word of it is longer than allowed
        return
    assert len(cut) <= 300
    assert whole.startswith(cut)
    assert cut == whole or len(whole) > 300


@pytest.mark.parametrize(
    "traits",
    ["rising pitch, loud", "rising pitch; loud", "rising pitch\nloud\n", "rising pitch,loud,"],
)
def test_traits_may_be_one_text(traits):
    description = check_description(GOOD | {"paralinguistics": traits}, EMOTIONS)
    assert description.paralinguistics == ("rising pitch", "loud")


def test_the_prompt_says_the_limits_that_the_schema_enforces():
    prompt, content = prompt_of(EMOTIONS), schema_of(EMOTIONS)["properties"]
    for key in ("free_emotion", "explanation", "scenario"):
        line = next(line for line in prompt.splitlines() if line.startswith(f'"{key}"'))
        assert f"at most {content[key]['maxLength']} characters" in line
    traits = content["paralinguistics"]
    assert f"a list of 1 to {traits['maxItems']} short phrases of at most" in prompt
    assert f"at most {traits['items']['maxLength']} characters each" in prompt


@pytest.mark.parametrize(
    "reasoning",
    [
        "<think>\nLoud {so angry}, or {not}.\n</think>\n\n",
        "Loud {so angry}.\n</think>\n",  # the template of the model wrote the first mark
        "<think></think>", "[THINK]{loud}[/THINK]", "\u25c1think\u25b7{loud}\u25c1/think\u25b7",
    ],
)  # fmt: skip
def test_reasoning_is_skipped(reasoning):
    assert read_reply(reasoning + json.dumps(GOOD), EMOTIONS) == check_description(GOOD, EMOTIONS)


def test_what_acts_on_a_terminal_does_not_reach_a_text():
    hostile = "\x1b[31mred\x1b[0m \x1b]0;title\x07flag\x00 up\u202e\x9b2J \b end"
    description = check_description(GOOD | {"explanation": hostile, "scenario": hostile}, EMOTIONS)
    assert description.explanation == description.scenario == "red flag up2J end"
    assert format_description(description).isprintable()
