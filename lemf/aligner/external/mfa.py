"""The Montreal Forced Aligner, by its command `mfa align_one`."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lemf.aligner.external.files import read_aligned_words, write_wav
from lemf.aligner.forced import AlignedText
from lemf.aligner.spoken_languages import Language
from lemf.aligner.transcript import TranscriptWord
from lemf.errors import AlignerError, KilledAlignerError
from lemf.reading.alignment_files import read_textgrid
from lemf.reading.audio import Audio
from lemf.runtime.processes import killed_by

_ENGLISH = "english_us_arpa"  # its dictionary and model; others are named as german_mfa


def find_command() -> str:
    """Return the path of the command `mfa`.

    Raises
    ------
    AlignerError
        It is not on the PATH.
    """
    if command := shutil.which("mfa"):
        return command
    raise AlignerError(
        "mfa is not on the PATH; install the Montreal Forced Aligner by conda, or use "
        "--aligner espeak"
    )


def align_with_mfa(
    recording: Audio,
    words: Sequence[TranscriptWord],
    language: Language,
    *,
    dictionary: str | None = None,
    acoustic_model: str | None = None,
) -> AlignedText:
    """Align a recording by the Montreal Forced Aligner.

    Parameters
    ----------
    recording : Audio
    words : sequence of TranscriptWord
    language : Language
    dictionary, acoustic_model : str, optional
        Names or paths, as `mfa align_one` takes them; by default those of the language, such as
        ``german_mfa``, which ``mfa model download`` must have brought.

    Returns
    -------
    AlignedText
        With the words as MFA writes them where it parts them otherwise. Each confidence is 1.

    Raises
    ------
    AlignerError
        The command is not on the PATH, or fails.
    KilledAlignerError
        Its process is killed.
    """
    command = find_command()
    name = language.plain_name.replace(" ", "_")
    model = _ENGLISH if name == "english" else f"{name}_mfa"
    with tempfile.TemporaryDirectory(prefix="lemf-mfa-") as folder:
        sound, text, grid = (Path(folder, f"recording.{end}") for end in ("wav", "lab", "TextGrid"))
        write_wav(sound, recording)
        text.write_text(" ".join(word.spoken for word in words) + "\n", encoding="utf-8")
        models = (dictionary or model, acoustic_model or model)
        options = ("--output_format", "long_textgrid", "--clean", "--quiet")
        result = subprocess.run(
            [command, "align_one", *options, str(sound), str(text), *models, str(grid)],
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
        )
        if number := killed_by(result.returncode):
            raise KilledAlignerError(
                f"{recording.name}: mfa was killed by signal {number}; run the same command again"
            )
        if result.returncode != 0 or not grid.exists():
            lines = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()
            raise AlignerError(
                f"{recording.name}: mfa align_one with {models[1]} fails (exit code "
                f"{result.returncode}): {lines[-1].strip()}"
            )
        aligned = read_aligned_words(read_textgrid(grid), words)
    if not aligned:
        raise AlignerError(f"{recording.name}: mfa align_one finds no word; check the text")
    return AlignedText(aligned, recording.duration_s, 1.0)
