"""Features -> the table again, with other cues and weights; no audio is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lemf.config import DurationMethod, Settings
from lemf.corpus_file import Row, sentence_rows, word_rows
from lemf.corpus_outputs import Summary, describe_output
from lemf.corpus_plan import describe_settings
from lemf.corpus_tables import FeatureFile, open_tables, schema_of, to_stream
from lemf.errors import CorpusError, SettingsError
from lemf.output import check_output
from lemf.pipeline import score_measurement

_ROWS_AT_A_TIME = 10_000


def rescore_features(
    features: Path,
    output: Path,
    *,
    sentence_table: Path | None = None,
    cues: str | None = None,
    weights: Mapping[str, float] | None = None,
    duration: DurationMethod | None = None,
    force: bool = False,
    watch: Callable[[int, int, int], None] | None = None,
) -> Summary:
    """Score the recordings of a feature file.

    With the settings that the features were made with, the output is byte-equal to that of the
    run that made them.

    Parameters
    ----------
    features : Path
        Written by ``lemf batch --features``.
    output : Path
        The table, a row a word.
    sentence_table : Path, optional
        The table with a row a sentence.
    cues, weights, duration : optional
        What to change of the settings.
    force : bool
        Whether existing files may be replaced.
    watch : function, optional
        Called with the files done, 0, and the files in all.

    Raises
    ------
    CorpusError
        The features cannot be read, or hold no phones but are to give phone durations, or lack
        what the cues need.
    SettingsError
        Cues or weights that do not exist.
    OutputError
        An output cannot be written.
    """
    paths = {"sentences": sentence_table, "words": output}
    tables = {name: path for name, path in paths.items() if path is not None}
    for path in tables.values():
        check_output(path, force=force)
    source = FeatureFile(features)
    before = _read_settings(features, source.about)
    if duration == "phones" and before.duration == "word":
        raise CorpusError(
            f"{features}: made with --duration word, so it knows no phones; make it anew"
        )
    settings = replace(
        before,
        cues=cues or before.cues,
        weights=before.weights if cues is None and weights is None else weights,
        duration=duration or before.duration,
    )
    if settings.needs_detail and not source.has_detail:
        raise CorpusError(
            f"{features}: made by lemf {source.about.get('lemf')} without what --cues "
            f"{settings.cues} needs; make it anew by lemf batch --features"
        )
    summary = Summary(source.n_files, source.about["failed"], 0, source.about["audio_s"])
    about = describe_output(describe_settings(settings), summary)
    schemas = {name: schema_of(name, settings.cue_weights) for name in tables}
    rows: dict[str, list[Row]] = {name: [] for name in tables}
    if watch:
        watch(0, 0, source.n_files)
    with open_tables(tables, settings.cue_weights, about, force=force) as writers:
        for number, (name, measured) in enumerate(source.measurements(), 1):
            emphasis = score_measurement(measured, settings)
            rows["words"] += word_rows(name, emphasis)
            if sentence_table is not None:
                rows["sentences"] += sentence_rows(name, emphasis)
            if len(rows["words"]) >= _ROWS_AT_A_TIME or number == source.n_files:
                for table, writer in writers.items():
                    writer.add(to_stream(rows[table], schemas[table]))
                    rows[table] = []
            if watch:
                watch(number, 0, source.n_files)
        n_words = writers["words"].n_rows
    return replace(summary, words=n_words)


def _read_settings(path: Path, about: Mapping[str, Any]) -> Settings:
    try:
        kept = dict(about["settings"])
        return Settings(**kept | {"silence": tuple(kept["silence"])})
    except (KeyError, TypeError, SettingsError) as error:
        raise CorpusError(f"{path}: made by another lemf, {about.get('lemf')}; {error}") from error
