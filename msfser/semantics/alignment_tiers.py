"""Alignments with tier names that lemf does not know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lemf import PHONE_TIER_NAMES, WORD_TIER_NAMES, IntervalTier, TextGrid, read_textgrid

TIERS_IN_ORDER = ("msp-podcast",)  # corpora whose first tier holds words and second phones


def find_tiers(alignment: Path, *, in_order: bool, encoding: str | None = None) -> Path | TextGrid:
    """Return an alignment as `lemf.score` takes it.

    Parameters
    ----------
    alignment : Path
    in_order : bool
        Whether the first tier holds the words and the second the phones where their names are
        unknown, as in `TIERS_IN_ORDER`.
    encoding : str, optional
        As in `lemf.read_textgrid`.

    Raises
    ------
    lemf.LemfError
        `in_order` is set, and the TextGrid cannot be read.
    """
    return name_tiers(read_textgrid(alignment, encoding=encoding)) if in_order else alignment


def name_tiers(grid: TextGrid) -> TextGrid:
    """Name the first two tiers of an alignment words and phones, where no tier has a usual name.

    Parameters
    ----------
    grid : lemf.TextGrid
        With words first and phones second, as in the releases of MSP-Podcast.

    Returns
    -------
    TextGrid
        Unchanged where lemf finds the words by name, or where there are no two tiers.
    """
    intervals = [tier for tier in grid.tiers if isinstance(tier, IntervalTier)]
    usual = {*WORD_TIER_NAMES, *PHONE_TIER_NAMES}
    if len(intervals) < 2 or any(tier.name.strip().casefold() in usual for tier in intervals):
        return grid
    words, phones = intervals[:2]
    return replace(grid, tiers=(replace(words, name="words"), replace(phones, name="phones")))
