"""Words beyond whose edges sound goes on: by hand, by another method, and in every output."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.reading.alignment import Word
from lemf.scoring.edges import edge_flags, sound_beyond

FRAMES_S = 0.005 * np.arange(201)
LISTENERS = lemf.Settings(cues="listeners")


def words_at(*spans):
    return [Word(f"w{number}", *span) for number, span in enumerate(spans)]


def heard_in(*spans):
    return np.any([(a - 1e-9 <= FRAMES_S) & (b - 1e-9 > FRAMES_S) for a, b in spans], axis=0)


def flags(words, *spans, settings=LISTENERS):
    return edge_flags(words, FRAMES_S, FRAMES_S[heard_in(*spans)], settings)


def test_sound_beyond_edges_by_hand():
    words = words_at((0.2, 0.4), (0.5, 0.6), (0.6, 0.7))
    heard = heard_in((0.1, 0.43), (0.44, 0.75))
    np.testing.assert_allclose(
        sound_beyond(words, FRAMES_S, heard), [[0.1, 0.03], [0.06, 0.0], [0.0, 0.05]], atol=1e-9
    )
    assert not sound_beyond(words, FRAMES_S, heard_in((0.2, 0.4), (0.5, 0.7))).any()
    assert not sound_beyond(words, FRAMES_S, np.zeros(201, bool)).any()
    whole = sound_beyond(words, FRAMES_S, np.ones(201, bool))  # to the ends of the recording
    np.testing.assert_allclose(whole, [[0.2, 0.1], [0.1, 0.0], [0.0, 0.305]], atol=1e-9)
    assert sound_beyond(words_at((0.0, 1.0)), FRAMES_S[:0], np.zeros(0, bool)).tolist() == [[0, 0]]


@pytest.mark.parametrize("seed", range(20))
def test_sound_beyond_edges_frame_by_frame(seed):
    rng = np.random.default_rng(seed)
    edges_s = 0.005 * np.sort(rng.choice(200, 12, replace=False))
    words = words_at(*edges_s.reshape(-1, 2))
    heard = rng.random(201) < 0.8
    free = ~heard_in(*((word.start_s, word.end_s) for word in words))
    expected = []
    for word in words:
        first, stop = round(word.start_s / 0.005), round(word.end_s / 0.005)
        counts = []
        for frames in (range(first - 1, -1, -1), range(stop, 201)):
            n = 0
            for frame in frames:
                if not (free[frame] and heard[frame]):
                    break
                n += 1
            counts.append(0.005 * n)
        expected.append(counts)
    np.testing.assert_allclose(sound_beyond(words, FRAMES_S, heard), expected, atol=1e-9)


def test_thirty_to_two_hundred_and_fifty_milliseconds_are_flagged():
    words = [words_at((0.3, 0.5))]
    for extra_s, flagged in ((0.025, False), (0.03, True), (0.25, True), (0.255, False)):
        assert flags(words, (0.3, 0.5 + extra_s)) == [[("sound_beyond",) if flagged else ()]]
        assert flags(words, (0.3 - extra_s, 0.5)) == [[("sound_beyond",) if flagged else ()]]
    assert flags(words, (0.3, 0.5), (0.51, 0.6)) == [[()]]  # a pause lies between


def test_nothing_is_told_where_there_is_no_silence():
    words = [words_at((0.1, 0.5), (0.53, 1.005))]
    found = ("sound_beyond",)
    assert flags(words, (0.1, 1.005)) == [[found, found]]
    assert flags(words, (0.04, 1.005)) == [[(), ()]]  # 0.04 s are less than 5 %
    assert flags(words) == [[(), ()]]
    assert edge_flags(words, FRAMES_S[:0], FRAMES_S[:0], LISTENERS) == [[(), ()]]


def test_what_may_be_the_sound_of_others_is_not_judged():
    words = [words_at((0.2, 0.3), (0.4, 0.5)), words_at((0.7, 0.8))]
    spans = [(0.15, 0.55), (0.65, 0.85)]
    found = ("sound_beyond",)
    assert flags(words, *spans) == [[found, found], [found]]
    of_tier = replace(LISTENERS, sentences="turns")
    assert flags(words, *spans, settings=of_tier) == [[found, found], [()]]  # the gap inside
    assert flags(words, (0.15, 0.3), *spans[1:], settings=of_tier) == [[(), ()], [()]]
    for settings in (lemf.Settings(), replace(LISTENERS, speaker="A")):
        assert flags(words, *spans, settings=settings) == [[(), ()], [()]]


@pytest.fixture
def cut_short(tmp_path, make_utterance, make_grid):
    """Four tones; the words of a grid end 60 ms before the second and the third of them do."""
    made = make_utterance((120.0, 160.0, 110.0, 130.0), (0.5, 1.0, 0.4, 0.5), (0.2, 0.3, 0.2, 0.2))
    words = [(i.label, i.start_s, i.end_s) for i in made.grid.tiers[0].intervals if i.label]
    short = [(w, a, b - 0.06) if w in ("two", "three") else (w, a, b) for w, a, b in words]
    grid = make_grid(short, len(made.samples) / made.rate_hz)
    path = tmp_path / "short.TextGrid"
    lemf.write_textgrid(grid, path)
    return made, path


def test_a_sentence_of_words_that_are_cut_short_is_uncertain(cut_short):
    made, grid = cut_short
    emphasis = lemf.score(made.wav, grid, LISTENERS)
    flagged = ["sound_beyond" in word.flags for word in emphasis.words]
    assert flagged == [False, True, True, False]
    assert emphasis.words[1].doubts == "sound_beyond"
    assert emphasis.sentences[0].flags == ("uncertain_alignment",)
    uncertain, beyond = emphasis.notes
    assert uncertain.startswith("the sentence is too uncertain to judge (uncertain_alignment): ")
    assert "(sound_beyond): 2 of 4, such as two (0.40-0.64 s)" in beyond
    figure, *_, lowest = lemf.draw(emphasis)
    assert figure.get_title("left").endswith(" (emphasised: none; uncertain_alignment)")
    assert lowest.get_xlabel() == "time (s); doubtful: two (sound_beyond)"
    exact = lemf.score(made.wav, made.textgrid, LISTENERS)
    assert not any(word.flags for word in exact.words)
    assert (exact.sentences[0].flags, exact.notes) == ((), ())
    # the paper's cues say nothing of it; one word in four is not a third
    paper = lemf.score(made.wav, grid)
    assert not any(word.flags for word in paper.words)
    assert (paper.sentences[0].flags, paper.notes) == ((), ())


def test_the_batch_and_the_evaluation_count_uncertain_sentences(tmp_path, cut_short):
    made, grid = cut_short
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, textgrid in (("a", made.textgrid), ("b", grid), ("c", grid)):
        soundfile.write(folder / f"{name}.wav", made.samples, made.rate_hz, subtype="DOUBLE")
        (folder / f"{name}.TextGrid").write_bytes(Path(textgrid).read_bytes())

    def run(*arguments):
        result = CliRunner().invoke(main, [str(one) for one in arguments])
        assert result.exit_code == 0, result.output
        return result.output

    table = tmp_path / "listeners.parquet"
    features = tmp_path / "features.parquet"
    options = ("--cues", "listeners")
    for said in (
        run("batch", folder, "-o", table, *options, "--jobs", 1, "--features", features),
        run("rescore", features, "-o", tmp_path / "again.parquet", *options),
    ):
        assert "sentences too uncertain to judge (uncertain_alignment): 2\n" in said
    assert (tmp_path / "again.parquet").read_bytes() == table.read_bytes()
    done = lemf.score_corpus(folder, table, LISTENERS, features=features)  # complete
    assert done.summary.uncertain == 2
    said = run("batch", folder, "-o", tmp_path / "paper.parquet", "--jobs", 1)
    assert "uncertain" not in said + (tmp_path / "paper.run.json").read_text()

    labels = folder / "labels.csv"
    rows = [f"{name}.wav,{name}.TextGrid,0 3 1 {name == 'a':d}" for name in "abc"]
    labels.write_text("\n".join(["audio,textgrid,ratings", *rows]))
    said = run("evaluate", labels, "--cues", "listeners", "--resamples", 10)
    assert "b and 1 more: the sentence is too uncertain to judge" in " ".join(said.split())
