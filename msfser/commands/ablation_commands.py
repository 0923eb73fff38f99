"""The command `msfser ablate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lemf.runtime.console import PATH, one_line_ends, open_stdout, say
from msfser.errors import ConfigError


@click.command()
@click.option(
    "--config",
    "config_file",
    type=PATH,
    help="Rows of the table as TOML; rivals.toml is known: the systems of other papers.  "
    "[default: table 2 of the paper]",
)
@click.option(
    "--preset", metavar="NAME", default="", help="Preset that replaces the one in the file."
)
@click.option(
    "--set",
    "changes",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a setting in all rows; may be repeated.",
)
@click.option("--data", type=PATH, help="Folder of the manifest and the features.")
@click.option("-o", "--output", "folder", type=PATH, required=True, help="Output folder.")
@click.option(
    "--cache",
    metavar="DIR",
    type=PATH,
    help="Folder of decoded recordings, which runs share; short for data.cache.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of runs per row.",
)
@click.option(
    "--split",
    default="development",
    show_default=True,
    help="Split that the rows are evaluated on.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of runs at the same time, one GPU or one core each.",
)
@click.option(
    "--cost", is_flag=True, help="Also tell weights, operations, memory and time of each row."
)
def ablate(
    config_file: Path | None,
    preset: str,
    changes: tuple[str, ...],
    data: Path | None,
    folder: Path,
    cache: Path | None,
    seeds: int,
    split: str,
    jobs: int,
    cost: bool,
) -> None:
    """Train and compare the models of an ablation table.

    Trains every row with every seed. Prints the table; writes ablation.csv, ablation.md and
    figures/ablation.png. A run that was stopped continues when the same command runs again.
    With torchrun, as for msfser train, several GPUs train one run after the other.
    """
    from msfser.ablation.costs import COSTS_NAME, cost_table, format_costs, row_costs
    from msfser.ablation.files import ablation_notes, ablation_title, write_ablation
    from msfser.ablation.rows import SHIPPED, TABLE_2, read_ablation
    from msfser.ablation.run import run_ablation
    from msfser.ablation.table import brief_table, read_reachable, with_known_paper
    from msfser.corpora.mechanism.files import REACHABLE_NAME
    from msfser.outputs import print_tables, replace_output
    from msfser.training.ranks.ranks import joined_ranks

    if data is not None:
        changes = (*changes, f"data.folder={json.dumps(str(data.absolute()))}")
    if cache is not None:
        changes = (*changes, f"data.cache={json.dumps(str(cache.absolute()))}")
    source: Path | str = config_file or TABLE_2
    if config_file is not None and str(config_file) in SHIPPED and not config_file.exists():
        source = str(config_file)
    every = read_ablation(source, changes, preset=preset)
    rows, absent = [row for row in every if not row.absent], [row for row in every if row.absent]
    if not rows:
        raise ConfigError(f"{source}: every row is absent; add one with a model")
    with one_line_ends(), joined_ranks() as ranks:
        results = run_ablation(
            rows,
            folder,
            seeds=range(seeds),
            split=split,
            jobs=jobs,
            ranks=ranks,
            report=say if ranks.first else lambda _: None,
        )
    if not ranks.first:
        return
    reachable = read_reachable(Path(rows[0].config.data.folder) / REACHABLE_NAME)
    results, absent, left_out = with_known_paper(results, absent, split)
    more = [left_out] if left_out else []
    write_ablation(folder, results, reachable, split, absent=absent, more_notes=more)
    tables = [brief_table(results, reachable, ablation_title(results, split), absent)]
    if cost:
        costs = row_costs(results, folder)
        replace_output(folder / COSTS_NAME, format_costs(costs))
        tables.append(cost_table(costs))
    print_tables(tables, open_stdout())
    for note in [*ablation_notes(results, split, absent), *more]:
        say(f"note: {note}")
    written = "ablation.csv, ablation.md, figures/ablation.png" + (", costs.csv" if cost else "")
    say(f"wrote {folder}/{written}")
