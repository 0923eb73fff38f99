"""The file as a whole: the one script and style that its policy allows, nothing from outside."""

import io
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
import soundfile

import lemf
from lemf.errors import SettingsError
from lemf.page import sound as page_sound
from lemf.page.html import fill_page
from lemf.page.sound import encode_recording

FORBIDDEN = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
    "import(", "fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "http:", "https:",
)  # fmt: skip


class Elements(HTMLParser):
    """The elements of a page, with what stands in them."""

    def __init__(self, page):
        super().__init__()
        self.found, self.inside = [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.inside = {"tag": tag, "text": "", **dict(attributes)}
        self.found.append(self.inside)

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside is not None:
            self.inside["text"] += data

    def of(self, tag):
        return [one for one in self.found if one["tag"] == tag]


@pytest.fixture
def page(utterance):
    return lemf.report(utterance.wav, utterance.textgrid)


def digest(text):
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_one_script_one_style_and_the_sound(page):
    elements = Elements(page)
    (policy,) = [one["content"] for one in elements.of("meta") if "http-equiv" in one]
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    (style,) = elements.of("style")
    scripts = [one for one in elements.of("script") if "type" not in one]
    assert len(scripts) == 1
    assert allowed == {
        "default-src": "'none'",
        "script-src": digest(scripts[0]["text"]),
        "style-src": digest(style["text"]),
        "media-src": "blob:",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }


def test_nothing_comes_from_elsewhere_and_no_markup_acts(page):
    elements = Elements(page)
    for one in elements.found:
        assert not {name for name in one if name.startswith("on")}, one
        assert "style" not in one
        assert one.get("src") is None
        assert one.get("href", "#").startswith(("#", "data:,"))
    (style,) = elements.of("style")
    assert "url(" not in style["text"]
    assert "@import" not in style["text"]
    (code,) = [one["text"] for one in elements.of("script") if "type" not in one]
    for name in FORBIDDEN:
        assert name not in code


def test_what_is_put_in_is_not_searched_again(page_data):
    page = fill_page("recording.html", ["score.js"], title="<b>{{script}}", data={"a": "{{title}}"})
    assert "<title>&lt;b&gt;{{script}}</title>" in page
    assert page_data(page) == {"a": "{{title}}"}


def test_every_id_that_the_script_asks_for_is_there(page):
    ids = {one["id"] for one in Elements(page).found if "id" in one}
    code = files("lemf.page").joinpath("assets", "page.js").read_text(encoding="utf-8")
    assert set(re.findall(r'\$\("([\w-]+)"\)', code)) <= ids


def decode(sound):
    samples, rate_hz = soundfile.read(io.BytesIO(sound.content), dtype="int16")
    return samples, rate_hz


def test_flac_returns_the_samples_that_were_scored(tmp_path):
    rng = np.random.default_rng(5)
    samples = rng.integers(-(2**15), 2**15, (40_000, 2), dtype=np.int16)
    path = tmp_path / "two.wav"
    soundfile.write(path, samples, 22050)
    sound = encode_recording(lemf.read_audio(path, channel=2), "auto")
    assert sound.media_type == "audio/flac"
    decoded, rate_hz = decode(sound)
    assert rate_hz == 22050
    assert np.array_equal(decoded, samples[:, 1])


def test_full_scale_is_clipped_not_wrapped():
    samples = np.array([1.0, -1.0] * 4000)
    sound = encode_recording(lemf.Audio.from_samples(samples, 8000), "flac")
    decoded, _ = decode(sound)
    assert decoded[:2].tolist() == [32767, -32768]


def test_a_long_recording_is_vorbis_as_long_as_it_was(monkeypatch):
    monkeypatch.setattr(page_sound, "LARGEST_FLAC", 10_000)
    samples = np.random.default_rng(2).normal(0, 0.1, 70_001)
    sound = encode_recording(lemf.Audio.from_samples(samples, 16000), "auto")
    assert sound.media_type == "audio/ogg"
    decoded, _ = decode(sound)
    assert len(decoded) == 70_001
    high = lemf.Audio.from_samples(samples, 192_000)
    assert encode_recording(high, "auto").media_type == "audio/flac"
    with pytest.raises(lemf.AudioError, match="192,000 Hz is beyond the 96,000 Hz of Ogg Vorbis"):
        encode_recording(high, "ogg")


def test_a_page_can_be_without_sound(utterance):
    page = lemf.report(utterance.wav, utterance.textgrid, sound="none")
    (holder,) = [one for one in Elements(page).found if one.get("id") == "sound"]
    assert holder["text"] == ""
    with pytest.raises(SettingsError, match="unknown sound 'mp3'; there are: auto, flac"):
        lemf.report(utterance.wav, utterance.textgrid, sound="mp3")


def test_the_sound_stands_in_the_page(page, utterance):
    (holder,) = [one for one in Elements(page).found if one.get("id") == "sound"]
    samples, rate_hz = soundfile.read(io.BytesIO(b64decode(holder["text"])))
    assert rate_hz == utterance.rate_hz
    assert len(samples) == len(utterance.samples)
    assert holder["data-type"] == "audio/flac"


def test_the_same_inputs_give_the_same_page(page, utterance):
    assert lemf.report(utterance.samples, utterance.grid, rate_hz=utterance.rate_hz) != ""
    assert lemf.report(utterance.wav, utterance.textgrid) == page
