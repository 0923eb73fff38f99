"""The page in a real browser, headless: heard, seen, driven by mouse and keys, and left alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.config import CUE_SETS
from lemf.page.content import page_content
from lemf.page.html import format_page
from lemf.pipeline import score_measurement

EXAMPLES = Path(__file__).parents[3] / "examples"
REALLY = (str(EXAMPLES / "really.wav"), str(EXAMPLES / "really.TextGrid"))
COMMAND = "lemf score really.wav really.TextGrid"
SCORE_TOLERANCE = 1e-9
LATE_S = 0.15  # how late a word may light up, or the sound stop, on a busy machine
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648"  # with the joiner that the script needs
HOSTILE = (
    "<img src=x onerror=window.hacked=1>",
    "</script><script>window.hacked=1</script>",
    "<svg onload=window.hacked=1>",
    "{{script}}",
    "\u202egnp.exe",
    "\x1b]0;hacked\x07",
    "__proto__",
    "zero\u200bwidth\ufeff",
    PERSIAN,
)

FOLLOW = """
() => new Promise((done) => {
  const audio = document.getElementById("audio");
  const seen = [];
  const look = () => {
    const lit = document.querySelector(".word.now");
    seen.push([audio.currentTime, lit ? Number(lit.dataset.index) : -1]);
    if (audio.paused && seen.length > 3) done(seen);
    else requestAnimationFrame(look);
  };
  document.getElementById("play-sentence").click();
  requestAnimationFrame(look);
})
"""
VALUES = """
(place) => [...document.querySelectorAll(place)].map((one) => Number(one.value))
"""


AUDIO = "document.getElementById('audio')"


class Visit:
    """A page opened in the browser, with what it asked for and complained of."""

    def __init__(self, page):
        self.page, self.requests, self.complaints = page, [], []
        page.on("request", lambda one: self.requests.append(one.url))
        page.on("console", lambda one: self.complaints.append(one.text))
        page.on("pageerror", lambda one: self.complaints.append(str(one)))

    def values(self, place):
        return self.page.evaluate(VALUES, place)

    def wait_until(self, condition):
        """Wait for a condition on the sound; the policy forbids Playwright's own waiting."""
        for _ in range(300):
            if self.page.evaluate(f"(() => {{ const audio = {AUDIO}; return {condition}; }})()"):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(condition)

    def heard_s(self):
        """Where the sound is."""
        return self.page.evaluate(f"{AUDIO}.currentTime")

    def next_frame(self):
        """Wait until what was changed is scored and shown."""
        self.page.evaluate("() => new Promise((go) => requestAnimationFrame(() => "
                           "requestAnimationFrame(go)))")  # fmt: skip


@pytest.fixture
def visit(browser, tmp_path):
    """Write a page, open it, and check at the end that it was silent and asked for nothing."""
    visits = []

    def open_page(html, **options):
        path = tmp_path / f"page{len(visits)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(**options)
        one = Visit(context.new_page())
        visits.append((one, context, path.as_uri()))
        one.page.goto(path.as_uri())
        return one

    yield open_page
    for one, context, address in visits:
        context.close()
        assert one.complaints == []
        assert [url for url in one.requests if not url.startswith(("blob:", "data:"))] == [address]


@pytest.fixture(scope="module")
def really():
    return lemf.report(*REALLY)


def score(*options):
    """What `lemf score` prints as JSON."""
    result = CliRunner().invoke(main, ["score", *REALLY, "--format", "json", *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["sentences"][0]


def assert_shows(visit, sentence):
    """Compare the numbers in the table with those of the command line."""
    words = sentence["words"]
    scores = visit.values("#table .score data")
    np.testing.assert_allclose(
        scores, [word["score"] for word in words], rtol=0, atol=SCORE_TOLERANCE
    )
    for name in words[0]["cues"]:
        added = visit.values(f"#table td[data-cue={name}] > data")
        z = visit.values(f"#table td[data-cue={name}] small data")
        shares = [word["cues"][name] for word in words]
        for found, key in ((added, "contribution"), (z, "z")):
            np.testing.assert_allclose(
                found, [share[key] for share in shares], rtol=0, atol=SCORE_TOLERANCE
            )
    probabilities = visit.values("#table .p data")
    expected = [word["decision"]["probability"] for word in words if "decision" in word]
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=SCORE_TOLERANCE)
    assert len(probabilities) in (0, len(words))


def test_words_light_up_in_time_with_the_sound(visit, really):
    page = visit(really).page
    seen = page.evaluate(FOLLOW)
    words = score()["words"]
    assert {index for _, index in seen} >= set(range(len(words)))
    lit = [(time, words[index]) for time, index in seen if index >= 0]
    assert len(lit) > 5
    for time_s, word in lit:
        assert word["start_s"] - 1e-3 <= time_s <= word["end_s"] + LATE_S
    assert seen[-1][0] == pytest.approx(words[-1]["end_s"], abs=LATE_S)


def test_a_click_plays_the_word_and_the_chart_seeks(visit, really):
    one = visit(really)
    word = score()["words"][3]
    one.page.click(".word[data-index='3']")
    one.wait_until(f"audio.paused && audio.currentTime > {word['start_s']}")
    assert one.heard_s() == pytest.approx(word["end_s"], abs=LATE_S)
    assert one.page.inner_text("#why-title") == "Why mean"

    box = one.page.locator("#canvas").bounding_box()
    one.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
    assert 0.6 < one.heard_s() < 1.4
    assert one.page.inner_text("#why-title") in ("Why really", "Why didn't")


def test_keys_choose_and_play(visit, really):
    one = visit(really)
    keys, chosen = one.page.keyboard, "document.activeElement.dataset.index"
    one.page.focus(".word[tabindex='0']")
    assert one.page.evaluate(chosen) == "1"  # the top word
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        keys.press(key)
    assert one.page.evaluate(chosen) == "2"
    keys.press("Enter")
    one.wait_until("audio.paused && audio.currentTime >= 0.8")
    keys.press("End")
    assert one.page.inner_text("#why-title") == "Why that"
    keys.press("s")  # the segment
    segment = score()["segment"]
    one.wait_until(f"audio.paused && audio.currentTime > {segment['start_s'] + 0.2}")
    assert one.heard_s() == pytest.approx(segment["end_s"], abs=LATE_S)
    keys.press("a")
    one.wait_until("!audio.paused && audio.currentTime < 1")
    keys.press("p")
    assert one.page.evaluate(f"{AUDIO}.paused") is True
    one.page.locator(".keys summary").click()
    one.page.uncheck("#letters")
    keys.press("p")
    assert one.page.evaluate(f"{AUDIO}.paused") is True


@pytest.mark.parametrize("cues", CUE_SETS)
def test_cue_sets_score_as_the_command_line(visit, really, cues):
    one = visit(really)
    one.page.locator(f"#set-{cues}").check()
    one.next_frame()
    assert_shows(one, score("--cues", cues))
    assert one.page.inner_text("#command").startswith(f"{COMMAND} --cues {cues}")


def test_weights_decision_and_threshold_score_again(visit, really):
    one = visit(really)
    one.page.fill("#weight-energy", "-0.35")
    one.page.fill("#weight-pitch", "2.125")
    one.next_frame()
    weights = "pitch=2.125,energy=-0.35"
    assert one.page.inner_text("#command") == f"{COMMAND} --cues paper --weights {weights}"
    assert_shows(one, score("--weights", weights))

    one.page.locator("#set-listeners").check()
    one.page.select_option("#decide", "accent")
    one.page.fill("#threshold", "0.2")
    one.next_frame()
    options = ("--cues", "listeners", "--decide", "accent", "--threshold", "0.2")
    assert one.page.inner_text("#command") == " ".join((COMMAND, *options))
    sentence = score(*options)
    assert_shows(one, sentence)
    marked = one.page.locator(".word.marked .label").all_inner_texts()
    assert marked == [sentence["words"][i]["word"] for i in sentence["decision"]["words"]]

    one.page.fill("#weight-loudness", "3")  # to which no decision was fitted
    one.next_frame()
    assert_shows(one, score("--cues", "listeners", "--weights", "loudness=3"))
    assert "fitted to other weights" in one.page.inner_text("#decide-note")
    one.page.click("#reset")
    one.next_frame()
    assert_shows(one, score())


def test_a_weight_or_threshold_that_does_not_fit_says_so_and_the_one_before_stays(visit, really):
    one = visit(really)
    page, fault = one.page, "#weigh-fault"
    message = "energy: write a number from −1,000,000 to 1,000,000; 1.2 stays"  # noqa: RUF001
    for typed in ("", "1e7"):
        page.fill("#weight-energy", typed)
        assert page.inner_text(fault) == message
        assert page.get_attribute("#weight-energy", "aria-invalid") == "true"
    page.keyboard.press("Tab")
    assert page.input_value("#weight-energy") == "1.2"
    assert page.get_attribute("#weight-energy", "aria-invalid") == "false"
    assert page.inner_text(fault) == message  # until the next try
    page.fill("#weight-energy", "2")
    assert page.inner_text(fault) == ""
    page.locator("#set-listeners").check()
    one.next_frame()
    for typed in ("0", "1", "-3", ""):
        page.fill("#threshold", typed)
        assert page.inner_text(fault) == "P: write a number above 0 and below 1; 0.5 stays"
    page.keyboard.press("Tab")
    assert page.input_value("#threshold") == "0.5"
    page.click("#reset")
    assert page.inner_text(fault) == ""
    one.next_frame()
    assert_shows(one, score())


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_a_decimal_comma_is_one_in_every_browser(visit, really, locale):
    one = visit(really, locale=locale)
    page = one.page
    for typed, read in (("1,5", 1.5), ("1.25", 1.25), ("\N{MINUS SIGN}0,5", -0.5), (" .5", 0.5)):
        page.fill("#weight-energy", "")
        page.locator("#weight-energy").press_sequentially(typed)
        one.next_frame()
        assert f"--weights energy={read}" in page.inner_text("#command")
        page.keyboard.press("Tab")
        assert page.input_value("#weight-energy") == str(read)  # as it was read
    for typed in ("1,234,5", "1.234,5", "15x", "1 5"):
        page.fill("#weight-energy", typed)
        assert page.get_attribute("#weight-energy", "aria-invalid") == "true"
        assert "0.5 stays" in page.inner_text("#weigh-fault")
    page.locator("#set-listeners").check()
    page.fill("#threshold", "0,25")
    one.next_frame()
    assert "--threshold 0.25" in page.inner_text("#command")


def test_hostile_labels_are_text(visit, make_grid):
    rng = np.random.default_rng(1)
    times = [(word, 0.1 + 0.4 * i, 0.45 + 0.4 * i) for i, word in enumerate(HOSTILE)]
    grid = make_grid(times, 0.2 + 0.4 * len(HOSTILE))
    samples = rng.normal(0, 0.1, round(16000 * grid.end_s))
    one = visit(lemf.report(samples, grid, rate_hz=16000, settings=lemf.Settings(cues="all")))
    shown = one.page.evaluate(
        "[...document.querySelectorAll('.word .label')].map(w => w.textContent)"
    )
    assert shown == [
        *HOSTILE[:4], "\ufffdgnp.exe", "\ufffd]0;hacked\ufffd", "__proto__",
        "zero\ufffdwidth\ufffd", PERSIAN,
    ]  # fmt: skip
    for index in range(len(HOSTILE)):
        one.page.locator(f"#table tbody tr[data-index='{index}']").click()
    assert one.page.evaluate("window.hacked") is None
    assert one.page.locator("main img, main svg:not(.play svg), main script").count() == 0


def test_ten_minutes_in_sentences(visit, ten_minutes):
    settings = lemf.Settings(normalise="recording")
    emphasis = score_measurement(ten_minutes, settings)
    one = visit(format_page(page_content(ten_minutes, settings, emphasis), None))
    assert one.page.locator("#sentence-list button").count() == 100
    one.page.locator("#sentence-list button").nth(57).click()
    found = one.values("#table .score data")
    expected = [word.score for word in emphasis.sentences[57].words]
    np.testing.assert_allclose(found, expected, rtol=0, atol=SCORE_TOLERANCE)
    one.page.keyboard.press(".")
    assert one.page.locator("#sentence-list [aria-current]").get_attribute("data-index") == "58"
    assert one.page.locator("#player").is_hidden()  # made without sound


def test_print_shows_the_whole_sentence(visit, really, tmp_path):
    one = visit(really)
    one.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert one.page.locator("#print-rows canvas").count() == 1
    one.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert one.page.locator("#print-rows canvas").count() == 0
    assert one.page.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_rule_of_accessibility_is_broken(visit, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    page = lemf.report(*REALLY, lemf.Settings(cues="listeners", silence=("none",)))
    one = visit(page, color_scheme=scheme, viewport={"width": width, "height": 800},
                bypass_csp=True)  # fmt: skip
    one.page.locator(".keys summary").click()
    found = axe.Axe().run(one.page)
    assert [rule["id"] for rule in found.response["violations"]] == [], found.generate_report()
    assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_no_rule_of_accessibility_is_broken_by_ten_minutes(visit, ten_minutes, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    settings = lemf.Settings(breaks=True, measures=True)
    emphasis = score_measurement(ten_minutes, settings)
    one = visit(format_page(page_content(ten_minutes, settings, emphasis), None),
                color_scheme=scheme, viewport={"width": width, "height": 800},
                bypass_csp=True)  # fmt: skip
    one.page.keyboard.press(".")
    found = axe.Axe().run(one.page)
    assert [rule["id"] for rule in found.response["violations"]] == [], found.generate_report()
    assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_long_sentence_shows_that_its_words_go_on(visit, make_measurement):
    measured = make_measurement(1, 150)
    settings = lemf.Settings()
    emphasis = score_measurement(measured, settings)
    page = format_page(page_content(measured, settings, emphasis), None)
    one = visit(page, viewport={"width": 360, "height": 600})
    room = "document.getElementById('words')"
    assert one.page.evaluate(f"{room}.scrollHeight > {room}.clientHeight")
    shadows = one.page.evaluate(f"getComputedStyle({room}).backgroundAttachment")
    assert shadows == "local, local, scroll, scroll"
    one.page.focus(".word[tabindex='0']")
    one.page.keyboard.press("End")  # what is chosen scrolls into sight
    last = one.page.locator(".word").last.bounding_box()
    box = one.page.locator("#words").bounding_box()
    assert box["y"] <= last["y"] <= box["y"] + box["height"]


def test_an_old_browser_says_what_the_page_needs(visit, really):
    one = visit(really)
    one.page.add_init_script("delete globalThis.DecompressionStream")
    one.page.reload()
    one.requests.pop()
    assert "too old for this page" in one.page.inner_text(".notice")


def test_a_stereo_recording_sounds_as_the_channel_that_was_scored(visit, tmp_path):
    samples, rate_hz = soundfile.read(REALLY[0])
    path = tmp_path / "two.wav"
    soundfile.write(path, np.column_stack([samples * 0, samples]), rate_hz)
    one = visit(lemf.report(path, REALLY[1], lemf.Settings(channel=2)))
    one.wait_until("audio.readyState >= 3")
    length_s = one.page.evaluate(f"{AUDIO}.duration")
    assert length_s == pytest.approx(len(samples) / rate_hz, abs=0.01)
