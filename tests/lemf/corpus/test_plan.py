"""Tests of the plan of a run over a corpus."""

import hashlib
import json

import lemf
from lemf.corpus.manifest import Recording
from lemf.corpus.plan import make_plan


def test_checksum_of_the_files_is_that_of_their_json():
    # by which a run goes on that an earlier version left unfinished
    recordings = [
        Recording(f"{n:04d}é", f"a/{n}.wav", f'"{n}.TextGrid' if n % 3 else None, text_file="t")
        for n in range(2500)
    ]
    rows = [list(one[:5]) if one.textgrid else list(one) for one in recordings]
    expected = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    assert make_plan(recordings, lemf.Settings()).identity["list"] == expected


def test_texts_beside_textgrids_change_nothing():
    with_text = [Recording("a", "a.wav", "a.TextGrid", text_file="a.txt")]
    without = [Recording("a", "a.wav", "a.TextGrid")]
    first, second = (make_plan(one, lemf.Settings()).identity for one in (with_text, without))
    assert first == second
