"""Calls in Python whose results `compare_outputs.py` compares: `python compared/calls.py NAME`.

Only public names are used. What a call prints and writes counts; arrays are written as they are, or
printed as the SHA-256 of their bytes where there are many.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

import lemf

WAV, GRID = "examples/really.wav", "examples/really.TextGrid"


def results() -> None:
    """Print results as dict, rows, HTML, data frame and fields, and draw one."""
    for settings in (lemf.Settings(), lemf.Settings(cues="listeners", normalise="recording")):
        emphasis, name = lemf.score(WAV, GRID, settings), settings.cues
        Path(f"{name}.dict.json").write_text(json.dumps(emphasis.to_dict(), indent=1))
        Path(f"{name}.rows.json").write_text(json.dumps(emphasis.to_rows(), indent=1))
        Path(f"{name}.html").write_text(emphasis._repr_html_())
        emphasis.to_dataframe().to_csv(f"{name}.csv")
        lemf.draw(emphasis)[0].figure.savefig(f"{name}.png")
        print(emphasis.rate_hz, emphasis.duration_s, emphasis.notes, emphasis.segment)
        print(*emphasis.words, *(one.ranked for one in emphasis.sentences), sep="\n")


def arrays() -> None:
    """Score arrays and objects in place of files; write the contours."""
    samples, rate_hz = soundfile.read("inputs/speech/stereo.wav")
    audio = lemf.read_audio("inputs/speech/stereo.wav", channel=2)
    grid = lemf.read_textgrid(GRID)
    settings = lemf.Settings(cues="all", channel=2)
    for name, emphasis in {
        "audio": lemf.score(audio, grid, settings),
        "samples": lemf.score(samples, grid, settings, rate_hz=rate_hz),
        "float32": lemf.score(samples[:, 0].astype(np.float32), GRID, rate_hz=rate_hz),
    }.items():
        Path(f"{name}.json").write_text(json.dumps(emphasis.to_dict(), indent=1))
        print(name, emphasis.notes)
    contours = lemf.score(audio, grid, settings).contours
    for name in ("times_s", "f0_hz", "energy"):
        np.save(f"{name}.npy", getattr(contours, name))
    np.save("detail.npy", [contours.detail.mid_energy, contours.detail.periodicity])


def harvest() -> None:
    """Track F0 with several threads, periods and ranges, and in numpy; write it."""
    samples, rate_hz = soundfile.read(WAV)
    np.save("default.npy", lemf.harvest(samples, rate_hz))
    np.save("threads.npy", lemf.harvest(samples, rate_hz, threads=2, period_ms=1.0))
    np.save("low.npy", lemf.harvest(np.float32(samples), rate_hz, floor_hz=50, ceiling_hz=300))


def harvest_in_numpy() -> None:
    """Track F0 as where the compiled extension is missing; write it."""
    sys.modules["lemf._harvest"] = None
    np.save("numpy.npy", lemf.harvest(*soundfile.read(WAV)))


def harvest_of_corpora() -> None:
    """Track F0 of all recordings of LibriSpeech and LJSpeech."""
    for path in _list_files("data/librispeech/*.flac", "data/ljspeech/*.wav"):
        print(path, _digest(*lemf.harvest(*soundfile.read(path))))


def textgrids() -> None:
    """Read every TextGrid, write it, and read what was written."""
    for path in _list_files("data/*/**/*.TextGrid", "inputs/speech/*.TextGrid"):
        try:
            grid = lemf.read_textgrid(path)
        except lemf.LemfError:
            print(path, "is refused")
            continue
        written = Path("written") / path.relative_to(path.parts[0])
        written.parent.mkdir(parents=True, exist_ok=True)
        lemf.write_textgrid(grid, written)
        print(path, grid.start_s, grid.end_s, lemf.read_textgrid(written).tiers == grid.tiers)
        print(*grid.tiers, sep="\n")


def cluster() -> None:
    """Run `lemf batch` on the workers of a dask scheduler."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as made:
        command = ["-m", "lemf", "batch", "inputs/corpus/good", "-o", "a.parquet", "--cluster"]
        subprocess.run([sys.executable, *command, made.scheduler_address], check=True)


def kimi_replies() -> None:
    """Write a usable reply and one that is none, as Kimi-Audio's worker does."""
    jobs = [json.loads(line) for line in Path("jobs.jsonl").read_text().splitlines()]
    described = {
        "free_emotion": "calm", "emotion": "Neutral", "explanation": "", "scenario": "at home",
        "paralinguistics": ["even"], "gender": "male",
    }  # fmt: skip
    outcomes = ({"reply": json.dumps(described)}, {"reply": "no JSON"})
    lines = [
        json.dumps({"key": job["key"], "model": "kimi", **outcome}) + "\n"
        for job, outcome in zip(jobs, outcomes, strict=True)
    ]
    Path("replies.jsonl").write_text("".join(lines))


def predictions() -> None:
    """Predict from a trained model; print what its run and its corpus hold."""
    import msfser

    model = msfser.MsfSer.from_pretrained("run/best")
    for one in msfser.predict_files(model, [Path(WAV), Path("corpus/audio/m00003.wav")]):
        print(one.wav, one.whole.values, one.texts)
    print(*msfser.find_speech([Path("examples")]), sep="\n")
    print(*msfser.read_manifest(Path("corpus")).utterances, sep="\n")
    print(msfser.read_predictions(Path("run/evaluation/predictions.parquet")))


def _list_files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in Path().glob(pattern))


def _digest(*values: NDArray[np.float64]) -> str:
    return hashlib.sha256(b"".join(one.tobytes() for one in values)).hexdigest()


if __name__ == "__main__":
    CALLS = {
        "results": results,
        "arrays": arrays,
        "harvest": harvest,
        "harvest_in_numpy": harvest_in_numpy,
        "harvest_of_corpora": harvest_of_corpora,
        "textgrids": textgrids,
        "cluster": cluster,
        "kimi_replies": kimi_replies,
        "predictions": predictions,
    }
    CALLS[sys.argv[1]]()
