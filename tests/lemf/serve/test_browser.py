"""The served pages in a real browser: let in, heard, corrected, saved, exported, and sealed off."""

import json
import shutil
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.config import CUE_SETS

SCORE_TOLERANCE = 1e-9
LATE_S = 0.15  # how late a word may light up on a busy machine
AUDIO = "document.getElementById('audio')"
WAIT = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


class Visit:
    """A page of a server in the browser, with what it asked for and complained of."""

    def __init__(self, page, client):
        self.page, self.client, self.requests, self.complaints = page, client, [], []
        self.expected = []  # complaints of the browser on answers that are refusals
        page.on("request", lambda one: self.requests.append(one.url))
        page.on("console", lambda one: self.complaints.append(one.text))
        page.on("pageerror", lambda one: self.complaints.append(str(one)))

    def open(self, name):
        self.page.click(f"#list a:text-is('{name}')")
        self.page.wait_for_selector("#table tbody tr")

    def wait_for(self, place, text):
        """Wait for a text; the policy forbids Playwright's waiting for functions."""
        for _ in range(400):
            if text in self.page.inner_text(place):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError((place, self.page.inner_text(place), self.page.inner_text("#fault")))

    def wait_until(self, condition):
        for _ in range(400):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(condition)

    def scores(self):
        values = "(all) => all.map((one) => Number(one.value))"
        return self.page.locator("#table .score data").evaluate_all(values)


@pytest.fixture
def visit(browser, serve, folder):
    """A function of browser options: open the printed address; checks at the end what was asked."""
    visits = []

    def open_page(settings=None, folder=folder, **options):
        client = serve(folder, settings)
        context = browser.new_context(accept_downloads=True, **options)
        one = Visit(context.new_page(), client)
        visits.append((one, context))
        one.page.goto(client.guard.address)
        return one

    yield open_page
    for one, context in visits:
        context.close()
        assert [text for text in one.complaints if text not in one.expected] == []
        own = (f"http://127.0.0.1:{one.client.port}/", f"blob:http://127.0.0.1:{one.client.port}/")
        assert [url for url in one.requests if not url.startswith((*own, "data:"))] == []


def refusal(status, reason):
    return f"Failed to load resource: the server responded with a status of {status} ({reason})"


def score(folder, *arguments):
    command = ["score", str(folder / "really.wav"), *arguments, "--format", "json"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["sentences"][0]


def assert_scores(one, sentence):
    expected = [word["score"] for word in sentence["words"]]
    np.testing.assert_allclose(one.scores(), expected, rtol=0, atol=SCORE_TOLERANCE)


def test_the_token_leaves_the_address_and_no_script_reads_the_cookie(visit):
    one = visit()
    assert one.page.url == f"http://127.0.0.1:{one.client.port}/"
    assert one.page.evaluate("document.cookie") == ""
    assert one.page.evaluate("document.referrer") == ""
    one.page.reload()
    assert one.page.locator("#list tr").count() == 2


def test_a_page_of_another_origin_reaches_nothing(visit, browser):
    one = visit()
    address = f"http://127.0.0.1:{one.client.port}"
    foreign = one.page.context.new_page()  # with the cookie of the page
    foreign.route("http://evil.example/", lambda route: route.fulfill(body="<p>hello"))
    foreign.goto("http://evil.example/")
    sent = """async (address) => {
      const asked = [];
      for (const path of ["/", "/upload?name=evil.txt"]) {
        for (const mode of ["cors", "no-cors"]) {
          try {
            const method = path === "/" ? "GET" : "POST";
            const answer = await fetch(address + path, { method, mode, credentials: "include",
              body: method === "POST" ? "hello" : undefined });
            asked.push([answer.type, answer.status, (await answer.text()).length]);
          } catch { asked.push("refused"); }
        }
      }
      return asked;
    }"""
    answers = foreign.evaluate(sent, address)
    assert [one for one in answers if one != "refused" and one[0] != "opaque"] == []
    assert not (one.client.folder / "evil.txt").exists()
    foreign.close()


def test_words_light_up_and_the_sound_seeks(visit):
    one = visit()
    one.open("really.wav")
    words = score(one.client.folder)["words"]
    one.wait_until(f"{AUDIO}.readyState >= 3")
    one.page.click(".word[data-index='3']")
    one.wait_until("document.querySelector('.word.now')?.dataset.index === '3'")
    heard_s = one.page.evaluate(f"{AUDIO}.currentTime")
    assert words[3]["start_s"] - 1e-3 <= heard_s <= words[3]["end_s"] + LATE_S
    one.wait_until(f"{AUDIO}.paused")
    box = one.page.locator("#canvas").bounding_box()
    one.page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 60)
    assert one.page.evaluate(f"{AUDIO}.currentTime") > 1.5
    one.page.focus("#seek")
    one.page.keyboard.press("Home")
    one.page.keyboard.press("ArrowRight")
    one.wait_until(f"{AUDIO}.currentTime < 0.1")


@pytest.mark.parametrize("cues", CUE_SETS)
def test_a_corrected_edge_scores_as_the_command_line(visit, cues):
    one = visit(lemf.Settings(cues=cues))
    one.open("really.wav")
    page, folder = one.page, one.client.folder
    assert_scores(one, score(folder, "--cues", cues))
    page.click(".word[data-index='2']")
    handles = page.locator(".handle")
    labels = handles.evaluate_all("(all) => all.map((one) => one.getAttribute('aria-label'))")
    assert labels[0] == "Start of didn't"
    assert labels[-1] == "End of didn't"
    before_s = float(handles.last.get_attribute("aria-valuenow"))
    handles.last.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    one.wait_for("#edit-state", "1 edge moved; scored again")
    assert float(handles.last.get_attribute("aria-valuenow")) == pytest.approx(before_s + 0.009)

    inner = handles.nth(1).bounding_box()
    page.mouse.move(inner["x"] + 8, inner["y"] + 40)
    page.mouse.down()
    page.mouse.move(inner["x"] + 14, inner["y"] + 45, steps=3)
    page.mouse.up()
    one.wait_for("#edit-state", "2 edges moved; scored again")
    page.click("#edit-save")
    one.wait_for("#edit-state", "Saved to really.corrected.TextGrid")
    corrected = str(folder / "really.corrected.TextGrid")
    sentence = score(folder, corrected, "--cues", cues)
    assert sentence["words"][2]["end_s"] == pytest.approx(before_s + 0.009, abs=1e-4)
    assert_scores(one, sentence)
    for other in CUE_SETS:
        page.locator(f"#set-{other}").check()
        page.evaluate(WAIT)
        assert_scores(one, score(folder, corrected, "--cues", other))


def test_a_word_is_changed_removed_and_taken_back(visit):
    one = visit()
    one.open("really.wav")
    page, before = one.page, one.scores()
    page.click(".word[data-index='4']")
    page.fill("#edit-label", "  this \t one ")
    page.keyboard.press("Enter")
    one.wait_for("#edit-state", "1 word changed")
    assert page.locator(".word .label").nth(4).inner_text() == "this one"
    assert one.scores() == before
    page.fill("#edit-label", "")
    page.keyboard.press("Enter")
    one.wait_for("#edit-state", "1 word removed")
    one.wait_until("document.querySelectorAll('.word').length === 4")
    page.click("#edit-undo")
    one.wait_until("document.querySelectorAll('.word').length === 5")
    page.click("#edit-undo")
    one.wait_for("#edit-state", "As in the file")
    assert one.scores() == before
    assert page.locator(".word .label").nth(4).inner_text() == "that"
    assert page.is_disabled("#edit-save")


def labels(one):
    return one.page.locator(".word .label").all_inner_texts()


def test_words_are_split_joined_added_and_removed_by_keys(visit):
    one = visit()
    one.open("really.wav")
    keys, before = one.page.keyboard, one.scores()
    one.page.focus(".word[tabindex='0']")  # the top word, really
    keys.press("x")
    one.wait_for("#edit-state", "1 word split")
    assert len(labels(one)) == 6
    assert "".join(labels(one)[1:3]) == "really"
    assert one.page.evaluate("document.activeElement.id") == "edit-label"  # to be named at once
    keys.type("real")
    keys.press("Enter")
    one.wait_for("#edit-state", "1 word changed, 1 word split")
    assert labels(one)[1] == "real"
    one.page.focus(".word[tabindex='0']")
    keys.press("j")
    one.wait_for("#edit-state", "1 word joined")
    assert len(labels(one)) == 5
    one.page.focus(".word[tabindex='0']")
    keys.press("Delete")
    one.wait_for("#edit-state", "1 word removed")
    one.wait_until("document.querySelectorAll('.word').length === 4")
    one.wait_until("document.activeElement.classList.contains('word')")  # the keyboard goes on
    for left in (3, 2, 1, 0):
        keys.press("u")
        disabled = "true" if left == 0 else "false"
        one.wait_until(f"document.getElementById('edit-undo').disabled === {disabled}")
        one.wait_until("!/Scoring/.test(document.getElementById('edit-state').textContent)")
    one.wait_for("#edit-state", "As in the file")
    assert one.scores() == before

    keys.press("End")
    keys.press("n")  # in the silence after the last word
    one.wait_for("#edit-state", "1 word added")
    assert labels(one)[-1] == "new"
    keys.type("so")
    keys.press("Enter")
    one.wait_until("document.querySelectorAll('.word .label')[5]?.textContent === 'so'")
    one.wait_for("#edit-state", "1 word added")
    one.page.click("#edit-save")
    one.wait_for("#edit-state", "Saved to really.corrected.TextGrid")
    corrected = score(one.client.folder, str(one.client.folder / "really.corrected.TextGrid"))
    expected = ["I", "really", "didn't", "mean", "that", "so"]
    assert [word["word"] for word in corrected["words"]] == expected
    assert_scores(one, corrected)


def test_words_that_cannot_be_corrected_say_so_and_what_is_refused_is_taken_back(visit):
    one = visit()
    one.open("really.wav")
    page = one.page
    page.click(".word[data-index='4']")
    page.click("#edit-join")
    assert page.inner_text("#fault") == "No word of the sentence follows “that”"
    page.fill("#edit-end", "")
    page.keyboard.press("Tab")
    assert page.inner_text("#fault").startswith("No time: this edge can lie from ")
    assert float(page.input_value("#edit-end")) > 1
    page.fill("#edit-start", "99")
    page.keyboard.press("Tab")
    assert page.inner_text("#fault").startswith("99 s: this edge can lie from ")
    assert float(page.input_value("#edit-start")) < 2
    before = one.scores()
    one.expected = [refusal(422, "Unprocessable Entity"), refusal(422, "Unprocessable Content")]
    page.fill("#edit-label", "th\u200bat")
    page.keyboard.press("Enter")
    one.wait_for("#fault", "shows nothing or acts on a display; write the word anew (taken back)")
    one.wait_for("#edit-state", "As in the file")
    assert page.input_value("#edit-label") == "that"
    assert one.scores() == before


def test_every_download_arrives(visit):
    one = visit()
    one.open("didnt.wav")
    one.page.select_option("#export-format", "csv")
    arrived = []
    one.page.on("download", lambda download: arrived.append(download))
    for number in range(13):
        one.page.click("#export")
        for _ in range(200):
            if len(arrived) > number:
                break
            one.page.wait_for_timeout(20)
        assert len(arrived) == number + 1


def test_an_edge_stops_at_the_next_and_a_typed_time_beyond_it_says_so(visit):
    one = visit()
    one.open("really.wav")
    page = one.page
    page.click(".word[data-index='1']")
    first = page.locator(".handle").first
    first.focus()
    page.keyboard.press("End")
    one.wait_for("#edit-state", "1 edge moved")
    edges = page.locator(".handle").evaluate_all(
        "(all) => all.map((one) => Number(one.getAttribute('aria-valuenow')))"
    )
    assert edges[1] - edges[0] == pytest.approx(0.001, abs=2e-4)
    page.fill("#edit-start", "1.9")
    page.keyboard.press("Enter")
    assert "1.9 s: this edge can lie from" in page.inner_text("#fault")
    page.fill("#edit-start", "0,3")  # with a decimal comma
    page.keyboard.press("Enter")
    one.wait_until("document.getElementById('fault').textContent === ''")
    one.wait_for("#edit-state", "scored again")
    assert float(first.get_attribute("aria-valuenow")) == 0.3


def test_a_file_that_exists_is_replaced_only_when_asked(visit):
    one = visit()
    target = one.client.folder / "really.corrected.TextGrid"
    shutil.copyfile(one.client.folder / "really.TextGrid", target)
    one.page.reload()
    one.open("really.wav")
    one.page.fill("#edit-label", "truly")
    one.page.keyboard.press("Enter")
    one.wait_for("#edit-state", "1 word changed")
    one.expected = [refusal(409, "Conflict")]
    one.page.click("#edit-save")
    one.wait_for("#ask-text", "really.corrected.TextGrid exists already")
    one.page.click("#ask-no")
    assert "truly" not in target.read_text("utf-8")
    one.page.click("#edit-save")
    one.page.click("#ask-yes")
    one.wait_for("#edit-state", "Saved to really.corrected.TextGrid")
    assert "truly" in target.read_text("utf-8")


def test_after_saving_the_page_goes_on_with_what_was_saved(visit):
    one = visit()
    one.open("really.wav")
    page = one.page
    for word in ("truly", "sorely"):
        page.fill("#edit-label", word)
        page.keyboard.press("Enter")
        one.wait_for("#edit-state", "1 word changed; scored again; not saved")
        page.click("#edit-save")
        one.wait_for("#edit-state", "Saved to really.corrected.TextGrid")
        assert "words of really.corrected.TextGrid" in page.inner_text("#meta")
        assert page.is_disabled("#edit-undo")
        assert page.is_hidden("#ask")  # the file is this page's
    page.locator(".handle").last.focus()
    page.keyboard.press("ArrowLeft")
    one.wait_for("#edit-state", "1 edge moved")
    page.click("#edit-undo")
    one.wait_for("#edit-state", "As in the file")
    saved = one.client.folder / "really.corrected.TextGrid"
    assert_scores(one, score(one.client.folder, str(saved)))
    page.select_option("#export-format", "csv")
    with page.expect_download() as download:
        page.click("#export")
    assert b",sorely," in Path(download.value.path()).read_bytes()


def test_what_is_downloaded_is_scored_as_the_page_shows(visit, tmp_path):
    one = visit()
    one.open("really.wav")
    one.page.locator("#set-listeners").check()
    one.page.fill("#weight-loudness", "2")
    one.page.select_option("#export-format", "json")
    with one.page.expect_download() as download:
        one.page.click("#export")
    assert download.value.suggested_filename == "really.scores.json"
    download.value.save_as(tmp_path / "scores.json")
    found = json.loads((tmp_path / "scores.json").read_text("utf-8"))["sentences"][0]
    expected = score(one.client.folder, "--cues", "listeners", "--weights", "loudness=2")
    assert found == expected
    assert_scores(one, expected)


def test_recordings_are_dropped_with_their_words(visit, tmp_path):
    one = visit()
    for name in ("really.wav", "really.TextGrid"):
        shutil.copyfile(one.client.folder / name, tmp_path / name.replace("really", "neu"))
    files = [str(tmp_path / "neu.TextGrid"), str(tmp_path / "neu.wav")]
    dropped = one.page.evaluate_handle(
        """(all) => {
          const dropped = new DataTransfer();
          for (const [name, bytes] of all) {
            const content = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
            dropped.items.add(new File([content], name));
          }
          return dropped;
        }""",
        [[Path(one).name, b64encode(Path(one).read_bytes()).decode()] for one in files],
    )
    one.page.dispatch_event("#drop", "dragover", {"dataTransfer": dropped})
    assert one.page.locator("#drop.over").count() == 1
    one.page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    one.page.wait_for_selector("#table tbody tr")
    assert one.page.inner_text("#name") == "neu.wav"
    one.expected = [refusal(422, "Unprocessable Entity"), refusal(422, "Unprocessable Content")]
    one.page.click("#back")
    one.page.set_input_files("#files", files)
    one.wait_for("#fault", "neu.wav: exists already")


def test_a_spoken_take_is_kept_and_its_words_are_aligned(visit):
    pytest.importorskip("espeakng_loader")
    one = visit(permissions=["microphone"])
    one.page.click("#record")
    one.wait_until("parseFloat(document.getElementById('record-clock').textContent) >= 1")
    one.page.click("#record")
    one.page.fill("#take-name", "take.wav")
    one.page.click("#take-keep")
    one.page.wait_for_selector("#words-of")
    one.wait_for("#list", "take.wav")
    samples, rate_hz = soundfile.read(one.client.folder / "take.wav")
    assert len(samples) / rate_hz >= 0.9
    assert np.abs(samples).max() > 0.01  # the beeps of the browser's own microphone
    assert one.page.input_value("#words-of") == one.client.id_of("take.wav")
    one.expected = [refusal(422, "Unprocessable Entity"), refusal(422, "Unprocessable Content")]
    one.page.fill("#text", "beep")
    one.page.click("#align")
    one.wait_for("#words-fault", "choose the language")
    one.page.select_option("#language", "en-us")
    one.page.check("#force-fit")
    one.page.click("#align")
    one.page.wait_for_selector("#table tbody tr")
    assert one.page.inner_text("#name") == "take.wav"
    assert (one.client.folder / "take.TextGrid").is_file()


HOSTILE_NAMES = (
    "<img src=x onerror=window.hacked=1>.wav",
    "</script><script>window.hacked=1<",
    "<svg onload=window.hacked=1>.wav",
    "a\u202egpj.wav",
    "b\x1b]0;hacked\x07.wav",
    "'\"&amp;{{data}}.wav",
)


def test_hostile_names_and_labels_are_text(visit, folder, make_grid):
    names = [name for name in HOSTILE_NAMES if "/" not in name]
    below = folder / "<"
    (below / "script><script>window.hacked=1<").mkdir(parents=True)
    for name in names:
        shutil.copyfile(folder / "really.wav", folder / name)
        grid = make_grid(
            [("<svg onload=window.hacked=1>", 0.1, 0.5), ("\u202e\x1b[31m", 0.5, 0.9)], 2.1
        )
        lemf.write_textgrid(grid, (folder / name).with_suffix(".TextGrid"))
    shutil.copyfile(folder / "really.wav", below / "script><script>window.hacked=1<" / "x.wav")
    one = visit()
    shown = one.page.locator("#list th").all_inner_texts()
    assert "</script><script>window.hacked=1</x.wav" in shown
    assert "a\ufffdgpj.wav" in shown
    assert "b\ufffd]0;hacked\ufffd.wav" in shown
    for name in names[:1] + names[2:]:
        number = one.client.id_of(name)
        one.page.goto(f"http://127.0.0.1:{one.client.port}/recording/{number}")
        one.page.fill("#edit-label", "<img src=x onerror=window.hacked=1>")
        one.page.keyboard.press("Enter")
        one.wait_for("#edit-state", "1 word changed")
        assert one.page.evaluate("window.hacked") is None
        assert one.page.locator("main img, main script").count() == 0
        one.page.on("dialog", lambda dialog: dialog.accept())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_rule_of_accessibility_is_broken(visit, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    one = visit(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
    fits = "document.documentElement.scrollWidth <= innerWidth"
    found = axe.Axe().run(one.page)
    assert [rule["id"] for rule in found.response["violations"]] == [], found.generate_report()
    assert one.page.evaluate(fits)
    one.open("really.wav")
    one.page.locator(".keys summary").click()
    one.page.click("#edit-split")
    one.wait_for("#edit-state", "1 word split")
    one.page.fill("#edit-start", "")  # with both faults in sight
    one.page.keyboard.press("Tab")
    one.page.fill("#weight-energy", "")
    found = axe.Axe().run(one.page)
    assert [rule["id"] for rule in found.response["violations"]] == [], found.generate_report()
    assert one.page.evaluate(fits)


def test_words_that_change_on_the_disk_keep_the_corrections(visit, folder):
    one = visit()
    one.expected = [refusal(412, "Precondition Failed")]
    one.open("really.wav")
    page = one.page
    page.click(".word[data-index='4']")
    page.fill("#edit-label", "this")
    page.keyboard.press("Enter")
    one.wait_for("#edit-state", "1 word changed")
    grid = folder / "really.TextGrid"
    grid.write_text(grid.read_text("utf-8").replace('"mean"', '"meant"'), encoding="utf-8")
    page.click("#edit-save")
    one.wait_for("#fault", "have changed on the disk; load the page again")
    assert page.inner_text("#verdict") != ""
    page.click("#edit-again")
    one.wait_for("#edit-state", "1 word changed; scored again; not saved")
    labels = page.locator(".word .label").all_inner_texts()
    assert labels == ["I", "really", "didn't", "meant", "this"]
    page.click("#edit-undo")
    one.wait_for("#edit-state", "As in the file")
    assert page.locator(".word .label").last.inner_text() == "that"


def test_dropped_words_without_a_recording_say_so(visit):
    one = visit()
    content = (one.client.folder / "really.TextGrid").read_bytes()
    file = {"name": "gone.TextGrid", "mimeType": "text/plain", "buffer": content}
    one.page.set_input_files("#files", [file])
    one.wait_for("#fault", "gone.TextGrid is in the folder, but no recording has its name")
    one.page.click("#done a")
    one.page.wait_for_selector("#done a", state="detached")
    one.page.wait_for_selector("#list tr:nth-child(2)")
