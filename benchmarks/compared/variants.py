"""Ordinary variants of good recordings and TextGrids, for `ordinary_variants.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from math import gcd
from pathlib import Path

import numpy as np
import parselmouth
import soundfile
from numpy.typing import NDArray
from parselmouth.praat import call
from scipy.signal import resample_poly

import lemf

FloatArray = NDArray[np.float64]
Tier = lemf.IntervalTier | lemf.PointTier
Variant = tuple[str, list[str]]  # name, arguments of lemf score

# Audio and TextGrid below the data, and options.
SEEDS = {
    "emodb": ("emodb/wav/03a01Fa.wav", "emodb/textgrid/03a01Fa.TextGrid"),
    "emodb-praat": ("emodb/wav/08a01Na.wav", "emodb/textgrid-praat/08a01Na.TextGrid"),
    "emodb-espeak": ("emodb/wav/14a02Ab.wav", "emodb/textgrid-espeak/14a02Ab.TextGrid"),
    "lj": ("libritts/LJ050-0278.wav", "libritts/LJ050-0278.TextGrid"),
    "libritts": (
        "libritts/7127_75947_000010_000000.wav",
        "libritts/7127_75947_000010_000000.TextGrid",
    ),
    "polyglot": (
        "textgrids/polyglotdb/acoustic_corpus.wav",
        "textgrids/polyglotdb/acoustic_corpus.TextGrid",
    ),
    "mary": ("textgrids/praatio/mary.wav", "textgrids/praatio/mary.TextGrid"),
}
HELP = {  # options with which others are scored
    "dialogId_turnId_spkId": ["--duration", "word"],
    "pronunc_variants_corpus": ["--duration", "word"],
    "bobby_words_with_newlines": ["--duration", "word"],
    "fave_test": ["--speaker", "Gary Salvi"],
    "fave_test2": ["--speaker", "Rose Pseudonym"],
    "fave_stereo": ["--speaker", "Speaker 1"],
    "2speakers": ["--speaker", "Speaker 1"],
    "overlapped": ["--speaker", "Speaker 2"],
    "tobi": ["--duration", "word"],
}
FILES = {  # suffix of the name -> arguments of soundfile.write
    "pcm16.wav": ("WAV", "PCM_16"),
    "pcm24.wav": ("WAV", "PCM_24"),
    "pcm32.wav": ("WAV", "PCM_32"),
    "float.wav": ("WAV", "FLOAT"),
    "double.wav": ("WAV", "DOUBLE"),
    "8bit.wav": ("WAV", "PCM_U8"),
    "mulaw.wav": ("WAV", "ULAW"),
    "alaw.wav": ("WAV", "ALAW"),
    "extensible.wav": ("WAVEX", "PCM_16"),
    "rf64.wav": ("RF64", "PCM_16"),
    "a.w64": ("W64", "PCM_16"),
    "a.aiff": ("AIFF", "PCM_16"),
    "a.au": ("AU", "PCM_16"),
    "a.caf": ("CAF", "PCM_16"),
    "16.flac": ("FLAC", "PCM_16"),
    "24.flac": ("FLAC", "PCM_24"),
    "a.ogg": ("OGG", "VORBIS"),
    "opus.ogg": ("OGG", "OPUS"),
    "a.mp3": ("MP3", "MPEG_LAYER_III"),
    "nist.sph": ("NIST", "PCM_16"),
}
RATES_HZ = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
LEVELS_DB = (-40, -20, -6)
SETTINGS = (
    ["--cues", "listeners"],
    ["--cues", "all"],
    ["--sentences", "pause:0.2"],
    ["--normalise", "recording", "--sentences", "pause:0.1"],
    ["--pitch", "praat"],
    ["--pitch", "pyworld"],
    ["--pitch-range", "60-500"],
    ["--duration", "word"],
    ["--weights", "pitch=2,energy=0"],
)
ENCODINGS = {"utf-8": "utf-8", "bom": "utf-8-sig", "utf-16-le": "utf-16-le", "utf-16": "utf-16-be"}
TIER_NAMES = (
    ("word", "phone"),
    ("Words", "Phones"),
    ("ORT-MAU", "MAU"),
    ("WRD", "segments"),
    ("KAN", "phoneme"),
    ("Anna - words", "Anna - phones"),
    ("Anna B. - word", "Anna B. - phone"),
)
SILENCES = ("", "sil", "sp", "SIL", "<eps>", "<sil>", "<p:>")


def write_variants(folder: Path, data: Path) -> Iterator[Variant]:
    """Write the variants below a folder, and return what scores each of them."""
    yield from as_they_are(folder, data)
    for name, (audio, grid) in SEEDS.items():
        seed = folder / name
        seed.mkdir()
        yield from audio_variants(name, seed, data / audio, data / grid)
        yield from encoded_grids(name, seed, data / audio, data / grid)
        yield from changed_grids(name, seed, data / audio, data / grid)
        for options in SETTINGS:
            arguments = [str(data / audio), str(data / grid), *options]
            yield f"{name} {' '.join(options)}", arguments


def as_they_are(folder: Path, data: Path) -> Iterator[Variant]:
    """Return every shared TextGrid with its recording, or one made for it."""
    for grid in sorted(data.rglob("*.TextGrid")):
        places = [
            grid.with_name(f"{stem}.wav") for stem in (grid.stem, grid.stem.partition("_")[0])
        ]
        places.append(grid.parents[1] / "wav" / f"{grid.stem}.wav")
        audio = next((place for place in places if place.is_file()), None)
        name = grid.relative_to(data).as_posix()
        made = folder / f"{name.replace('/', '-')}.wav"
        if audio is None:
            write_hum(made, lemf.read_textgrid(grid))
        yield name, [str(audio or made), str(grid)]
        if grid.stem in HELP:
            yield f"{name}, helped", [str(audio or made), str(grid), *HELP[grid.stem]]


def write_hum(path: Path, grid: lemf.TextGrid) -> None:
    """Write a recording of the length of a TextGrid: a hum of moving pitch and level."""
    times_s = np.arange(round(grid.end_s * 16_000)) / 16_000
    phase = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 0.7 * times_s)) / 16_000
    hum = sum(np.sin(k * phase) / k for k in range(1, 8)) * (1 + 0.3 * np.sin(9 * times_s))
    soundfile.write(path, 0.1 * hum, 16_000)


def audio_variants(name: str, folder: Path, audio: Path, grid: Path) -> Iterator[Variant]:
    """Write the recording in other formats, rates, channels and levels."""
    samples, rate_hz = soundfile.read(audio, always_2d=True)
    mono = samples[:, 0]

    def write(
        what: str, values: FloatArray, rate: int, kind: tuple[str, str], *options: str
    ) -> Variant:
        path = folder / what
        soundfile.write(path, values, rate, format=kind[0], subtype=kind[1])
        return f"{name} {what}", [str(path), str(grid), *options]

    at_16khz = resampled(mono, rate_hz, 16_000)
    for what, kind in FILES.items():
        yield write(what, at_16khz, 16_000, kind)
    for new_hz in RATES_HZ:
        yield write(f"{new_hz}.wav", resampled(mono, rate_hz, new_hz), new_hz, ("WAV", "PCM_16"))
    for level_db in LEVELS_DB:
        yield write(f"{level_db}dB.wav", mono * 10 ** (level_db / 20), rate_hz, ("WAV", "PCM_24"))
    both = np.column_stack([mono, mono])
    left = np.column_stack([mono, 0 * mono])
    yield write("stereo.wav", both, rate_hz, ("WAV", "PCM_16"))
    yield write("stereo-mix.wav", both, rate_hz, ("WAV", "PCM_16"), "--channel", "mix")
    yield write("left.wav", left, rate_hz, ("WAV", "PCM_16"), "--channel", "1")
    yield write("left.flac", left, rate_hz, ("FLAC", "PCM_16"), "--channel", "1")
    yield write("normalised.wav", 0.95 * mono / abs(mono).max(), rate_hz, ("WAV", "PCM_16"))


def resampled(samples: FloatArray, rate_hz: int, new_hz: int) -> FloatArray:
    """Return samples at another rate, within full scale."""
    factor = gcd(rate_hz, new_hz)
    values: FloatArray = resample_poly(samples, new_hz // factor, rate_hz // factor)
    return np.clip(values, -1.0, 1 - 2**-15)


def encoded_grids(name: str, folder: Path, audio: Path, grid: Path) -> Iterator[Variant]:
    """Write the TextGrid as Praat saves it, and in the encodings and line ends of systems."""
    read = parselmouth.read(str(grid))
    for kind in ("text file", "short text file", "chronological text file", "binary file"):
        path = folder / f"{kind.replace(' ', '-')}.TextGrid"
        call(read, f"Save as {kind}", str(path))
        yield f"{name} saved by Praat as {kind}", [str(audio), str(path)]
    path = folder / "long.TextGrid"
    lemf.write_textgrid(lemf.read_textgrid(grid), path)
    text = path.read_text(encoding="utf-8")
    for kind, encoding in ENCODINGS.items():
        for end in ("\n", "\r\n", "\r"):
            path = folder / f"{kind}-{end!r}.TextGrid".replace("\\", "")
            mark = "\ufeff" if kind.startswith("utf-16") else ""
            path.write_bytes((mark + text).replace("\n", end).encode(encoding))
            yield f"{name} in {kind}, lines end by {end!r}", [str(audio), str(path)]


def changed_grids(name: str, folder: Path, audio: Path, grid: Path) -> Iterator[Variant]:
    """Write the TextGrid with other tiers, gaps and labels of silence."""
    read = lemf.read_textgrid(grid)
    words, phones = (
        next(tier for tier in read.tiers if tier.name.lower() in names)
        for names in (lemf.WORD_TIER_NAMES, lemf.PHONE_TIER_NAMES)
    )
    assert isinstance(words, lemf.IntervalTier)
    assert isinstance(phones, lemf.IntervalTier)
    made: dict[str, tuple[tuple[Tier, ...], list[str]]] = {}

    def add(what: str, *tiers: Tier, options: tuple[str, ...] = ()) -> None:
        made[what] = tiers, list(options)

    # tiers
    for names in TIER_NAMES:
        renamed = [replace(one, name=new) for one, new in zip((words, phones), names, strict=True)]
        add(f"tiers {' and '.join(names)}", *renamed)
    text = " ".join(one.label for one in words.intervals if one.label.strip())
    whole = (lemf.Interval(words.start_s, words.end_s, text),)
    utterance = lemf.IntervalTier("utterance", words.start_s, words.end_s, whole)
    remarks = replace(utterance, name="comment", intervals=(replace(whole[0], label=""),))
    points = tuple(lemf.Point(one.start_s, "L*") for one in words.intervals[1:])
    tones = lemf.PointTier("tones", words.start_s, words.end_s, points)
    add("phones first", phones, words)
    add("an utterance tier", utterance, words, phones)
    add("tones and remarks", words, phones, tones, remarks)
    add("words alone", words, options=("--duration", "word"))
    add("words and utterance", words, utterance, options=("--duration", "word"))
    add("a sentence tier", utterance, words, phones, options=("--sentences", "utterance"))
    anna, ben = (
        [replace(words, name=f"{who} - words"), replace(phones, name=f"{who} - phones")]
        for who in ("Anna", "Ben")
    )
    add("two speakers", *anna, *ben, options=("--speaker", "Anna"))
    silent = [replace(one, intervals=remarks.intervals) for one in ben]
    add("a silent speaker", *anna, *silent)

    # gaps, silence and labels
    add("no interval for gaps", *(without_gaps(one) for one in (words, phones)))
    add("intervals for gaps", *(with_gaps(one) for one in (words, phones)))
    for label in SILENCES:
        add(f"silence is {label!r}", *(relabelled(one, label) for one in (words, phones)))
    add("silence is '#', as told", *(relabelled(one, "#") for one in (words, phones)),
        options=("--silence", "#"))  # fmt: skip
    add("gaps on the phone tier only", without_gaps(words), relabelled(phones, "sil"))
    add("WORDS IN CAPITALS", with_labels(words, str.upper), phones)
    blanked = (with_labels(one, lambda label: f" {label} ") for one in (words, phones))
    add("blanks around labels", *blanked)
    spoken = without_gaps(words)
    add("words with punctuation", with_labels(spoken, lambda label: f"{label},"), phones)
    for what, (tiers, options) in made.items():
        path = folder / f"{len(list(folder.iterdir()))}.TextGrid"
        lemf.write_textgrid(lemf.TextGrid(read.start_s, read.end_s, tiers), path)
        yield f"{name} {what}", [str(audio), str(path), *options]


def is_gap(interval: lemf.Interval) -> bool:
    """Check whether an interval of a good file holds silence."""
    return interval.label.strip().lower() in {"", "sil", "sp", "<sil>", "<p:>"}


def without_gaps(tier: lemf.IntervalTier) -> lemf.IntervalTier:
    """Leave out the intervals of silence."""
    return replace(tier, intervals=tuple(one for one in tier.intervals if not is_gap(one)))


def with_gaps(tier: lemf.IntervalTier) -> lemf.IntervalTier:
    """Add an empty interval wherever there is none."""
    spoken = without_gaps(tier).intervals
    edges_s = [tier.start_s, *(t for one in spoken for t in (one.start_s, one.end_s)), tier.end_s]
    labels = ["", *(label for one in spoken for label in (one.label, ""))]
    return replace(
        tier,
        intervals=tuple(
            lemf.Interval(start_s, end_s, label)
            for (start_s, end_s), label in zip(pairwise(edges_s), labels, strict=True)
            if end_s > start_s
        ),
    )


def relabelled(tier: lemf.IntervalTier, label: str) -> lemf.IntervalTier:
    """Rename the labels of silence."""
    return with_labels(with_gaps(tier), lambda old: old or label)


def with_labels(tier: lemf.IntervalTier, change: Callable[[str], str]) -> lemf.IntervalTier:
    """Change the labels."""
    changed = (replace(one, label=change(one.label)) for one in tier.intervals)
    return replace(tier, intervals=tuple(changed))
