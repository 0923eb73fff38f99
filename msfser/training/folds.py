"""One model per fold of a corpus, with that fold held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lemf.runtime.progress import progress
from msfser.config.settings import Config
from msfser.evaluation.runs import read_metrics
from msfser.training.data.choice import fold_numbers
from msfser.training.data.prepare import prepare_data, scan_beforehand
from msfser.training.jobs.run_jobs import check_jobs, run_jobs
from msfser.training.ranks.ranks import Ranks, joined_ranks
from msfser.training.run import with_text_dim
from msfser.training.run_folder import check_same_run, known_clips, refuse_taken
from msfser.training.train import train


@dataclass(frozen=True)
class Fold:
    """The training of one model without one fold."""

    name: str
    config: Config
    folder: Path
    tensorboard: bool


def train_folds(
    config: Config,
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    jobs: int = 1,
    ranks: Ranks | None = None,
) -> dict[str, Any]:
    """Train one model per fold, with that fold held out, into the folders ``fold1`` and so on.

    Nothing is selected on the fold that is held out: each run keeps its last epoch. With `resume`,
    finished folds are kept. A fold that fails leaves the others. Parameters as in `train`, and:

    Parameters
    ----------
    jobs : int
        Models that are trained at the same time, each on a GPU of its own while there are as many,
        or with one core each; 1 trains one after the other, with all cores.

    Returns
    -------
    dict
        The metrics of each fold by the name of its folder; empty in all processes but the first.

    Raises
    ------
    MsfserError
        As `train`, with the name of a fold that failed; the corpus has no folds; or `jobs` in
        processes that ``torchrun`` has started.
    Interrupted
        As `train`.
    """
    with joined_ranks(ranks) as ranks:
        check_jobs(jobs, ranks)
        folds = [
            Fold(
                f"fold{number}",
                replace(config, data=replace(config.data, test_fold=number)),
                folder / f"fold{number}",
                tensorboard,
            )
            for number in ranks.gather(fold_numbers(config.data))[0]
        ]
        if ranks.first:
            for fold in folds:
                refuse_taken(fold.folder, resume=resume)
        done = ranks.gather([fold.name for fold in folds if ranks.first and _is_done(fold)])[0]
        todo = [fold for fold in folds if fold.name not in done]
        if jobs > 1 and todo:
            with progress("reading recordings") as watch:
                scan_beforehand(config.data, watch)
        run_jobs(
            _train_fold,
            todo,
            folder,
            n_all=len(folds),
            jobs=jobs,
            ranks=ranks,
        )
        return {fold.name: read_metrics(fold.folder) for fold in folds} if ranks.first else {}


def _train_fold(fold: Fold, ranks: Ranks, quiet: bool) -> None:
    """Train a fold, or go on with it: its process may have been killed."""
    train(
        fold.config,
        fold.folder,
        resume=True,
        tensorboard=fold.tensorboard,
        quiet=quiet,
        ranks=ranks,
    )


def _is_done(fold: Fold) -> bool:
    """Return whether a fold is finished; check that it was trained as it would be now.

    Raises
    ------
    MsfserError
        Other settings or data, or data that cannot be read.
    """
    if read_metrics(fold.folder) is None:
        return False
    with progress("checking recordings") as watch:
        data = prepare_data(
            fold.config.data, fold.config.model, known=known_clips(fold.folder), watch=watch
        )
    check_same_run(fold.folder, with_text_dim(fold.config, data), data.record)
    return True
