"""Features -> tables with other cues and weights; no audio is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lemf.config import (
    DEFAULT_THRESHOLD,
    SINGLE_RECORDING_SCOPES,
    DurationMethod,
    Scope,
    Settings,
)
from lemf.contours.measurement import Measurement
from lemf.corpus.csv_table import CsvWriter
from lemf.corpus.feature_file import FeatureFile
from lemf.corpus.outputs import (
    Outputs,
    Summary,
    count_about_nothing,
    describe_output,
    write_notes,
)
from lemf.corpus.parquet import TableWriter, open_tables, schema_of, to_stream
from lemf.corpus.plan import describe_settings
from lemf.corpus.speakers import speaker_finder
from lemf.corpus.tables import Row, sentence_rows, word_rows
from lemf.errors import CorpusError, SettingsError, shown
from lemf.pipeline import score_measurement
from lemf.runtime.output import check_output
from lemf.runtime.progress import Watch, no_watch
from lemf.scoring.decision import DecisionModel
from lemf.scoring.decision_models import explain_undecided, find_model, model_to_dict
from lemf.scoring.edges import UNCERTAIN
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.norms import Norms, gather_norms, n_passes

_ROWS_AT_A_TIME = 10_000


def rescore_features(
    features: str | Path,
    output: str | Path,
    *,
    sentence_table: str | Path | None = None,
    cues: str | None = None,
    weights: Mapping[str, float] | None = None,
    decide: str | None = None,
    threshold: float | None = None,
    duration: DurationMethod | None = None,
    normalise: Scope | None = None,
    breaks: bool = False,
    measures: bool = False,
    speaker_pattern: str | None = None,
    force: bool = False,
    watch: Watch = no_watch,
) -> Summary:
    """Score the recordings of a feature file.

    With the settings that the features were made with, the output is byte-equal to that of the
    run that made them.

    Parameters
    ----------
    features : str or Path
        Written by ``lemf batch --features``.
    output : str or Path
        The table with one row per word, a ``.parquet``. Notes on the recordings are written beside
        it, as ``NAME.notes.csv``.
    sentence_table : str or Path, optional
        A table with one row per sentence, a ``.parquet``.
    cues, weights, decide, duration, normalise : optional
        Settings to change; by default those of the features.
    threshold : float, optional
        As in `Settings`; by default that of the features where the decision is theirs, else 0.5.
    breaks : bool
        Whether phrase boundaries are measured; always if the run that made the features did.
    measures : bool
        The same for F0 in Hz, level and rate.
    speaker_pattern : str, optional
        A regular expression that finds the speaker in an id, as its first group if it has one; by
        default the folder, as for the Montreal Forced Aligner.
    force : bool
        Whether existing files may be replaced.
    watch : Watch
        Called after every file, also in the passes that gather norms of speakers or the corpus.

    Returns
    -------
    Summary
        Numbers of files and words, and the seconds of audio.

    Raises
    ------
    CorpusError
        The features cannot be read, or hold no phones where phone durations are wanted; no speaker
        is found in an id.
    SettingsError
        Cues or weights that do not exist; a speaker pattern without ``normalise="speaker"``, or one
        that is no regular expression.
    OutputError
        An output cannot be written.
    """
    # Outputs and settings
    features = Path(features)
    outputs = Outputs.of(output, sentence_table)
    outputs.check(features, force=force)
    check_output(outputs.notes, force=force)
    source = FeatureFile(features)
    before = settings_of(features, source.about)
    settings, model = change_settings(
        before,
        cues=cues,
        weights=weights,
        decide=decide,
        threshold=threshold,
        duration=duration,
        normalise=normalise,
        breaks=breaks,
        measures=measures,
    )
    _check_change(features, before, settings, speaker_pattern)
    summary = Summary(source.n_files, source.about["failed"], 0, source.about["audio_s"])
    measurements = _watched(source, settings, watch)

    # The norms of speakers or of the corpus
    norms: dict[str, Norms] = {}
    group_of: Callable[[str], str] = _everyone
    if settings.normalise == "speaker":
        group_of = speaker_finder(features, speaker_pattern)
    if settings.normalise not in SINGLE_RECORDING_SCOPES:
        norms = gather_norms(measurements, settings, group_of)

    # Tables of words and sentences
    decision = None if model is None else model_to_dict(model)
    about = describe_output(describe_settings(settings), summary, decision)
    if settings.normalise == "speaker":
        about["speaker_pattern"] = speaker_pattern
    scored = (
        (name, score_measurement(measured, settings, norms.get(group_of(name))))
        for name, measured in measurements()
    )
    with open_tables(outputs.tables, settings, about, force=force) as writers:
        notes, decisions, n_uncertain = _write_rows(scored, writers, settings, source.n_files)
        write_notes(outputs, notes, count_about_nothing(notes), summary.files)
        n_words = writers["words"].n_rows
    decided_at = settings.threshold if decisions else None
    return replace(
        summary, words=n_words, decisions=decisions, threshold=decided_at, uncertain=n_uncertain
    )


def change_settings(
    before: Settings,
    *,
    cues: str | None = None,
    weights: Mapping[str, float] | None = None,
    decide: str | None = None,
    threshold: float | None = None,
    duration: DurationMethod | None = None,
    normalise: Scope | None = None,
    breaks: bool = False,
    measures: bool = False,
) -> tuple[Settings, DecisionModel | None]:
    """Return the settings of features with changes, and by what they decide.

    The parameters are those of `rescore_features`.

    Raises
    ------
    SettingsError
        Cues, weights or a decision that do not exist or do not fit.
    """
    changes_scores = any(one is not None for one in (cues, weights, normalise))
    settings = replace(
        before,
        cues=cues or before.cues,
        weights=before.weights if cues is None and weights is None else weights,
        duration=duration or before.duration,
        normalise=normalise or before.normalise,
        decide=decide or (None if changes_scores else before.decide),
        breaks=breaks or before.breaks,
        measures=measures or before.measures,
    )
    return _decide(before, settings, threshold)


def _decide(
    before: Settings, settings: Settings, threshold: float | None
) -> tuple[Settings, DecisionModel | None]:
    """Set the threshold, or keep that of the features where the decision is theirs.

    Raises
    ------
    SettingsError
        The decision belongs to other scores, or a threshold is given where nothing is decided.
    """
    usual = replace(settings, threshold=DEFAULT_THRESHOLD)
    model = find_model(usual)
    if threshold is None:
        kept = model is not None and model == _find_earlier(before)
        return settings if kept else usual, model
    if model is None:
        raise SettingsError(f"threshold {threshold:g}: {explain_undecided(settings)}")
    return replace(settings, threshold=threshold), model


def _find_earlier(before: Settings) -> DecisionModel | None:
    """Return the model by which features decided; None, too, where its file is no longer there."""
    try:
        return find_model(before)
    except SettingsError:
        return None


def _check_change(
    features: Path, before: Settings, settings: Settings, speaker_pattern: str | None
) -> None:
    """Refuse settings that the features cannot serve, and a pattern that nothing would read."""
    if settings.duration == "phones" and before.duration == "word":
        raise CorpusError(
            f"{features}: made with --duration word, without phones; run lemf batch --features "
            "with --duration phones"
        )
    if speaker_pattern is not None and settings.normalise != "speaker":
        raise SettingsError(
            f"speaker pattern {speaker_pattern!r}: only normalise 'speaker' reads it, not "
            f"{settings.normalise!r}; add --normalise speaker, or leave the pattern out"
        )


def _write_rows(
    scored: Iterable[tuple[str, Emphasis]],
    writers: Mapping[str, TableWriter | CsvWriter],
    settings: Settings,
    n_files: int,
) -> tuple[list[list[str]], dict[str, int], int]:
    """Write the rows of all recordings, many at a time.

    Returns
    -------
    notes : list of list of str
        The rows of their notes.
    decisions : dict of str to int
        Sentences with none, one and several emphasised words, where that is decided.
    n_uncertain : int
        Sentences too uncertain to judge.
    """
    n_uncertain = 0
    notes: list[list[str]] = []
    decisions: Counter[str] = Counter()
    schemas = {table: schema_of(table, settings) for table in writers}
    rows: dict[str, list[Row]] = {table: [] for table in writers}
    for number, (name, emphasis) in enumerate(scored, 1):
        notes += [[name, emphasis.audio, note] for note in emphasis.notes]
        decisions.update(one.decision.kind for one in emphasis.sentences if one.decision)
        n_uncertain += sum(UNCERTAIN in one.flags for one in emphasis.sentences)
        rows["words"] += word_rows(name, emphasis)
        if "sentences" in rows:
            rows["sentences"] += sentence_rows(name, emphasis)
        if len(rows["words"]) >= _ROWS_AT_A_TIME or number == n_files:
            for table, writer in writers.items():
                writer.add(to_stream(rows[table], schemas[table]))
                rows[table] = []
    return notes, dict(decisions), n_uncertain


def _everyone(name: str) -> str:
    return ""


def _watched(
    source: FeatureFile, settings: Settings, watch: Watch
) -> Callable[[], Iterator[tuple[str, Measurement]]]:
    """Return the function that reads all measurements; its passes are counted together."""
    n_done, n_total = 0, (1 + n_passes(settings)) * source.n_files

    def measurements() -> Iterator[tuple[str, Measurement]]:
        nonlocal n_done
        watch(n_done, n_total)
        for name, measured in source.measurements(settings.duration):
            yield name, measured
            n_done += 1
            watch(n_done, n_total)

    return measurements


def settings_of(path: Path, about: Mapping[str, Any]) -> Settings:
    """Return the settings with which features were made, as they tell of themselves.

    Raises
    ------
    CorpusError
        This version does not know them.
    """
    try:
        kept = dict(about["settings"])
        return Settings(**kept | {"silence": tuple(kept["silence"])})
    except (KeyError, TypeError, ValueError, SettingsError) as error:
        raise CorpusError(
            f"{path}: made by lemf {shown(about.get('lemf'))} with unknown settings ({error}); "
            "run lemf batch --features again"
        ) from error
