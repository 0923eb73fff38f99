"""In which channel of a recording each speaker of its TextGrid is heard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import Settings
from lemf.errors import AudioError
from lemf.reading.audio import read_audio
from lemf.reading.silence import find_words
from lemf.reading.sound_files.lengths import count_channels
from lemf.reading.sources import Source
from lemf.reading.textgrid import Interval, TextGrid
from lemf.reading.tiers import select_tiers, speaker_names

_SEPARATED_DB = 3.0  # from the best channel of a speaker to the next, below which a note is made


class SpeakerChannel(NamedTuple):
    """The channel of a speaker, from 1, and by how many dB it stands out; NaN if it was given."""

    channel: int
    margin_db: float


def find_speakers(
    audio: Source, textgrid: TextGrid, settings: Settings | None = None
) -> dict[str, SpeakerChannel]:
    """Find the speakers of a TextGrid, and in which channel of the recording each is heard.

    Parameters
    ----------
    audio : path, bytes of a file, or file object
    textgrid : TextGrid
        With tiers that are named ``NAME - words``.
    settings : Settings, optional
        `silence` says which labels are no words.

    Returns
    -------
    dict of str to SpeakerChannel
        In the order of the tiers; speakers without a word are left out.

    Raises
    ------
    TextGridError
        No tier is named ``NAME - words``.
    AudioError
        The recording cannot be read.
    """
    words = _words_of_speakers(textgrid, settings or Settings())
    n_channels = count_channels(audio)
    levels_db = np.empty((len(words), n_channels))
    for column in range(n_channels):
        recording = read_audio(audio, channel=column + 1)
        for row, name in enumerate(words):
            alone = _spoken_alone(words, name)
            ends = [(i.start_s * recording.rate_hz, i.end_s * recording.rate_hz) for i in alone]
            spans = [
                (min(round(start), recording.n_samples), min(round(stop), recording.n_samples))
                for start, stop in ends
            ]
            energy = sum(float(samples @ samples) for samples in recording.slices(spans))
            n_samples = sum(stop - start for start, stop in spans)
            mean = energy / max(n_samples, 1)
            levels_db[row, column] = 10 * math.log10(max(mean, np.finfo(float).tiny))
    return dict(zip(words, choose_channels(levels_db), strict=True))


def choose_channels(levels_db: FloatArray) -> list[SpeakerChannel]:
    """Choose a channel for every speaker.

    A microphone may have more gain than another, so a channel is not chosen by its level alone: of
    each channel, the mean level of all speakers is subtracted. What is left says whose voice
    stands out in which channel. A speaker who stands out by less than 3 dB, or is alone, gets the
    loudest channel.

    Parameters
    ----------
    levels_db : (speakers, channels) float64
        The level of the words of each speaker in each channel.

    Returns
    -------
    list of SpeakerChannel
        The margin is that to the channel in which the speaker stands out second; inf where there is
        one channel.
    """
    if levels_db.shape[1] == 1:
        return [SpeakerChannel(1, math.inf)] * len(levels_db)
    above_db = levels_db - levels_db.mean(axis=0)
    chosen = []
    for levels, above in zip(levels_db, above_db, strict=True):
        second, first = np.sort(above)[-2:]
        margin_db = float(first - second)
        stands_out = margin_db >= _SEPARATED_DB
        channel = int((above if stands_out else levels).argmax()) + 1
        chosen.append(SpeakerChannel(channel, margin_db))
    return chosen


def with_given_channels(
    found: Mapping[str, SpeakerChannel], given: Mapping[str, int], n_channels: int, name: str
) -> dict[str, SpeakerChannel]:
    """Replace the channels of some speakers by those that the user names.

    Raises
    ------
    AudioError
        There is no such speaker, or no such channel; `name` is that of the recording.
    """
    for speaker, channel in given.items():
        if speaker not in found:
            raise AudioError(f"{name}: no speaker {speaker!r}; there are: {', '.join(found)}")
        if not 1 <= channel <= n_channels:
            raise AudioError(f"{name}: no channel {channel}; it has {n_channels}, counted from 1")
    return {
        speaker: SpeakerChannel(given[speaker], math.nan) if speaker in given else one
        for speaker, one in found.items()
    }


def channel_notes(found: Mapping[str, SpeakerChannel]) -> list[str]:
    """Return notes on speakers that the channels do not tell apart."""
    notes = []
    for name, one in found.items():
        if one.margin_db < _SEPARATED_DB:
            why = f"stands out in no channel (by {one.margin_db:.1f} dB)"
            if len(found) == 1:
                why = "is the only speaker"
            notes.append(
                f"{name} {why}, and is measured in the loudest channel, {one.channel}; "
                f"--speaker-channel {name}=N names another"
            )
    shared: dict[int, list[str]] = {}
    for name, one in found.items():
        shared.setdefault(one.channel, []).append(name)
    notes += [
        f"{' and '.join(names)} are measured in channel {channel}, so that what they say at the "
        "same time is measured together"
        for channel, names in shared.items()
        if len(names) > 1
    ]
    return notes


def _words_of_speakers(textgrid: TextGrid, settings: Settings) -> dict[str, list[Interval]]:
    """Return the words of every speaker who says any, in the order of time."""
    words = {}
    for name in speaker_names(textgrid):
        only_words = replace(settings, speaker=name, duration="word")
        tier, _ = select_tiers(textgrid, only_words)
        if spoken := find_words(tier, None, settings.silence).spoken:
            words[name] = spoken
    return words


def _spoken_alone(words: Mapping[str, Sequence[Interval]], name: str) -> Sequence[Interval]:
    """Return the words of a speaker while nobody else speaks; all of them if there are none."""
    others = [one for other, spoken in words.items() if other != name for one in spoken]
    alone = [
        word
        for word in words[name]
        if not any(one.start_s < word.end_s and word.start_s < one.end_s for one in others)
    ]
    return alone or words[name]
