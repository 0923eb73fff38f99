"""Options that several commands take: device, data, splits, dropout and calibration."""

from __future__ import annotations

import click

from lemf.runtime.console import PATH

device_option = click.option(
    "--device", default="auto", show_default=True, help="Device: auto, cpu, cuda or cuda:N."
)
calibrate_option = click.option(
    "--calibrate",
    type=click.Choice(["none", "speaker"]),
    default="none",
    show_default=True,
    help="Shift and scale the predictions of each speaker, as far as speakers differ by more than "
    "chance; needs no labels.",
)
dropout_option = click.option(
    "--mc-dropout",
    "dropout_passes",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Predict N times with dropout in fusion and heads; their mean and spread.",
)
data_option = click.option(
    "--data",
    type=PATH,
    metavar="DIR",
    help="Folder of the manifest and the features.  [default: that of the training]",
)
split_option = click.option(
    "--split",
    "splits",
    multiple=True,
    metavar="NAME",
    help="Split; may be repeated.  [default: the fold held out, or all but that of the training]",
)
