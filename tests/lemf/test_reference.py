"""A second opinion on every number: recomputed from the paper's sentences with other tools.

The TextGrid is read by praatio, the audio by soundfile, F0 is pyworld's; pooling, z-scores and
scores are plain Python. Nothing of lemf is used but its result.
"""

import cmath
import json
import math
import os
import statistics
import warnings
from pathlib import Path

import numpy as np
import praatio.textgrid
import pytest
import soundfile

import lemf

ATOL = 1e-9
EXAMPLES = Path(__file__).parents[2] / "examples"
SILENCES = {"", "sil", "sp", "spn", "<eps>", "<sil>", "<p:>"}


def reference(wav, textgrid):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyworld

    samples, rate_hz = soundfile.read(wav, dtype="float64")
    f0_hz, times_s = pyworld.harvest(samples, rate_hz, frame_period=5.0)
    size = round(0.020 * rate_hz)
    window = np.array([math.sin(math.pi * n / size) ** 2 for n in range(size)])  # periodic Hann
    energy = []
    for k in range(len(times_s)):
        frame = np.zeros(size)
        first = round(k * 0.005 * rate_hz) - size // 2
        low, high = max(first, 0), min(first + size, len(samples))
        frame[low - first : high - first] = samples[low:high]
        energy.append(math.sqrt(float(np.sum(np.abs(np.fft.rfft(frame * window)) ** 2))))

    grid = praatio.textgrid.openTextgrid(str(textgrid), includeEmptyIntervals=True)
    phones = [e for e in grid.getTier("phones").entries if e.label.lower() not in SILENCES]
    words = []
    for start, end, label in grid.getTier("words").entries:
        if label.lower() in SILENCES:
            continue
        inside = [k for k, t in enumerate(times_s) if start <= t < end]
        voiced = [f0_hz[k] for k in inside if f0_hz[k] > 0]
        own = [p.end - p.start for p in phones if start <= (p.start + p.end) / 2 < end]
        words.append(
            {
                "word": label,
                "pitch": math.log(max(voiced)) if voiced else None,
                "energy": statistics.fmean(energy[k] for k in inside),
                "duration": statistics.fmean(own) if own else None,
            }
        )
    for cue in ("pitch", "energy", "duration"):
        measured = [word[cue] for word in words if word[cue] is not None]
        mean = statistics.fmean(measured) if measured else 0.0
        deviation = statistics.pstdev(measured) if measured else 0.0
        for word in words:
            usable = word[cue] is not None and deviation > 0
            word[f"z_{cue}"] = (word[cue] - mean) / deviation if usable else 0.0
    for word in words:
        word["score"] = 1.0 * word["z_pitch"] + 1.2 * word["z_energy"] + 0.8 * word["z_duration"]
    return words


def shared_utterances():
    folder = os.environ.get("LEMF_SPEECH_DATA")
    if not folder:
        reason = "set LEMF_SPEECH_DATA to the folder of real speech to run this test"
        return [pytest.param(None, None, marks=pytest.mark.skip(reason=reason))]
    root = Path(folder)
    lines = (root / "emodb/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    ids = [json.loads(line)["id"] for line in lines]
    pairs = [(root / f"emodb/wav/{i}.wav", root / f"emodb/textgrid/{i}.TextGrid") for i in ids]
    pairs += [(grid.with_suffix(".wav"), grid) for grid in root.glob("libritts/*.TextGrid")]
    assert len(pairs) == 74
    return [pytest.param(*pair, id=pair[0].stem) for pair in sorted(pairs)]


def assert_agrees(wav, textgrid):
    expected = reference(wav, textgrid)
    found = lemf.score(wav, textgrid).to_dict()["sentences"][0]["words"]
    assert [word["word"] for word in found] == [word["word"] for word in expected]
    for ours, theirs in zip(found, expected, strict=True):
        for name, value in theirs.items():
            if isinstance(value, float):
                assert ours[name] == pytest.approx(value, abs=ATOL), (ours["word"], name)
            else:
                assert ours[name] == value
    best = max(expected, key=lambda word: word["score"])
    assert expected.index(best) == next(w["index"] for w in found if w["rank"] == 1)


@pytest.mark.parametrize("name", ["really", "didnt"])
def test_agrees_on_the_example(name):
    assert_agrees(EXAMPLES / f"{name}.wav", EXAMPLES / f"{name}.TextGrid")


@pytest.mark.parametrize(("wav", "textgrid"), shared_utterances())
def test_agrees_on_real_speech(wav, textgrid):
    assert_agrees(wav, textgrid)


def test_the_reference_uses_the_spectrum_it_says():
    # one-sided norm of a frame by the definition of the DFT, against numpy's rfft
    frame = [0.1, -0.4, 0.3, 0.2, -0.1, 0.5]
    bins = [
        sum(x * cmath.exp(-2j * math.pi * k * n / 6) for n, x in enumerate(frame)) for k in range(4)
    ]
    assert np.linalg.norm(np.fft.rfft(frame)) == pytest.approx(
        math.sqrt(sum(abs(b) ** 2 for b in bins)), abs=1e-12
    )
