"""Count what LoRA trains of models as large as those of the paper, without their weights.

    python benchmarks/lora_share.py

The shape is that of wavlm-large; prints a Markdown table.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import torch
from training_cost import LARGE

from msfser.config.files import make_config
from msfser.model.msf_ser import MsfSer
from msfser.model.wavlm.loading import shape_encoder
from msfser.model.wavlm.lora import is_lora

VOICE = ("model.semantics=[]", "model.intra=none", "model.fusion=none")
ROWS = {
    "LoRA, rank 8, voice alone, heads of the paper": (*VOICE, "model.lora_rank=8"),
    "LoRA-SER: one head for all dimensions": (*VOICE, "model.lora_rank=8", "model.heads=shared"),
    "the same, linear heads": (*VOICE, "model.lora_rank=8", "model.heads=linear"),
    "MSF-SER, rank 8": ("model.lora_rank=8",),
}


def main() -> None:
    """Print a table of weights in millions."""
    print("| | LoRA, of WavLM | | heads and fusion | all that is trained | |")
    print("| --- | --: | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(LARGE))
        for name, changes in ROWS.items():
            config = make_config({}, [f"model.acoustic='{folder}'", *changes]).model
            with torch.device("meta"):  # shapes alone
                model = MsfSer(config, shape_encoder(config))
            sizes = [
                (key, weight.numel(), weight.requires_grad)
                for key, weight in model.named_parameters()
            ]
            whole = sum(n for _, n, _ in sizes)
            wavlm = sum(n for key, n, _ in sizes if key.startswith("acoustic."))
            changed = sum(n for key, n, _ in sizes if is_lora(key))
            trained = sum(n for _, n, is_trained in sizes if is_trained)
            cells = (
                name,
                f"{changed / 1e6:.2f} of {wavlm / 1e6:.0f}",
                f"{100 * changed / wavlm:.2f} %",
                f"{(trained - changed) / 1e6:.2f}",
                f"{trained / 1e6:.2f} of {whole / 1e6:.0f}",
                f"{100 * trained / whole:.2f} %",
            )
            print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
