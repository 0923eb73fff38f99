"""Write what the commands of `compare_outputs.py` read beside the examples and the real speech.

    python benchmarks/compared/inputs.py FOLDER DATA NAME...

Writes FOLDER/NAME for each name: recordings and TextGrids that are hard to read, a corpus with
faulty files, labels for EmoDB's other alignments, look-alikes of releases that cannot be shipped,
and small models. DATA is the folder of real speech. Nothing here is random:
the same call writes the same bytes. All files get the same date, because runs over corpora keep it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from models import write_encoder, write_random_whisper, write_whisper
from numpy.typing import NDArray

import lemf

EXAMPLES = Path(__file__).parents[2] / "examples"
RATE_HZ = 16_000
DATE = 1_700_000_000


def write_speech(folder: Path, data: Path) -> None:
    """Write the example in other formats, and what is wrong with recordings and TextGrids."""
    import parselmouth

    samples, rate_hz = soundfile.read(EXAMPLES / "really.wav")
    stereo = np.column_stack([samples, 0.3 * samples[::-1]])
    for name, values, rate, subtype in (
        ("stereo.wav", stereo, rate_hz, "PCM_16"),
        ("stereo.flac", stereo, rate_hz, "PCM_16"),
        ("float.wav", samples, rate_hz, "FLOAT"),
        ("loud.wav", np.clip(20 * samples, -1, 1), rate_hz, "PCM_24"),
        ("slow.wav", samples, rate_hz // 2, "PCM_16"),
        ("silent.wav", 0 * samples, rate_hz, "PCM_16"),
        ("nan.wav", np.where(np.arange(len(samples)) == 99, np.nan, samples), rate_hz, "FLOAT"),
        ("short.wav", samples[:800], rate_hz, "PCM_16"),
        ("none.wav", samples[:0], rate_hz, "PCM_16"),
    ):
        soundfile.write(folder / name, values, rate, subtype=subtype)
    (folder / "text.wav").write_text("no recording\n")
    write_tiled(folder, samples, rate_hz)
    grid = EXAMPLES / "really.TextGrid"
    text = grid.read_text(encoding="utf-8")
    read = parselmouth.read(str(grid))
    read.save_as_binary_file(str(folder / "binary.TextGrid"))
    read.save_as_short_text_file(str(folder / "short.TextGrid"))
    (folder / "utf16.TextGrid").write_text(text, encoding="utf-16")
    (folder / "crlf.TextGrid").write_text(text, encoding="utf-8-sig", newline="\r\n")
    (folder / "half.TextGrid").write_text(text[: len(text) // 2])
    (folder / "empty.TextGrid").write_text("")
    lemf.write_textgrid(lemf.TextGrid(0.0, 1.0, ()), folder / "bare.TextGrid")
    weights = {"cues": "listeners", "weights": {"loudness": 2.0, "pitch_area": 0.5}}
    (folder / "weights.json").write_text(json.dumps(weights))
    (folder / "wrong.json").write_text('{"weights": {"loudness": "much"}}')


def write_tiled(folder: Path, samples: NDArray[np.float64], rate_hz: int) -> None:
    """Write the example over and over, long enough to be analysed in pieces."""
    length_s, times = len(samples) / rate_hz, 35
    soundfile.write(folder / "tiled.wav", np.tile(samples, times), rate_hz)
    tiers = tuple(
        lemf.IntervalTier(
            tier.name,
            0.0,
            times * length_s,
            tuple(
                lemf.Interval(i * length_s + one.start_s, i * length_s + one.end_s, one.label)
                for i in range(times)
                for one in tier.intervals
                if one.label
            ),
        )
        for tier in lemf.read_textgrid(EXAMPLES / "really.TextGrid").tiers
    )
    lemf.write_textgrid(lemf.TextGrid(0.0, times * length_s, tiers), folder / "tiled.TextGrid")


def write_corpus(folder: Path, data: Path) -> None:
    """Write two speakers, a recording without a TextGrid and faulty files; and manifests."""
    speech = folder.with_name("speech")
    for speaker, name in (("anna", "really"), ("anna", "didnt"), ("bert", "really")):
        for suffix in ("wav", "TextGrid"):
            place = folder / "good" / speaker
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(EXAMPLES / f"{name}.{suffix}", place / f"{name}.{suffix}")
    shutil.copytree(folder / "good", folder / "bad")
    for name in ("silent", "nan", "text", "none", "stereo"):
        shutil.copy(speech / f"{name}.wav", folder / "bad" / f"{name}.wav")
        shutil.copy(EXAMPLES / "really.TextGrid", folder / "bad" / f"{name}.TextGrid")
    for name in ("half", "bare"):
        shutil.copy(EXAMPLES / "really.wav", folder / "bad" / f"{name}.wav")
        shutil.copy(speech / f"{name}.TextGrid", folder / "bad" / f"{name}.TextGrid")
    shutil.copy(EXAMPLES / "didnt.wav", folder / "bad/alone.wav")
    shutil.copy(EXAMPLES / "didnt.TextGrid", folder / "bad/unused.TextGrid")
    (folder / "manifest.csv").write_text(
        "id,audio,textgrid,channel,mine\n"
        "one,good/anna/really.wav,good/anna/really.TextGrid,,x\n"
        "two,bad/stereo.wav,good/anna/really.TextGrid,2,y\n"
    )
    (folder / "twice.csv").write_text(
        "id,audio,textgrid\n" + "same,good/anna/really.wav,good/anna/really.TextGrid\n" * 2
    )
    rows = [
        {"wav": "good/anna/really.wav", "alignment": "good/anna/really.TextGrid", "fold": 1,
         "transcript": "I really didn't mean that", "speaker": "anna", "gender": "f", "val": 1.5,
         "arousal": 4, "dominance": 3.25, "split": "train", "emotion": "neutral", "note": "x"},
        {"wav": "good/anna/didnt.wav", "alignment": "good/anna/didnt.TextGrid", "fold": 2,
         "transcript": "I really didn't mean that", "speaker": "anna", "gender": "f", "val": None,
         "arousal": 5, "dominance": 2.5, "split": "dev", "emotion": "anger", "note": "y"},
        {"wav": "good/bert/really.wav", "alignment": None, "transcript": None, "fold": None,
         "speaker": "bert", "gender": "Male", "val": 6.5, "arousal": 4.5, "dominance": 1,
         "split": "test 1", "emotion": None, "note": None},
        {"wav": "bad/text.wav", "alignment": None, "transcript": "x", "fold": 2, "speaker": "bert",
         "gender": "Male", "val": 2, "arousal": 4.5, "dominance": 1, "split": "test 1",
         "emotion": None, "note": None},
    ]  # fmt: skip
    cells = [["" if row[key] is None else str(row[key]) for key in rows[0]] for row in rows]
    lines = [list(rows[0]), *cells]
    (folder / "table.csv").write_text("".join(",".join(line) + "\n" for line in lines))
    (folder / "table.tsv").write_text("".join("\t".join(line) + "\n" for line in lines))
    (folder / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "rows.toml").write_text(
        'preset = "tiny"\n\n[[rows]]\nname = "audio"\n'
        'model = { semantics = [], intra = "none", fusion = "none", text_dim = 16 }\n\n'
        '[[rows]]\nname = "GS"\n'
        'model = { semantics = ["gs"], intra = "none", fusion = "film", text_dim = 16 }\n'
    )
    speakers = [f"{row['speaker']},{row['wav']},so I {i}" for i, row in enumerate(rows[:3])]
    (folder / "speech.csv").write_text("who,wav,es\n" + "".join(f"{row}\n" for row in speakers))


def write_labels(folder: Path, data: Path) -> None:
    """Write labels and scores of EmoDB for the alignments beside its own, and faulty ones."""
    text = (data / "emodb/metadata.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    for name in ("textgrid-praat", "textgrid-espeak"):
        labels = [
            {"id": row["id"], "audio": str(data / "emodb" / row["file"]), "speaker": row["speaker"],
             "textgrid": str(data / f"emodb/{name}/{row['id']}.TextGrid"), "text": row["text"],
             "ratings": [word["stress_max"] for word in row["words"]]}
            for row in rows
        ]  # fmt: skip
        lines = [json.dumps(label) + "\n" for label in labels]
        (folder / f"{name}.jsonl").write_text("".join(lines))
    few = [row for row in rows if row["n_tied_top"] == 1][:8]
    lines = [
        f"{data}/emodb/{row['file']},{data}/emodb/textgrid/{row['id']}.TextGrid,{row['top_word']}\n"
        for row in few
    ]
    (folder / "meant.csv").write_text("audio,textgrid,emphasised\n" + "".join(lines))
    (folder / "faulty.jsonl").write_text(json.dumps({"audio": "a.wav", "ratings": [1]}) + "\n")
    scores = [
        f"{row['id']},{index},{word['stress_max'] * (-1) ** index}\n"
        for row in rows
        for index, word in enumerate(row["words"])
    ]
    (folder / "scores.csv").write_text("id,index,score\n" + "".join(scores))


def write_tone(path: Path, length_s: float) -> None:
    """Write a harmonic tone that grows louder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * 140 * k * times_s) / k for k in range(1, 8))
    soundfile.write(path, 0.1 * wave * np.linspace(0.5, 1, len(times_s)), RATE_HZ)


def write_iemocap(folder: Path, data: Path) -> None:
    """Write five sessions of three utterances in the release's layout, with invented values."""
    columns, end = "\t SFrm\t EFrm\t SegAScr ", " Total score:     -6318920\n"
    words = ((0, 9, "<s>"), (10, 39, "DON'T(2)"), (45, 69, "SAY"), (70, 99, "</s>"))
    phones = ((0, 9, "SIL"), (10, 19, "D SIL OW b"), (20, 39, "OW D N i"), (45, 69, "S EY b"))
    for number in range(1, 6):
        session, dialogue = folder / f"Session{number}", f"Ses0{number}F_impro01"
        said, judged = [], ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
        for turn, emotion in (("F000", "neu"), ("M000", "ang"), ("M001", "xxx")):
            name, k = f"{dialogue}_{turn}", len(said) + 3 * number
            said.append(f"{name} [006.2901-008.2357]: Don't say {k}, please.")
            labels = f"[{1 + 0.1 * k:.4f}, {4.5 - 0.1 * k:.4f}, {2 + 0.05 * k:.4f}]"
            judged += [f"[{6.29 + k:.4f} - {7.2 + k:.4f}]\t{name}\t{emotion}\t{labels}", ""]
            write_tone(session / f"sentences/wav/{dialogue}/{name}.wav", 1.0)
            aligned = session / f"sentences/ForcedAlignment/{dialogue}"
            aligned.mkdir(parents=True, exist_ok=True)
            for suffix, kind, rows in (("wdseg", "Word", words), ("phseg", "Phone", phones)):
                lines = [f"\t{start}\t{stop}\t-1\t{label}\n" for start, stop, label in rows]
                cut = k == 17  # the last one of all, as a full disk leaves it
                text = "".join([columns + kind + "\n", *lines, "" if cut else end])
                (aligned / f"{name}.{suffix}").write_text(text)
        for place, lines in (("EmoEvaluation", judged), ("transcriptions", said)):
            path = session / f"dialog/{place}/{dialogue}.txt"
            path.parent.mkdir(parents=True)
            path.write_text("\n".join([*lines, ""]))


def write_msp_podcast(folder: Path, data: Path) -> None:
    """Write look-alikes of the releases 1.6 and 1.12, with invented values."""
    names = ["EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set"]
    rows = {
        "MSP-PODCAST_0001_0008": ("N", 2.2, 4.0, 2.6, "30", "Male", "Train"),
        "MSP-PODCAST_0001_0009": ("A", 3.777778, 3.555556, 3.8, "39", "Female", "Development"),
        "MSP-PODCAST_0866_0074": ("H", 5.1, 6.3, 4.7, "Unknown", "Unknown", "Test1"),
    }
    old, new = folder / "MSP-PODCAST-Publish-1.6", folder / "MSP-PODCAST-1.12"
    for name in rows:
        write_tone(old / f"Audios/{name}.wav", 0.5)
        write_tone(new / f"Audios/{name}.wav", 0.5)
    for place in (old / "label", new / "Labels", new / "Transcripts", new / "ForceAligned"):
        place.mkdir()
    lines = [f"{name}.wav,{','.join(map(str, values))}\n" for name, values in rows.items()]
    header = ",".join(["FileName", *names]) + "\n"
    table = header + "".join(lines).replace("Development", "Validation")
    (old / "label/labels_concensus.csv").write_text(table)
    content = {
        f"{name}.wav": dict(zip(names, values, strict=True)) for name, values in rows.items()
    }
    (new / "Labels/labels_consensus.json").write_text(json.dumps(content))
    first = next(iter(rows))
    (new / f"Transcripts/{first}.txt").write_text("  I really\ndidn't. \n")
    tiers = tuple(
        lemf.IntervalTier(name, 0.0, 0.5, (lemf.Interval(0.0, 0.5, label),))
        for name, label in (("words", "hello"), ("phones", "HH"))
    )
    lemf.write_textgrid(lemf.TextGrid(0.0, 0.5, tiers), new / f"ForceAligned/{first}.TextGrid")


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "speech": write_speech,
    "corpus": write_corpus,
    "labels": write_labels,
    "iemocap": write_iemocap,
    "msp-podcast": write_msp_podcast,
    "encoder": write_encoder,
    "whisper": write_whisper,
    "random-whisper": write_random_whisper,
}


def main() -> None:
    """Write the inputs that are named and not there yet."""
    folder, data = Path(sys.argv[1]), Path(sys.argv[2])
    for name in (name for name in WRITERS if name in sys.argv[3:]):
        if not (folder / name).exists():
            part = folder / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            WRITERS[name](part, data)
            for path in part.rglob("*"):
                os.utime(path, (DATE, DATE))
            part.rename(folder / name)


if __name__ == "__main__":
    main()
