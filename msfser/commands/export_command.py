"""The commands `msfser export` and `msfser push`, which hand a trained model to others."""

from __future__ import annotations

from pathlib import Path

import click

from lemf.runtime.console import PATH, force_option, say
from msfser.errors import CheckpointError


@click.command()
@click.argument("name", metavar="MODEL")
@click.option("-o", "--output", type=PATH, metavar="DIR", required=True, help="Output folder.")
@click.option(
    "--onnx",
    is_flag=True,
    help="Write ONNX instead: model.onnx, voice.onnx without texts, onnx.json with facts.",
)
@force_option
def export(name: str, output: Path, onnx: bool, force: bool) -> None:
    """Write a trained model for others, LoRA merged into WavLM.

    MODEL is a run, the folder of a model, or its name on the hub. The exported model predicts the
    same, and is read like any other: by msfser predict, and by MsfSer.from_pretrained.
    """
    from msfser.evaluation.runs import model_folder
    from msfser.model.msf_ser import MsfSer

    model = MsfSer.from_pretrained(model_folder(name))
    if onnx:
        from msfser.model.onnx.export import write_onnx

        files = write_onnx(model, output, force=force)
        say(f"wrote {', '.join(str(output / file) for file in files)}")
        return
    model.merge_lora()
    model.save_pretrained(output, force=force)
    say(f"wrote {output}")


@click.command()
@click.argument("folder", type=PATH, metavar="FOLDER")
@click.argument("name", metavar="OWNER/NAME")
@click.option("--private", is_flag=True, help="Make a repository that only its owner sees.")
@click.option("--yes", is_flag=True, help="Upload without asking.")
def push(folder: Path, name: str, private: bool, yes: bool) -> None:
    """Upload a model with its card to the Hugging Face hub.

    FOLDER is a run or the folder of a model; its card is that of msfser evaluate --card. Uploads
    the weights, the settings and the card, and nothing else; log in before with: hf auth login.
    """
    from msfser.evaluation.card.model_card import CARD_NAME
    from msfser.evaluation.runs import model_folder
    from msfser.model.folder import CONFIG_NAME, WEIGHTS_NAME, read_model_folder
    from msfser.model.hub import push_folder

    place = Path(model_folder(str(folder)))
    encoder = read_model_folder(str(place)).facts.text_encoder  # refuses what is no model
    if not (place / CARD_NAME).exists():
        raise CheckpointError(
            f"{place / CARD_NAME}: no card, which says what the model is and may be used for; "
            f"write it with msfser evaluate {folder} --card"
        )
    files = (CONFIG_NAME, WEIGHTS_NAME, CARD_NAME)
    size_mb = sum((place / file).stat().st_size for file in files) / 1e6
    say(f"{place}: {', '.join(files)}, {size_mb:,.1f} MB, to huggingface.co/{name}")
    say(
        "The licences of the corpus and of the encoders say whether you may share it: see the card."
    )
    if Path(encoder).is_absolute():
        say(f"note: the text encoder is a folder of this machine, {encoder}: others need a copy")
    if not yes and not click.confirm("Upload?", err=True):
        raise SystemExit(1)
    click.echo(push_folder(place, name, files, private=private))
