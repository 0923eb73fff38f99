"""Rows of public corpora with labelled words -> rows as `read_labels` takes them.

Each layout was looked up where its function says. A TextGrid of words is in none of the corpora:
it is ``textgrid/ID.TextGrid`` here, unless a column ``textgrid`` names it. Where a column ``audio``
is no path, the recording is ``wav/ID.wav``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from lemf.errors import CorpusError, shown
from lemf.reading.rows import Row

EXPRESSO_FILE = "read_transcriptions.txt"
# What is read of a .parquet, in which ``audio`` holds the recordings themselves
PARQUET_COLUMNS = (
    "id", "interpretation_id", "transcription", "emphasis_indices", "stress_pattern", "metadata",
)  # fmt: skip
_TEXTS = ("id", "speaker", "text", "emotion")
_FAULT = "fault"  # key of a row that cannot be used, in place of its labels


def convert_row(place: str, row: Row) -> Row:
    """Return the row of a known layout as one of labels, and any other row as it is.

    Parameters
    ----------
    place : str
        Of the row, for messages.
    row : dict of str to object

    Returns
    -------
    dict of str to object
        With a key ``fault`` in place of labels that contradict themselves.

    Raises
    ------
    CorpusError
        A value of the layout is of a wrong type.
    """
    for columns, convert in _LAYOUTS.items():
        if all(column in row for column in columns):
            return convert(place, row)
    return row


def _emodb(place: str, row: Row) -> Row:
    """Convert a row of ``metadata.jsonl`` of the EmoDB with stress of syllables."""
    if "audio" in row:
        return row
    words = row.get("words")
    if not (isinstance(words, list) and words and all(isinstance(word, dict) for word in words)):
        raise CorpusError(
            f"{place}: 'file' without 'words' that have a 'stress_max' each; name 'audio'"
        )
    name = row.get("id", PurePosixPath(str(row["file"])).stem)
    return {
        **{key: row[key] for key in _TEXTS if key in row},
        "id": name,
        "audio": row["file"],
        "textgrid": f"textgrid/{name}.TextGrid",
        "words": [word.get("word") for word in words],
        "ratings": [word.get("stress_max") for word in words],
    }


def _tinystress(place: str, row: Row) -> Row:
    """Convert a row of TinyStress-15K: indices of words of a text cut at blanks.

    Its columns: corpora.py of github.com/teinhonglo/WhiStress at commit 99fb5733.
    """
    name, text = _name(place, row, "id"), _text(place, row, "transcription")
    indices = _indices(place, "emphasis_indices", row["emphasis_indices"])
    return _of_words(row, name, text.split(), indices, text=text)


def _stresstest(place: str, row: Row) -> Row:
    """Convert a row of StressTest; its ``stress_pattern`` says the same three times.

    Its columns: evaluation_example.py and corpora.py of github.com/teinhonglo/WhiStress at commits
    bb8921f5 and 99fb5733; evaluator_stress_detection.py of github.com/slp-rl/StressTest.
    """
    name, text = _name(place, row, "interpretation_id"), _text(place, row, "transcription")
    pattern, metadata = row["stress_pattern"], row.get("metadata")
    if not isinstance(pattern, dict):
        raise CorpusError(f"{place}: stress_pattern {shown(pattern)}; it has binary and indices")
    indices = _indices(place, "stress_pattern.indices", pattern.get("indices"))
    marks = _indices(place, "stress_pattern.binary", pattern.get("binary"))
    words = text.split()
    known = metadata if isinstance(metadata, dict) else {}
    speaker = known.get("speaker_id") or known.get("voice_name")
    converted = _of_words(row, name, words, indices, text=text, speaker=speaker)
    if list(marks) != [int(i in indices) for i in range(len(words))]:
        converted = {**converted, _FAULT: "stress_pattern: binary and indices differ"}
    return converted


def _emphassess(place: str, row: Row) -> Row:
    """Convert a row of EmphAssess' ``gold_df.json``: indices of tokens, of which some are signs.

    Its columns: README.md and test/test_data/df_test.json of github.com/facebookresearch/emphassess
    at commit 29ba1fa9. The recordings lie beside it: corpora.py of github.com/teinhonglo/WhiStress.
    """
    name, tokens = _name(place, row, "id"), row["src_sentence"]
    if not (isinstance(tokens, list) and all(isinstance(token, str) for token in tokens)):
        raise CorpusError(f"{place}: src_sentence {shown(tokens)}; it is a list of words")
    indices = _indices(place, "gold_emphasis", row["gold_emphasis"])
    text = " ".join(tokens)
    named = {**row, "audio": row.get("audio", f"{name}.wav")}
    return _of_words(named, name, tokens, indices, text=text, speaker=row.get("voice"))


def expresso_rows(text: str, path: str) -> list[tuple[str, Row]]:
    """Read the lines of Expresso's ``read_transcriptions.txt`` in which words are marked.

    A line is an id, a tab and a text, whose emphasised words stand between asterisks. A line
    without any does not say that no word is emphasised, and is left out.

    Its folders: examples/expresso/dataset/README.md of github.com/facebookresearch/textlesslib at
    commit 0473f72b. The marks: corpora.py of github.com/teinhonglo/WhiStress at commit 99fb5733.

    Parameters
    ----------
    text : str
    path : str
        Of the file, for messages.

    Returns
    -------
    list of (str, dict)
        Place and row, as of `read_rows`.

    Raises
    ------
    CorpusError
        A line without a tab.
    """
    rows: list[tuple[str, Row]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        place = f"{path}: line {number}"
        name, tab, marked = line.partition("\t")
        if not tab:
            raise CorpusError(f"{place}: no tab; a line is an id, a tab and a text")
        if "*" in marked:
            rows.append((place, _expresso(name.strip(), marked)))
    return rows


def _expresso(name: str, marked: str) -> Row:
    words: list[str] = []
    indices: list[int] = []
    inside = False
    for token in marked.split():
        parts = token.split("*")
        is_marked = any(part and inside == (i % 2 == 0) for i, part in enumerate(parts))
        inside ^= len(parts) % 2 == 0
        if word := "".join(parts):
            indices += [len(words)] if is_marked else []
            words.append(word)
    speaker, _, rest = name.partition("_")
    style = rest.partition("_")[0]
    kind = "longform" if "_longform_" in name else "base"
    row: Row = {"audio": f"audio_48khz/read/{speaker}/{style}/{kind}/{name}.wav"}
    text = marked.replace("*", "")
    converted = _of_words(row, name, words, indices, text=text, speaker=speaker, emotion=style)
    return {**converted, _FAULT: "an asterisk without its pair"} if inside else converted


_LAYOUTS: Mapping[tuple[str, ...], Callable[[str, Row], Row]] = {
    ("file",): _emodb,
    ("transcription", "emphasis_indices"): _tinystress,
    ("transcription", "stress_pattern"): _stresstest,
    ("src_sentence", "gold_emphasis"): _emphassess,
}


def _of_words(
    row: Row,
    name: str,
    tokens: Sequence[str],
    indices: Sequence[int],
    *,
    text: str,
    speaker: object = None,
    emotion: object = None,
) -> Row:
    """Return a row of labels; tokens without letters and digits are no words and not counted."""
    number_of: dict[int, int] = {}
    words: list[str] = []
    for i, token in enumerate(tokens):
        if re.search(r"[^\W_]", token):
            number_of[i] = len(words)
            words.append(token)
    audio, textgrid = row.get("audio"), row.get("textgrid")
    converted: Row = {
        "id": name,
        "audio": audio if isinstance(audio, str) else f"wav/{name}.wav",
        "textgrid": textgrid if isinstance(textgrid, str) else f"textgrid/{name}.TextGrid",
        "words": words,
        "text": text,
        "emphasised": [number_of[i] for i in indices if i in number_of],
    }
    converted |= {
        key: value
        for key, value in (("speaker", speaker), ("emotion", emotion))
        if isinstance(value, str)
    }
    if lost := [i for i in indices if i not in number_of]:
        what = "a sign" if lost[0] < len(tokens) else "no word"
        converted[_FAULT] = f"emphasised is {lost[0]}, which is {what} of {len(tokens)} tokens"
    return converted


def _name(place: str, row: Row, key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise CorpusError(f"{place}: no {key}; it names the recording")
    return str(value)


def _text(place: str, row: Row, key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise CorpusError(f"{place}: {key} {shown(value)} is no text")
    return value


def _indices(place: str, what: str, value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(
        isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in value
    ):
        raise CorpusError(f"{place}: {what} {shown(value)}; it is a list of numbers from 0")
    return tuple(value)
