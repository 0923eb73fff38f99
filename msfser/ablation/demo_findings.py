"""Findings of the demo: each claim that follows from the mechanism of the corpus, with numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lemf import bootstrap_interval
from msfser.ablation.demo import Demo
from msfser.ablation.run import RowResult
from msfser.ablation.table import resample_seeds
from msfser.ccc import FloatArray, ccc
from msfser.evaluation.intervals import LEVEL, ccc_draws
from msfser.manifest import DIMENSIONS

_VALENCE, _AROUSAL, _DOMINANCE = (DIMENSIONS.index(name) for name in DIMENSIONS)
_AUDIO, _GS, _LES, _ES = range(4)  # rows of the demo


@dataclass(frozen=True)
class Finding:
    """A claim, and the value that was measured.

    Attributes
    ----------
    claim : str
    value : float
        Mean over the seeds.
    low, high : float
        Bootstrap interval of level `LEVEL` over seeds and utterances; where `over_seeds`, the
        lowest and the highest seed.
    over_seeds : bool
    holds : bool
        Whether the value meets the claim.
    """

    claim: str
    value: float
    low: float
    high: float
    over_seeds: bool
    holds: bool


def check_claims(demo: Demo) -> list[Finding]:
    """Check the claims that follow from the mechanism of the corpus."""
    # gains and losses between rows
    rows = demo.results
    les = _difference(rows[_LES], rows[_GS], _VALENCE)
    es = _difference(rows[_ES], rows[_LES], _DOMINANCE)
    changes = [_difference(row, rows[_AUDIO], _AROUSAL) for row in rows[1:]]
    arousal, low, high = (float(value) for value in np.mean(changes, axis=0))
    names = [row.row.name for row in rows]
    lost_valence = _lost(rows[_LES], demo.shuffled[names[_LES]], _VALENCE)
    lost_dominance = _lost(rows[_ES], demo.shuffled[names[_ES]], _DOMINANCE)
    # experts of the last row
    knocked = np.array([one.knockouts["nothing"] - one.knockouts["C"] for one in demo.inspections])[
        :, _DOMINANCE
    ]
    shares = np.array([one.routing[:, one.expert_names.index("C")] for one in demo.inspections])
    preferred = shares[:, _DOMINANCE] - shares[:, _AROUSAL]
    return [
        _at_least("GS+LES lifts valence over GS alone by at least 0.3", les, 0.3),
        _at_least("ES lifts dominance by at least 0.4", es, 0.4),
        Finding(
            "text changes arousal by less than 0.1, mean of three rows",
            arousal,
            low,
            high,
            over_seeds=False,
            holds=abs(arousal) < 0.1,
        ),
        _seeds_at_least(
            "the texts of others take from GS+LES at least 0.3 of valence", lost_valence, 0.3
        ),
        _seeds_at_least(
            "the texts of others take from GS+LES+ES at least 0.4 of dominance", lost_dominance, 0.4
        ),
        _seeds_at_least("without expert C at least 0.4 of dominance is lost", knocked, 0.4),
        Finding(
            "routing to C: dominance over arousal by at least 0.15 in every seed",
            float(preferred.mean()),
            float(preferred.min()),
            float(preferred.max()),
            over_seeds=True,
            holds=bool((preferred >= 0.15).all()),
        ),
    ]


def _at_least(claim: str, found: tuple[float, float, float], bound: float) -> Finding:
    return Finding(claim, *found, over_seeds=False, holds=found[0] >= bound)


def _seeds_at_least(claim: str, values: FloatArray, bound: float) -> Finding:
    mean = float(values.mean())
    return Finding(
        claim, mean, float(values.min()), float(values.max()), over_seeds=True, holds=mean >= bound
    )


def _difference(better: RowResult, worse: RowResult, dimension: int) -> tuple[float, float, float]:
    """Compute the gain of one row over another, mean over the seeds, with its interval.

    The bootstrap is paired: each draw has the same seeds and utterances for both rows.
    """
    points, draws = [], []
    for a, b in zip(better.predictions, worse.predictions, strict=True):
        points.append(ccc(a.values, a.labels)[dimension] - ccc(b.values, b.labels)[dimension])
        draws.append(
            ccc_draws(a.values, a.labels)[:, dimension]
            - ccc_draws(b.values, b.labels)[:, dimension]
        )
    low, high = bootstrap_interval(resample_seeds(np.stack(draws)), LEVEL)
    return float(np.mean(points)), low, high


def _lost(row: RowResult, shuffled: FloatArray, dimension: int) -> FloatArray:
    """Compute the loss of CCC of a row with the texts of other utterances, (seeds,)."""
    whole = np.array([ccc(p.values, p.labels)[dimension] for p in row.predictions])
    return whole - shuffled[:, dimension]
