"""Words and phones of an alignment whose tiers bear names that lemf cannot know."""

from __future__ import annotations

from dataclasses import replace

from lemf import PHONE_TIER_NAMES, WORD_TIER_NAMES, IntervalTier, TextGrid

TIERS_IN_ORDER = ("msp-podcast",)  # corpora whose first tier is words and second phones


def name_tiers(grid: TextGrid) -> TextGrid:
    """Call the tiers of an alignment words and phones, where they bear no usual name.

    Parameters
    ----------
    grid : lemf.TextGrid
        With words first and phones second, as in the releases of MSP-Podcast.

    Returns
    -------
    TextGrid
        As it was where lemf would find the words by name, or where there are no two tiers.
    """
    intervals = [tier for tier in grid.tiers if isinstance(tier, IntervalTier)]
    usual = {*WORD_TIER_NAMES, *PHONE_TIER_NAMES}
    if len(intervals) < 2 or any(tier.name.strip().casefold() in usual for tier in intervals):
        return grid
    words, phones = intervals[:2]
    return replace(grid, tiers=(replace(words, name="words"), replace(phones, name="phones")))
