"""Count what training the paper's model costs on 32 clips of 12 s, without a GPU.

    python benchmarks/training_cost.py

The shape is that of wavlm-large; the model is run with tensors that have shapes but no numbers.
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from msfser.config.files import make_config
from msfser.training.cost import count_cost

LARGE = {
    "model_type": "wavlm",
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "do_stable_layer_norm": True,
    "feat_extract_norm": "layer",
}
LENGTHS = np.full(32, 12 * 16_000)


def main() -> None:
    """Print a table of operations and memory."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(LARGE))
        print("| precision | parts | checkpointing | TFLOP per step | memory, GiB |")
        print("| --- | ---: | --- | ---: | ---: |")
        for precision, parts, checkpointing in (
            ("fp32", 1, False),
            ("fp32", 4, False),
            ("fp32", 1, True),
            ("bf16", 1, False),
            ("bf16", 4, False),
            ("bf16", 1, True),
        ):
            changes = [
                f"model.acoustic='{folder}'",
                f"train.precision='{precision}'",
                f"train.accumulation={parts}",
                f"train.checkpointing={str(checkpointing).lower()}",
                "train.epochs=1",
            ]
            cost = count_cost(make_config({}, changes), LENGTHS)
            kept = "yes" if checkpointing else "no"
            print(
                f"| {precision} | {parts} | {kept} | {cost.flops / 1e12:.0f} | "
                f"{cost.memory_bytes / 2**30:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
