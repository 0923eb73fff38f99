"""The folder of a corpus: its index, the pages asked for, and what is not replaced."""

import re
import shutil

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.errors import CorpusError, OutputError, SettingsError
from lemf.page.html import format_index

pytest.importorskip("pyarrow")


@pytest.fixture
def data_of(page_data):
    """A function: the file of a page -> what it holds."""
    return lambda path: page_data(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four recordings of three words, their features, and a table of their sentences."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(4)
    times_s = np.arange(16000 * 2) / 16000
    for number in range(4):
        samples = rng.normal(0, 1e-3, len(times_s))
        words = []
        for place, word in enumerate(("one", "two", "three")):
            start_s = 0.2 + 0.55 * place
            inside = (times_s >= start_s) & (times_s < start_s + 0.4)
            f0_hz, level = rng.uniform(100, 180), rng.uniform(0.05, 0.3)
            tone = sum(np.sin(2 * np.pi * f0_hz * k * times_s[inside]) / k for k in range(1, 12))
            samples[inside] += level * tone
            words.append((word, start_s, start_s + 0.4))
        soundfile.write(folder / f"take{number}.wav", samples, 16000)
        tiers = []
        for name in ("words", "phones"):
            intervals, reached_s = [], 0.0
            for word, start_s, end_s in words:
                intervals.append(lemf.Interval(reached_s, start_s, ""))
                intervals.append(lemf.Interval(start_s, end_s, word if name == "words" else "a"))
                reached_s = end_s
            intervals.append(lemf.Interval(reached_s, 2.0, ""))
            tiers.append(lemf.IntervalTier(name, 0.0, 2.0, tuple(intervals)))
        lemf.write_textgrid(
            lemf.TextGrid(0.0, 2.0, tuple(tiers)), folder / f"take{number}.TextGrid"
        )
    lemf.score_corpus(
        folder,
        folder / "scores.parquet",
        sentence_table=folder / "sentences.parquet",
        features=folder / "features.parquet",
        jobs=1,
    )
    return folder


def test_the_index_holds_all_sentences_with_the_scores_of_the_batch(made, tmp_path, data_of):
    done = lemf.report_features(made / "features.parquet", tmp_path / "report", top=2)
    assert (done.sentences, done.pages, done.silent) == (4, 2, ())
    index = data_of(tmp_path / "report" / "index.html")
    rows = [row for _, row in lemf.read_rows(made / "sentences.parquet").rows]
    assert index["recordings"] == [row["id"] for row in rows]
    for found, row in zip(index["rows"], rows, strict=True):
        assert found[2] == row["text"].split()
        assert found[3] == [row["top_index"]]
        assert found[4] == row["top_score"]
    best = sorted(range(4), key=lambda i: -rows[i]["top_score"])[:2]
    assert index["pages"] == sorted(best)
    pages = sorted(path.name for path in (tmp_path / "report" / "pages").iterdir())
    assert pages == [f"{i:06}.html" for i in sorted(best)]


def test_a_page_is_that_of_the_recording(made, tmp_path, data_of):
    lemf.report_features(made / "features.parquet", tmp_path / "report", top=None)
    content = data_of(tmp_path / "report" / "pages" / "000003.html")
    page = lemf.report(made / "take3.wav", made / "take3.TextGrid")
    (tmp_path / "own.html").write_text(page, encoding="utf-8")
    own = data_of(tmp_path / "own.html")
    assert content["index"] == "../index.html"
    assert content["audio"] == "take3"
    for key in ("sentences", "sets", "start", "contours", "models"):
        assert content[key] == own[key], key


def test_other_cues_rank_the_sentences(made, tmp_path, data_of):
    lemf.report_features(
        made / "features.parquet", tmp_path / "report", top=0, cues="listeners", decide="accent"
    )
    index = data_of(tmp_path / "report" / "index.html")
    assert index["decided"]
    assert index["pages"] == []
    for number, row in enumerate(index["rows"]):
        emphasis = lemf.score(
            made / f"take{number}.wav",
            made / f"take{number}.TextGrid",
            lemf.Settings(cues="listeners", decide="accent"),
        )
        (sentence,) = emphasis.sentences
        assert row[3] == list(sentence.decision.words)
        assert row[4] == pytest.approx(sentence.ranked[0].score, abs=1e-9)
        assert row[9] == " ".join(sentence.flags)
        assert "few_words" in row[9]


def test_a_recording_that_changed_or_is_gone_has_a_page_without_sound(made, tmp_path, data_of):
    corpus = tmp_path / "corpus"
    shutil.copytree(made, corpus, ignore=shutil.ignore_patterns("*.parquet", "*.json"))
    lemf.score_corpus(corpus, corpus / "s.parquet", features=corpus / "f.parquet", jobs=1)
    (corpus / "take0.wav").unlink()
    samples, rate_hz = soundfile.read(corpus / "take1.wav")
    soundfile.write(corpus / "take1.wav", samples[:-800], rate_hz)
    done = lemf.report_features(corpus / "f.parquet", tmp_path / "report", top=None)
    assert len(done.silent) == 2
    assert "there is no such recording" in done.silent[0]
    assert "take1.wav: has changed since the features were made" in done.silent[1]
    (note,) = data_of(tmp_path / "report" / "pages" / "000001.html")["sound_notes"]
    assert note.startswith("without sound: ")


def test_a_recording_that_changed_at_the_same_length_has_a_page_without_sound(
    made, tmp_path, data_of
):
    corpus = tmp_path / "corpus"
    shutil.copytree(made, corpus, ignore=shutil.ignore_patterns("*.parquet", "*.json"))
    lemf.score_corpus(corpus, corpus / "s.parquet", features=corpus / "f.parquet", jobs=1)
    samples, rate_hz = soundfile.read(corpus / "take1.wav")
    soundfile.write(corpus / "take1.wav", samples[::-1], rate_hz)
    done = lemf.report_features(corpus / "f.parquet", tmp_path / "report", top=None)
    (silent,) = done.silent
    assert "take1.wav: has changed since the features were made" in silent
    assert data_of(tmp_path / "report" / "pages" / "000000.html")["sound_notes"] == []


def test_only_an_earlier_report_is_replaced_and_only_with_force(made, tmp_path):
    report, features = tmp_path / "report", made / "features.parquet"
    lemf.report_features(features, report, top=None)
    with pytest.raises(OutputError, match="holds a report already; --force replaces it"):
        lemf.report_features(features, report)
    lemf.report_features(features, report, top=1, force=True)
    assert len(list((report / "pages").iterdir())) == 1
    (report / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"holds other files, such as mine\.txt"):
        lemf.report_features(features, report, force=True)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="this is a file"):
        lemf.report_features(features, tmp_path / "file")
    for name in ("page.html", "page.HTM"):
        with pytest.raises(OutputError, match="fill a folder; name a folder, such as page"):
            lemf.report_features(features, tmp_path / name)
        assert not (tmp_path / name).exists()
    (tmp_path / "bad.parquet").write_text("PAR1", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"or damaged\); lemf batch --features writes one"):
        lemf.report_features(tmp_path / "bad.parquet", tmp_path / "new")
    with pytest.raises(OutputError, match="does not exist; create it first"):
        lemf.report_features(features, tmp_path / "none" / "report")
    with pytest.raises(SettingsError, match="top -1"):
        lemf.report_features(features, tmp_path / "new", top=-1)
    with pytest.raises(CorpusError, match="holds no features"):
        lemf.report_features(made / "scores.parquet", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--pitch", "praat"), "--pitch: goes with a recording"),
        (("--text", "a"), "--text: goes with a recording"),
        (("--top", "few"), "--top few: write a number from 0, or all"),
        (("--weights", "loudness=1"), "unknown cue 'loudness'"),
    ],
)
def test_options_that_features_do_not_take(made, tmp_path, arguments, fault):
    command = ["report", str(made / "features.parquet"), "-o", str(tmp_path / "new"), *arguments]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert fault in result.stderr
    assert not (tmp_path / "new").exists()


def test_the_command_says_what_it_wrote(made, tmp_path):
    command = [
        "report",
        str(made / "features.parquet"),
        "-o",
        str(tmp_path / "new"),
        "--top",
        "all",
    ]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[-1] == (
        f"wrote {tmp_path / 'new' / 'index.html'}: 4 sentences, pages of 4 files"
    )
    recording = ["report", str(made / "take0.wav"), "-o", str(tmp_path / "a.html"), "--top", "3"]
    assert "--top: goes with FEATURES.parquet" in CliRunner().invoke(main, recording).stderr


def big_index():
    """An index of 10,000 sentences of 2,500 recordings."""
    rng = np.random.default_rng(6)
    words = ["</script><b>", "really", "never", "said", "that", "before"]
    rows = [
        [i // 4, i % 4, [words[k] for k in rng.integers(0, 6, 8)], [int(i % 8)],
         float(rng.normal(4, 1)), float(rng.uniform(0, 2)), None, float(i), i + 2.5, ""]
        for i in range(10_000)
    ]  # fmt: skip
    rows[777][2] = ["Einzigartig"]
    return {
        "lemf": "1", "source": "big.parquet", "cues": "paper", "decided": False,
        "recordings": [f"take{i}" for i in range(2500)], "pages": [3], "rows": rows,
    }  # fmt: skip


def test_ten_thousand_sentences_are_found_and_sorted_at_once(browser, tmp_path):
    content = big_index()
    path = tmp_path / "index.html"
    path.write_text(format_index(content), encoding="utf-8")
    page = browser.new_page()
    complaints, requests = [], []
    page.on("console", lambda one: complaints.append(one.text))
    page.on("pageerror", lambda one: complaints.append(str(one)))
    page.on("request", lambda one: requests.append(one.url))
    page.goto(path.as_uri())
    scores = sorted((row[4] for row in content["rows"]), reverse=True)
    assert page.locator("#body tr").count() == 100
    shown = page.locator("#body tr td:nth-child(2)").all_inner_texts()
    assert shown == [f"+{score:.2f}" for score in scores[:100]]
    page.click("#on")
    assert page.inner_text("#place").startswith("101")
    page.fill("#search", "einzig TAKE194")
    assert page.locator("#body tr").count() == 1
    assert page.inner_text("#count") == "1 of 10,000 sentences"
    page.fill("#search", "")
    page.check("#only-pages")
    assert page.locator("#body a").count() == 4
    href = page.locator("#body a").first.get_attribute("href")
    assert re.fullmatch(r"pages/000003\.html#sentence-[0-3]", href)
    page.uncheck("#only-pages")
    page.locator("#head button", has_text="Recording").click()
    assert page.locator("#body td.name").first.inner_text() == "take0"
    assert page.locator("#head [aria-sort]").inner_text().startswith("Recording")
    took_ms = page.evaluate(
        "() => { const start = performance.now();"
        "document.querySelectorAll('#head button')[1].click();"
        "return performance.now() - start; }"
    )
    assert took_ms < 2000  # 0.1 s where nothing else runs
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    context = browser.new_context(bypass_csp=True)
    checked = context.new_page()
    checked.goto(path.as_uri())
    found = axe.Axe().run(checked)
    assert [rule["id"] for rule in found.response["violations"]] == [], found.generate_report()
    context.close()
    page.close()
    assert (complaints, requests) == ([], [path.as_uri()])
