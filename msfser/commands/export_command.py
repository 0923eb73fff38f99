"""The command `msfser export`."""

from __future__ import annotations

from pathlib import Path

import click

from lemf.runtime.console import PATH, force_option, say


@click.command()
@click.argument("name", metavar="MODEL")
@click.option("-o", "--output", type=PATH, metavar="DIR", required=True, help="Output folder.")
@force_option
def export(name: str, output: Path, force: bool) -> None:
    """Write a trained model for others, LoRA merged into WavLM.

    MODEL is a run, the folder of a model, or its name on the hub. The exported model predicts the
    same, and is read like any other: by msfser predict, and by MsfSer.from_pretrained.
    """
    from msfser.evaluation.runs import model_folder
    from msfser.model.msf_ser import MsfSer

    model = MsfSer.from_pretrained(model_folder(name))
    model.merge_lora()
    model.save_pretrained(output, force=force)
    say(f"wrote {output}")
