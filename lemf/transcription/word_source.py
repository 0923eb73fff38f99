"""The words of a recording with their times, wherever they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lemf.config import AlignSettings, Settings
from lemf.errors import AlignerError, MissingPackageError, shown, with_notes
from lemf.reading.alignment_files import find_alignment, read_textgrid
from lemf.reading.audio import Audio
from lemf.reading.silence import find_words
from lemf.reading.sources import Source
from lemf.reading.textgrid import UNTOLD, TextGrid
from lemf.reading.tiers import find_phone_tier, select_tiers
from lemf.runtime.progress import Watch, no_watch
from lemf.transcription.text_files import (
    Transcript,
    find_transcript,
    read_transcript,
)


def open_words(
    recording: Audio,
    textgrid: Source | TextGrid | None,
    settings: Settings,
    *,
    text: str | Transcript | None = None,
    aligning: AlignSettings | None = None,
    watch: Watch = no_watch,
) -> TextGrid:
    """Read the TextGrid of a recording, or align its text.

    Parameters
    ----------
    recording : Audio
    textgrid : path, bytes of a file, file object, or TextGrid, optional
    settings : Settings
        Where it has no phones and `aligning` is given, they are found as by `complete_phones`.
    text : str or Transcript, optional
        What is said in the recording. Where there is neither a TextGrid nor a text, they are
        searched beside the recording: ``talk.TextGrid`` or what `find_alignment` finds, then
        ``talk.txt``, then ``talk.lab``.
    aligning : AlignSettings, optional
    watch : Watch
        That of `lemf.align`, where a text is aligned.

    Returns
    -------
    TextGrid
        With a note where it, or the text, was found beside the recording.

    Raises
    ------
    TextGridError
        A TextGrid that cannot be read.
    AlignerError
        There are no words; the text cannot be read or aligned.
    TypeError
        Both a TextGrid and a text.
    """
    if textgrid is not None and text is not None:
        raise TypeError("a TextGrid and a text; give one of them")
    found = None
    if textgrid is None and text is None:
        textgrid = found = find_alignment(recording.name)
    if textgrid is None and text is None:
        text = read_beside(recording.name, settings.encoding)
    if text is not None:
        grid = align_text(recording, text, aligning or AlignSettings(), watch)
        from lemf.aligner.fitting import DOUBTFUL

        # Scores have flags and a note of their own for such words
        return replace(grid, notes=tuple(one for one in grid.notes if DOUBTFUL not in one))
    assert textgrid is not None
    if isinstance(textgrid, TextGrid):
        grid = textgrid
    else:
        grid = read_textgrid(textgrid, encoding=settings.encoding, audio=recording)
    if found is not None:
        grid = replace(grid, notes=(_beside(str(found)), *grid.notes))
    if aligning is None:
        return grid
    return complete_phones(recording, grid, settings, aligning.language)


def complete_phones(
    recording: Audio, grid: TextGrid, settings: Settings, language: str | None = None
) -> TextGrid:
    """Add the phones of the words where there are none.

    Parameters
    ----------
    recording : Audio
    grid : TextGrid
    settings : Settings
    language : str, optional
        Of the words; without, that which a recogniser has written into the file, or which its words
        tell, with a note. Nothing is added to other TextGrids then.

    Raises
    ------
    AlignerError
        The language is unknown.
    """
    if settings.duration == "word" or (language is None and grid.language is None):
        return grid
    words, _ = select_tiers(grid, replace(settings, duration="word"))
    if settings.phones_tier is not None or find_phone_tier(grid, words, settings) is not None:
        return grid
    spoken = find_words(words, None, settings.silence).spoken
    if not spoken:
        return grid
    from lemf.aligner.known_words import add_phones  # rare

    speaker, _, _ = words.name.rpartition(" - ")
    name = f"{speaker} - phones" if speaker else "phones"
    if language is not None:
        return add_phones(recording, grid, spoken, name, language)
    told, note = _language_of(grid, [word.label for word in spoken])
    if told is None:
        return grid
    try:
        grid = add_phones(recording, grid, spoken, name, told)
    except AlignerError as error:
        raise AlignerError(f"{grid.path}: {error}; --language decides") from None
    except MissingPackageError:  # not asked for: the words can be scored without phones
        return grid
    return replace(grid, notes=(note, *grid.notes))


def _language_of(grid: TextGrid, words: Sequence[str]) -> tuple[str | None, str]:
    """Return the language of words that a recogniser has heard, and a note on it."""
    if grid.language not in (None, UNTOLD):
        from lemf.transcription.whisper import ESPEAK_CODES

        language = ESPEAK_CODES.get(str(grid.language), str(grid.language))
        return language, f"language {language}, as the file says; --language decides"
    from lemf.transcription.languages import guess_language

    language = guess_language(" ".join(words)) or ""
    return language or None, _told_by_words(language)


def _told_by_words(language: str) -> str:
    return f"language {language}, as the words tell; --language decides"


def align_text(
    recording: Audio,
    text: str | Transcript,
    aligning: AlignSettings,
    watch: Watch = no_watch,
) -> TextGrid:
    """Align a text to its recording, in the language that is given or told by the text.

    `watch` is that of `lemf.align`.

    Raises
    ------
    AlignerError
        The language is not known, or the text cannot be aligned.
    """
    from lemf.aligner.align import align  # rare

    if not isinstance(text, str | Transcript):
        raise TypeError(f"text {shown(text)}: give what is said, as a str")
    named = f"the text of {recording.name}"
    transcript = Transcript(text, named) if isinstance(text, str) else text
    notes = transcript.notes
    language = aligning.language or transcript.language
    if language is None:
        language, note = tell_language(transcript)
        notes = (*notes, note)
    try:
        grid = align(
            recording,
            transcript.text,
            language=language,
            aligner=aligning.aligner,
            force_fit=aligning.force_fit,
            watch=watch,
        )
    except AlignerError as error:  # perhaps because of what was noticed
        raise with_notes(error, (*recording.notes, *notes)) from None
    return replace(grid, notes=(*notes, *grid.notes))


def tell_language(transcript: Transcript) -> tuple[str, str]:
    """Return the language that the words of a text tell, and a note on it.

    Raises
    ------
    AlignerError
        They do not tell it.
    """
    from lemf.transcription.languages import guess_language

    language = guess_language(transcript.text)
    if language is None:
        raise AlignerError(
            f"{transcript.path}: the language must be named, such as --language en; "
            "lemf align --languages lists them"
        )
    return language, _told_by_words(language)


def read_beside(audio: str, encoding: str | None = None) -> Transcript:
    """Read the transcript beside a recording.

    Raises
    ------
    AlignerError
        There is none, or it cannot be read.
    """
    found = find_transcript(audio)
    if found is None:
        raise AlignerError(
            f"{audio}: no words; name its TextGrid, give what is said by --text '...' or in "
            f"{Path(audio).with_suffix('.txt').name}, or transcribe by --whisper MODEL"
        )
    transcript = read_transcript(found, encoding=encoding)
    return replace(transcript, notes=(_beside(found), *transcript.notes))


def _beside(path: str) -> str:
    return f"the words are those of {path}, beside the recording"
