"""Praat's aligner, through parselmouth: a synthesised sentence is warped onto the recording."""

from __future__ import annotations

from collections.abc import Sequence

from lemf.aligner.forced import AlignedPhone, AlignedText, AlignedWord
from lemf.aligner.spoken_languages import Language
from lemf.aligner.spoken_phones import find_owners
from lemf.aligner.transcript import TranscriptWord
from lemf.errors import AlignerError
from lemf.reading.audio import Audio
from lemf.runtime.extras import importing

_RATE_HZ = 44_100  # that of Praat's synthesiser; at another, its aligner fails
_VOICE = "Female1"
_SILENCE_DB, _SHORTEST_SILENCE_S, _SHORTEST_SOUND_S = -35.0, 0.1, 0.1  # Praat's own defaults
_COMMANDS = str.maketrans("<>[]|", "     ")
_NOT_IPA = str.maketrans("", "", "\u02c8\u02cc")


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
    with importing("lemf[praat]"):
        import parselmouth
    from parselmouth.praat import call

    (samples,) = recording.slices([(0, recording.n_samples)])
    sound = parselmouth.Sound(samples, recording.rate_hz).resample(_RATE_HZ)
    grid = call(sound, "To TextGrid", "text", "")
    call(grid, "Set interval text", 1, 1, text.translate(_COMMANDS))
    try:
        synthesiser = call("Create SpeechSynthesizer", language.name, _VOICE)
    except parselmouth.PraatError:
        raise AlignerError(
            f"Praat does not speak {language.name}; use --aligner espeak or another code"
        ) from None
    settings = (_SILENCE_DB, _SHORTEST_SILENCE_S, _SHORTEST_SOUND_S)
    try:
        aligned = call([synthesiser, sound, grid], "To TextGrid (align)", 1, 1, 1, *settings)
    except parselmouth.PraatError as error:
        (reason, *_) = str(error).splitlines()
        raise AlignerError(f"{recording.name}: Praat's aligner fails: {reason}") from None
    tier = call(aligned, "Get number of tiers")  # the last is that of the phones
    phones = []
    for place in range(1, call(aligned, "Get number of intervals", tier) + 1):
        name = call(aligned, "Get label of interval", tier, place).translate(_NOT_IPA)
        if name:
            start_s = call(aligned, "Get start time of interval", tier, place)
            end_s = call(aligned, "Get end time of interval", tier, place)
            phones.append(AlignedPhone(name, round(start_s, 4), round(end_s, 4)))
    return phones
