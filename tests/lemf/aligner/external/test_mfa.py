"""The command of MFA is called as its manual says, and what it writes is read."""

import os
import stat
from dataclasses import replace

import pytest

from lemf.aligner.external.mfa import align_with_mfa
from lemf.errors import AlignerError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a shell script stands in for mfa")
# Checks its arguments as `mfa align_one` does, and writes the TextGrid of MFA 3
STAND_IN = r"""#!/usr/bin/env python3
import re, sys, wave
assert sys.argv[1] == "align_one", sys.argv
paths = [a for a in sys.argv[2:] if not a.startswith("-") and a != "long_textgrid"]
sound, text, dictionary, model, output = paths
if dictionary != "english_us_arpa" or model != "english_us_arpa":
    sys.exit(f"Could not find a model named {model}")
words = re.findall(r"[\w']+", open(text, encoding="utf-8").read().lower())
with wave.open(sound) as file:
    assert file.getsampwidth() == 2 and file.getnchannels() == 1
    end = file.getnframes() / file.getframerate()
edges = [0.2 + (end - 0.4) * i / len(words) for i in range(len(words) + 1)]
rows = [(0, 0.2, "")] + list(zip(edges, edges[1:], words)) + [(edges[-1], end, "")]
phones = []
for start, stop, word in rows:
    half = (start + stop) / 2
    phones += [(start, half, "AH0"), (half, stop, "T")] if word else [(start, stop, "")]
with open(output, "w", encoding="utf-8") as file:
    file.write('File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\n')
    file.write(f"xmax = {end}\ntiers? <exists>\nsize = 2\nitem []:\n")
    for number, (name, tier) in enumerate([("words", rows), ("phones", phones)], 1):
        file.write(f'item [{number}]:\nclass = "IntervalTier"\nname = "{name}"\nxmin = 0\n')
        file.write(f"xmax = {end}\nintervals: size = {len(tier)}\n")
        for place, (start, stop, label) in enumerate(tier, 1):
            file.write(f'intervals [{place}]:\nxmin = {start}\nxmax = {stop}\ntext = "{label}"\n')
"""


@pytest.fixture
def mfa(tmp_path, monkeypatch):
    path = tmp_path / "mfa"
    path.write_text(STAND_IN, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def test_words_and_phones_are_read(sentence, mfa):
    aligned = align_with_mfa(sentence.recording, sentence.words, sentence.language)
    assert [word.text for word in aligned.words] == [word.text for word in sentence.words]
    first, *_, last = aligned.words
    assert first.start_s == pytest.approx(0.2)
    assert last.end_s == pytest.approx(sentence.recording.duration_s - 0.2, abs=1e-4)
    assert [phone.name for phone in first.phones] == ["AH0", "T"]


def test_words_that_mfa_parts_otherwise_keep_its_labels(sentence, mfa):
    words = [replace(sentence.words[0], spoken="He, who"), *sentence.words[1:]]
    aligned = align_with_mfa(sentence.recording, words, sentence.language)
    assert [word.text for word in aligned.words][:3] == ["he", "who", "lives"]


def test_a_model_that_is_not_there_is_one_line(sentence, mfa):
    with pytest.raises(AlignerError, match=r"exit code 1\): Could not find a model named klingon"):
        align_with_mfa(
            sentence.recording, sentence.words, sentence.language, acoustic_model="klingon"
        )


def test_a_missing_command_is_one_line(sentence, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AlignerError, match="mfa is not on the PATH; install"):
        align_with_mfa(sentence.recording, sentence.words, sentence.language)
