"""Which aligner of others aligns a recording."""

from __future__ import annotations

from collections.abc import Sequence

from lemf.aligner.espeak import check_language
from lemf.aligner.external.files import check_package
from lemf.aligner.external.mfa import align_with_mfa, find_command
from lemf.aligner.external.praat import align_with_praat
from lemf.aligner.forced import AlignedText
from lemf.aligner.transcript import TranscriptWord
from lemf.config import AlignerName
from lemf.errors import AlignerError
from lemf.reading.audio import Audio

_PACKAGES = {"praat": "parselmouth", "viter": "viter"}  # of the extras of these names


def check_installed(aligner: AlignerName) -> None:
    """Refuse an aligner that is not installed.

    Raises
    ------
    AlignerError
    """
    if aligner == "mfa":
        find_command()
    elif package := _PACKAGES.get(aligner):
        check_package(package, f"align,{aligner}")


def align_externally(
    aligner: AlignerName,
    recording: Audio,
    words: Sequence[TranscriptWord],
    phones: Sequence[Sequence[str]],
    language: str,
) -> AlignedText:
    """Align a recording by another aligner than lemf's own.

    Parameters
    ----------
    aligner : {"praat", "mfa", "viter"}
    recording : Audio
    words : sequence of TranscriptWord
    phones : sequence of sequences of str
        The names of the phones of each word.
    language : str
        As in `align`.

    Returns
    -------
    AlignedText
        Each confidence is 1.

    Raises
    ------
    AlignerError
        It is not installed, does not speak the language, or fails; viter aligns no recording alone.
    MissingPackageError
        Its package is not installed.
    """
    if aligner == "viter":
        raise AlignerError(
            f"{recording.name}: viter trains on a corpus and aligns no recording alone; give the "
            "folder of the corpus, or use --aligner espeak"
        )
    spoken = check_language(language)
    if aligner == "praat":
        return align_with_praat(recording, words, phones, spoken)
    return align_with_mfa(recording, words, spoken)
