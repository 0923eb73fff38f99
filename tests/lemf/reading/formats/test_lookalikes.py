"""One file of each tool, in its field order and with its quirks, of the words of one recording."""

from pathlib import Path

import pytest

import lemf
from lemf.reading.alignment_files import parse_textgrid, read_textgrid
from lemf.reading.silence_labels import is_silence

ROOT = Path(__file__).parents[4]
FOLDER = Path(__file__).with_name("lookalikes")
AUDIO = ROOT / "examples" / "really.wav"
TRUTH = read_textgrid(ROOT / "examples" / "really.TextGrid")
FRAME_S = 0.01  # by which the tools round
PHONES = {"htk.lab", "htk_states.lab", "hts.lab", "gentle.json", "maus.par", "mfa.csv", "mfa.json"}
PHONES |= {"praatio.json", "sphinx.phseg", "sphinx.wdseg", "timit.PHN", "timit.WRD", "elan.eaf"}
PHONES |= {"emu_annot.json"}


def spoken(textgrid, name):
    usual = {"words": ("words", "word"), "phones": ("phones", "phoneme")}[name]
    (tier,) = [tier for tier in textgrid.tiers if tier.name.casefold() in usual]
    labels = [one for one in tier.intervals if one.label and not is_silence(one.label)]
    return [(one.label.casefold().strip("."), one.start_s, one.end_s) for one in labels]


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_each_tool_has_the_words_and_phones_of_the_textgrid(path):
    textgrid = read_textgrid(path, audio=AUDIO)
    levels = ["words"] if path.name != "hts.lab" else []
    for level in levels + ["phones"] * (path.name in PHONES):
        found, right = spoken(textgrid, level), spoken(TRUTH, level)
        names = [name.rstrip("012") for name, _, _ in right]
        assert [name.rstrip("012") for name, _, _ in found] == names
        for (_, *times), (_, *true_times) in zip(found, right, strict=True):
            assert times == pytest.approx(true_times, abs=FRAME_S)
    assert textgrid.notes == ()
    for tier in textgrid.tiers:  # as Praat has it, without gaps
        ends = [0.0, *(one.end_s for one in tier.intervals)]
        assert [one.start_s for one in tier.intervals] == ends[:-1]
        assert ends[-1] == textgrid.end_s == pytest.approx(2.1265, abs=FRAME_S)


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_files_are_told_apart_by_their_content(path):
    if path.name in ("timit.PHN", "sphinx.phseg"):
        pytest.skip("half of a pair")
    content = path.read_bytes()
    textgrid = parse_textgrid(content, "x.TextGrid", audio=AUDIO)
    by_name = {tier.name: tier for tier in read_textgrid(path, audio=AUDIO).tiers}
    assert all(by_name[tier.name] == tier for tier in textgrid.tiers)
    wide = content.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert parse_textgrid(wide, audio=AUDIO) == textgrid


@pytest.mark.parametrize("name", ["whisperx.json", "kaldi.ctm", "timit.WRD", "elan.eaf"])
def test_scores_are_nearly_those_of_the_textgrid(name):
    settings = lemf.Settings(duration="word")
    scores = [
        [word.score for word in lemf.score(AUDIO, textgrid, settings).words]
        for textgrid in (ROOT / "examples" / "really.TextGrid", FOLDER / name)
    ]
    assert scores[1] == pytest.approx(scores[0], abs=0.15)


def test_confidences_have_a_tier_of_their_own():
    whisperx = read_textgrid(FOLDER / "whisperx.json")
    assert [tier.name for tier in whisperx.tiers] == ["words", "recognition confidence"]
    labels = [one.label for one in whisperx.tiers[1].intervals if one.label]
    assert labels == ["0.94", "0.981", "0.877", "0.999", "0.763"]
    assert [tier.name for tier in read_textgrid(FOLDER / "nemo.ctm").tiers] == ["words"]


def test_a_recogniser_that_is_unsure_of_a_word_makes_no_place_doubtful():
    content = (FOLDER / "whisperx.json").read_bytes().replace(b"0.981", b"0.181")
    emphasis = lemf.score(AUDIO, content, lemf.Settings(duration="word"))
    assert "doubtful_alignment" not in emphasis.words[1].flags


def test_words_without_phones_are_scored_by_their_length_only_without_the_aligner(monkeypatch):
    monkeypatch.setattr("lemf.aligner.espeak_client.EspeakProcess.__init__", _is_missing)
    with pytest.raises(lemf.TextGridError, match=r"no phone tier .* use --duration word$"):
        lemf.score(AUDIO, FOLDER / "whisperx.json")
    emphasis = lemf.score(AUDIO, FOLDER / "gentle.json")
    assert emphasis.segment.text == "I really didn't"


def _is_missing(*_):
    raise lemf.MissingPackageError("pip install 'lemf[align]'")


@pytest.mark.parametrize("name", ["praatio.json", "mfa.json", "gentle.json", "sphinx.wdseg"])
def test_praatio_reads_what_was_read(tmp_path, name):
    from praatio import textgrid as praatio

    textgrid = read_textgrid(FOLDER / name, audio=AUDIO)
    lemf.write_textgrid(textgrid, tmp_path / "a.TextGrid")
    opened = praatio.openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=True)
    for tier in textgrid.tiers:
        entries = [tuple(entry) for entry in opened.getTier(tier.name).entries]
        assert entries == [(one.start_s, one.end_s, one.label) for one in tier.intervals]


def test_praatio_reads_the_same_from_its_own_json():
    from praatio import textgrid as praatio

    opened = praatio.openTextgrid(str(FOLDER / "praatio.json"), includeEmptyIntervals=True)
    ours = read_textgrid(FOLDER / "praatio.json")
    for tier in ours.tiers:
        entries = [tuple(entry) for entry in opened.getTier(tier.name).entries]
        assert entries == [(one.start_s, one.end_s, one.label) for one in tier.intervals]
