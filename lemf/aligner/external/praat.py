"""Praat's aligner, through parselmouth: a synthesised sentence is warped onto the recording."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lemf.aligner.external.files import check_package, write_wav
from lemf.aligner.forced import AlignedPhone, AlignedText, AlignedWord
from lemf.aligner.spoken_languages import Language
from lemf.aligner.spoken_phones import find_owners
from lemf.aligner.transcript import TranscriptWord
from lemf.errors import AlignerError, KilledAlignerError
from lemf.reading.audio import Audio
from lemf.runtime.processes import killed_by, same_imports

_COMMANDS = str.maketrans("<>[]|", "     ")
_SCRIPT = Path(__file__).with_name("praat_process.py")
_STRESS_MARKS = str.maketrans("", "", "\u02c8\u02cc")


def align_with_praat(
    recording: Audio,
    words: Sequence[TranscriptWord],
    phones: Sequence[Sequence[str]],
    language: Language,
) -> AlignedText:
    """Align a recording by Praat.

    Parameters
    ----------
    recording : Audio
    words : sequence of TranscriptWord
    phones : sequence of sequences of str
        The names of the phones of each word, by which those that Praat finds are shared out:
        it joins words such as "in the".
    language : Language

    Returns
    -------
    AlignedText
        A word of which Praat finds no phone is left out, with a note. Each confidence is 1.

    Raises
    ------
    AlignerError
        Praat does not speak the language, or finds nothing.
    KilledAlignerError
        Its process is killed twice.
    MissingPackageError
        parselmouth is not installed.
    """
    found = _find_phones(recording, " ".join(word.spoken for word in words), language)
    known = [(name, word) for word, names in enumerate(phones) for name in names]
    owners = find_owners([phone.name for phone in found], known)
    aligned, lost = [], []
    for place, word in enumerate(words):
        own = tuple(p for p, owner in zip(found, owners, strict=True) if owner == place)
        if own:
            start_s, end_s = own[0].start_s, own[-1].end_s
            aligned.append(AlignedWord(word.text, word.sentence, start_s, end_s, own, 1.0))
        else:
            lost.append(word.text)
    if not aligned:
        raise AlignerError(f"{recording.name}: Praat's aligner finds no word; use --aligner espeak")
    notes = (f"words that Praat's aligner did not find: {' '.join(lost)}",) if lost else ()
    return AlignedText(tuple(aligned), recording.duration_s, 1.0, notes)


def _find_phones(recording: Audio, text: str, language: Language) -> list[AlignedPhone]:
    check_package("parselmouth", "praat")
    with tempfile.TemporaryDirectory(prefix="lemf-praat-") as folder, same_imports():
        sound = Path(folder, "recording.wav")
        write_wav(sound, recording)
        request = {
            "sound": str(sound),
            "text": text.translate(_COMMANDS),
            "language": language.name,
        }
        for _ in range(2):
            result = subprocess.run(
                [sys.executable, str(_SCRIPT)],
                input=json.dumps(request),
                capture_output=True,
                check=False,
                encoding="utf-8",
            )
            if not killed_by(result.returncode):
                break
        else:
            raise KilledAlignerError(
                f"{recording.name}: Praat was killed by signal {-result.returncode}; run the same "
                "command again"
            )
    if result.returncode != 0:
        raise AlignerError(f"{recording.name}: Praat ended with code {result.returncode}")
    answer = json.loads(result.stdout)
    if "not a valid option" in answer.get("error", ""):
        raise AlignerError(
            f"Praat does not speak {language.name}; use --aligner espeak or another code"
        )
    if "error" in answer:
        raise AlignerError(f"{recording.name}: Praat's aligner fails: {answer['error']}")
    return [
        AlignedPhone(name.translate(_STRESS_MARKS), round(start_s, 4), round(end_s, 4))
        for name, start_s, end_s in answer["phones"]
    ]
