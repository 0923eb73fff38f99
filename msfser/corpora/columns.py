"""The columns that a table of recordings may have: what its reader takes, and what help names."""

from __future__ import annotations

TABLE_COLUMNS = (
    "wav",
    "id",
    "alignment",
    "transcript",
    "speaker",
    "gender",
    "emotion",
    "valence",
    "arousal",
    "dominance",
    "split",
    "fold",
    "dialogue",
    "start_s",
)
OPTIONAL_COLUMNS = TABLE_COLUMNS[1:]
