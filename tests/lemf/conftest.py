"""Fixtures built, not stored: a three-word utterance whose middle word is stressed; fuzzing.

And a real browser, where there is one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import zlib
from base64 import b85decode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import lemf
from lemf.display.textgrid_output import format_textgrid
from lemf.errors import UNPRINTABLE

RATE_HZ = 16000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Utterance:
    wav: Path
    textgrid: Path
    samples: np.ndarray
    rate_hz: int
    grid: lemf.TextGrid


def vowel(f0_hz: float, amplitude: float, length_s: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    """A harmonic tone with a raised-cosine onset and offset of 20 ms."""
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    n_harmonics = int(3500 // f0_hz)
    tone = sum(np.sin(2 * np.pi * f0_hz * k * t) / k for k in range(1, n_harmonics + 1))
    ramp = np.clip(np.minimum(t, t[-1] - t) / 0.02, 0, 1)
    return amplitude * tone * (0.5 - 0.5 * np.cos(np.pi * ramp))


def build_grid(
    words: list[tuple[str, float, float]], end_s: float, path: str = "<TextGrid>"
) -> lemf.TextGrid:
    """A words tier and a phones tier in which each word has two phones of equal length."""
    word_tier, phone_tier, reached_s = [], [], 0.0
    for word, start_s, stop_s in words:
        for tier in (word_tier, phone_tier):
            if start_s > reached_s:
                tier.append(lemf.Interval(reached_s, start_s, ""))
        middle_s = (start_s + stop_s) / 2
        word_tier.append(lemf.Interval(start_s, stop_s, word))
        phone_tier += [lemf.Interval(start_s, middle_s, "A"), lemf.Interval(middle_s, stop_s, "B")]
        reached_s = stop_s
    if end_s > reached_s:
        word_tier.append(lemf.Interval(reached_s, end_s, ""))
        phone_tier.append(lemf.Interval(reached_s, end_s, ""))
    tiers = (
        lemf.IntervalTier("words", 0.0, end_s, tuple(word_tier)),
        lemf.IntervalTier("phones", 0.0, end_s, tuple(phone_tier)),
    )
    return lemf.TextGrid(0.0, end_s, tiers, path)


def build_utterance(
    folder: Path,
    f0_hz: tuple[float, ...],
    amplitudes: tuple[float, ...],
    lengths_s: tuple[float, ...],
) -> Utterance:
    """Words of the given pitch, loudness and length, 0.1 s of faint noise around each."""
    rng = np.random.default_rng(7)
    pieces, words, reached_s = [], [], 0.0
    for name, f0, amplitude, length_s in zip(
        ["one", "two", "three", "four"], f0_hz, amplitudes, lengths_s, strict=False
    ):
        pieces += [np.zeros(round(0.1 * RATE_HZ)), vowel(f0, amplitude, length_s)]
        words.append((name, round(reached_s + 0.1, 6), round(reached_s + 0.1 + length_s, 6)))
        reached_s = words[-1][2]
    pieces.append(np.zeros(round(0.1 * RATE_HZ)))
    samples = np.concatenate(pieces)
    samples = 0.2 * samples + rng.normal(0, 1e-4, len(samples))
    wav, textgrid = folder / "utterance.wav", folder / "utterance.TextGrid"
    soundfile.write(wav, samples, RATE_HZ, subtype="DOUBLE")
    grid = build_grid(words, len(samples) / RATE_HZ)
    lemf.write_textgrid(grid, textgrid)
    return Utterance(wav, textgrid, samples, RATE_HZ, grid)


@pytest.fixture
def utterance(tmp_path: Path) -> Utterance:
    """Three words, the middle one higher, louder and longer."""
    return build_utterance(tmp_path, (120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))


@pytest.fixture
def make_utterance(tmp_path: Path) -> Callable[..., Utterance]:
    """A function of F0s, amplitudes and lengths of the words."""

    def make(
        f0_hz: tuple[float, ...], amplitudes: tuple[float, ...], lengths_s: tuple[float, ...]
    ) -> Utterance:
        return build_utterance(tmp_path, f0_hz, amplitudes, lengths_s)

    return make


@pytest.fixture
def make_grid() -> Callable[..., lemf.TextGrid]:
    """`build_grid`: words with their times -> a TextGrid."""
    return build_grid


def write_corpus(folder: Path, n_files: int) -> Path:
    """Recordings of a quarter of a second, two words each and no two alike, in two folders."""
    for number in range(n_files):
        place = folder / f"speaker{number % 2}"
        place.mkdir(parents=True, exist_ok=True)
        tones = [
            vowel(110.0 + number % 37, 0.1, 0.08),
            np.zeros(320),
            vowel(140.0 + number % 11, 0.2, 0.1),
        ]
        samples = np.concatenate([np.zeros(320), *tones, np.zeros(320)])
        soundfile.write(place / f"{number:04d}.wav", samples, RATE_HZ)
        grid = build_grid([("a", 0.02, 0.1), ("b", 0.12, 0.22)], len(samples) / RATE_HZ)
        (place / f"{number:04d}.TextGrid").write_text(format_textgrid(grid), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def build_corpus() -> Callable[[Path, int], Path]:
    """`write_corpus`: folder, number of files -> the folder."""
    return write_corpus


@pytest.fixture
def make_corpus(tmp_path: Path) -> Callable[[int], Path]:
    """`write_corpus` into the folder `corpus`: number of files -> the folder."""
    return lambda n_files: write_corpus(tmp_path / "corpus", n_files)


@pytest.fixture(scope="session")
def speech_data() -> Path:
    """The folder of real speech, or a skip."""
    folder = os.environ.get("LEMF_SPEECH_DATA")
    if not folder:
        pytest.skip("set LEMF_SPEECH_DATA to the folder of real speech to run this test")
    return Path(folder)


_N_EXAMPLES = os.environ.get("LEMF_FUZZ_EXAMPLES")
_HEADER = 60  # bytes
_LONGEST_MS = 10_000
_HOSTILE = (
    b"\0",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b'""', b"\\", b"\n", b"\r", b"\x1b[2J",
    b"-1", b"1e308", b"1e999", b"nan", b"inf", b"-0", b"0.1", b"0,5", b"9" * 30, b"9" * 5000, b"<",
    b"[" * 3000, b"a" * 20_000, "\u202e\u0660".encode(), b"null", b"{}", b"..", b"/dev/zero",
)  # fmt: skip


def fuzz(
    seeds: Sequence[bytes],
    use: Callable[[bytes], object],
    *,
    max_examples: int,
    tokens: Sequence[bytes] = (),
) -> Counter[str]:
    """Run a function on mutations of files: a result or an error in one line comes out, in 10 s.

    The suite draws the same few examples every time. By hand, with others each time:

        LEMF_FUZZ_EXAMPLES=20000 pytest tests/lemf -k only_lemf_errors

    Parameters
    ----------
    seeds : sequence of bytes
        Contents of good files.
    use : function
        Takes the content of a file; its assertions hold whatever that is.
    max_examples : int
        Examples in the suite.
    tokens : sequence of bytes
        What is inserted besides what is hostile everywhere.

    Returns
    -------
    Counter
        ``"used"`` and ``"refused"``.
    """
    outcomes: Counter[str] = Counter()
    inserted = (*_HOSTILE, *tokens)
    edit = st.tuples(
        st.sampled_from(["set", "flip", "delete", "insert", "double", "cut", "splice"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 400),
        st.integers(0, 255),
        st.integers(0, len(inserted) - 1),
    )
    number = st.integers(0, len(seeds) - 1)

    @settings(
        max_examples=int(_N_EXAMPLES or max_examples),
        derandomize=_N_EXAMPLES is None,
        database=None,
        deadline=_LONGEST_MS,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=number, other=number, edits=st.lists(edit, max_size=3))
    def attack(seed: int, other: int, edits: list[tuple[str, float, int, int, int]]) -> None:
        data = bytearray(seeds[seed])
        for kind, place, length, value, token in edits:
            _edit(data, kind, place, length, value, inserted[token], seeds[other])
        try:
            use(bytes(data))
        except (lemf.LemfError, click.UsageError) as error:
            outcomes["refused"] += 1
            message = str(error)
            assert not UNPRINTABLE.search(message), repr(message)
            assert 0 < len(message) < 500
        else:
            outcomes["used"] += 1

    attack()
    return outcomes


def _edit(
    data: bytearray, kind: str, place: float, length: int, value: int, token: bytes, other: bytes
) -> None:
    """Edit a content in place; half of the edits fall into the header, where they matter most."""
    reach = _HEADER if place < 0.5 else len(data) / 2
    at = int(place * 2 * reach) % max(len(data), 1)
    if kind == "set":
        data[at : at + length % 4 + 1] = bytes([value]) * min(length % 4 + 1, len(data) - at)
    elif kind == "flip" and data:
        data[at] ^= 1 << value % 8
    elif kind == "delete":
        del data[at : at + length]
    elif kind == "insert":
        data[at:at] = token
    elif kind == "double":
        data[at:at] = data[at : at + length] * (value % 5)
    elif kind == "splice":
        data[at : at + length] = other[int(place * len(other)) :][:length]
    else:
        del data[at:]


@pytest.fixture(name="fuzz")
def provide_fuzz() -> Iterator[Callable[..., Counter[str]]]:
    """`fuzz`: contents of good files and a function that takes a content -> counts."""
    resource = pytest.importorskip("resource")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield fuzz
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 2**20  # in kB


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261123)


@pytest.fixture(scope="session")
def page_data() -> Callable[[str], dict[str, Any]]:
    """A function: a page -> what it holds, as its script reads it."""

    def unpack(page: str) -> dict[str, Any]:
        (packed,) = re.findall(r'id="data">([^<&]*)</script>', page)
        deflated = b85decode(packed.translate(str.maketrans(",.", "<&")))
        content: dict[str, Any] = json.loads(zlib.decompress(deflated))
        return content

    return unpack


def find_browser():
    """Return a Chromium, and why there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return os.environ.get("LEMF_BROWSER", found)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium that plays sound without being asked to."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    program = find_browser()
    if program is None:
        pytest.skip(f"needs one of {', '.join(BROWSERS)} on the path")
    flags = [
        "--no-sandbox",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-device-for-media-stream",  # a microphone that beeps
        "--use-fake-ui-for-media-stream",
    ]
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=flags)
        yield chromium
        chromium.close()
