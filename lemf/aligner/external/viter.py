"""viter, which trains on a corpus by the recipe of the Montreal Forced Aligner."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lemf.aligner.external.files import check_package, read_aligned_words, write_wav
from lemf.aligner.forced import AlignedText
from lemf.aligner.transcript import TranscriptWord
from lemf.errors import AlignerError
from lemf.reading.alignment_files import read_textgrid
from lemf.reading.audio import Audio
from lemf.runtime.processes import same_imports

_NO_PHONE = "spn"  # of a word that is not spoken
_THREADS = "RAYON_NUM_THREADS"  # several add up in another order each time, so that edges differ
_COMMAND = "import sys, viter; sys.exit(viter.main(['viter', *sys.argv[1:]]))"


@dataclass(frozen=True, eq=False)
class SpokenRecording:
    """A recording with its words, the phones of each, and the name of its speaker."""

    recording: Audio
    words: Sequence[TranscriptWord]
    phones: Sequence[Sequence[str]]
    speaker: str = ""


def align_with_viter(recordings: Sequence[SpokenRecording]) -> list[AlignedText | None]:
    """Train viter on recordings, and align them.

    Parameters
    ----------
    recordings : sequence of SpokenRecording
        From half an hour of speech on; with less, the times are worse than those of `lemf.align`.

    Returns
    -------
    list of AlignedText or None
        None where viter finds no way through a recording. Each confidence is 1. The same for the
        same recordings.

    Raises
    ------
    AlignerError
        viter cannot train on them.
    MissingPackageError
        It is not installed.
    """
    check_package("viter", "viter")
    if not recordings:
        return []
    speakers = sorted({spoken.speaker for spoken in recordings})
    with tempfile.TemporaryDirectory(prefix="lemf-viter-") as folder:
        corpus, grids = Path(folder, "corpus"), Path(folder, "grids")
        dictionary, model = Path(folder, "dictionary.txt"), Path(folder, "model.viter")
        names = []
        for number, spoken in enumerate(recordings):
            names.append(f"{speakers.index(spoken.speaker)}/{number:07}")
            path = corpus / f"{names[-1]}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, spoken.recording)
        for name, text in zip(names, _spell(recordings, dictionary), strict=True):
            (corpus / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
        _run("train", corpus, "--dict", dictionary, "--out", model, "--cpu", "--seed", "0")
        _run("align", corpus, model, "--dict", dictionary, "--out", grids, "--cpu")
        return [
            _read_words(grids / f"{name}.TextGrid", spoken)
            for name, spoken in zip(names, recordings, strict=True)
        ]


def _run(*arguments: str | Path) -> None:
    """Run a command of viter in a process of its own, which it aborts where data are few."""
    with same_imports():
        result = subprocess.run(
            [sys.executable, "-c", _COMMAND, *map(str, arguments)],
            capture_output=True,
            check=False,
            env={**os.environ, _THREADS: "1"},
            text=True,
            errors="replace",
        )
    if result.returncode != 0:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines and result.returncode > 0 else "it crashes"
        raise AlignerError(
            f"viter {arguments[0]} fails on the corpus (exit code {result.returncode}): {reason}; "
            "it needs about half an hour of speech"
        )


def _spell(recordings: Sequence[SpokenRecording], dictionary: Path) -> list[str]:
    """Write a dictionary, and return the texts in its words: one for each row of phones.

    The same word may sound otherwise in another sentence, and two words may sound alike.
    """
    tokens: dict[tuple[str, ...], str] = {}
    texts = [
        " ".join(
            tokens.setdefault(tuple(names) or (_NO_PHONE,), f"w{len(tokens)}")
            for names in spoken.phones
        )
        for spoken in recordings
    ]
    rows = (f"{token}\t{' '.join(names)}\n" for names, token in tokens.items())
    dictionary.write_text("".join(rows), encoding="utf-8")
    return texts


def _read_words(path: Path, spoken: SpokenRecording) -> AlignedText | None:
    """Return the words that viter found, or None if they are not those of the text."""
    if not path.exists():
        return None
    aligned = read_aligned_words(read_textgrid(path), spoken.words)
    if len(aligned) != len(spoken.words):
        return None
    return AlignedText(aligned, spoken.recording.duration_s, 1.0)
