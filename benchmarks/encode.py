"""Cost of the vectors' store: 100,000 utterances, one text changed, and reading batches back.

    python benchmarks/encode.py

The encoder is a stand-in that costs nothing, of the dimension of RoBERTa-large: this measures all
that msfser does around it.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from msfser.manifest import Manifest, Utterance
from msfser.semantics.encoding import encode_texts
from msfser.semantics.features import Encoder, open_features
from msfser.semantics.texts import Text, update_texts

DIM = 1024

_Result = TypeVar("_Result")


class NoEncoder:
    """An encoder that gives any text the vectors of its length."""

    about = Encoder("none", "0", DIM)
    max_tokens = None
    n_cut = 0

    def encode(self, texts: Sequence[str]) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """Return vectors of the right shape."""
        vectors = np.full((len(texts), DIM), len(texts[0]), dtype=np.float16)
        return vectors, vectors


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--utterances", type=int, default=100_000)
    n = parser.parse_args().utterances
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = tuple(Utterance(id=f"u{i}", wav=f"{i}.wav") for i in range(n))
        manifest = Manifest(
            utterances=rows, corpus="own", version="", root=folder, label_bounds=(1.0, 7.0)
        )
        texts = {row.id: Text(text=f"text of {row.id}", status="ok", source="x") for row in rows}
        clock("write the texts", lambda: update_texts(folder, manifest, "gs", texts))
        run = clock("encode all", lambda: encode_texts(folder, NoEncoder, batch_size=64))
        print(f"  {run.n_encoded:,} encoded")
        texts["u7"] = Text(text="another text", status="ok", source="x")
        update_texts(folder, manifest, "gs", texts)
        run = clock("encode after one change", lambda: encode_texts(folder, NoEncoder))
        print(f"  {run.n_encoded:,} encoded")
        features = clock("open the vectors", lambda: open_features(folder))
        picks = np.random.default_rng(0).integers(n, size=(200, 32))
        batches = [[f"u{i}" for i in pick] for pick in picks]
        started = time.perf_counter()
        for ids in batches:
            features.vectors(ids, "gs")
        each_ms = (time.perf_counter() - started) / len(batches) * 1000
        print(f"a batch of 32 vectors: {each_ms:.2f} ms")
        size = sum(path.stat().st_size for path in (folder / "features").iterdir())
        print(f"on disk: {size / n:,.0f} bytes a text")


def clock(what: str, call: Callable[[], _Result]) -> _Result:
    """Call, and say how long it took."""
    started = time.perf_counter()
    result = call()
    print(f"{what}: {time.perf_counter() - started:.1f} s")
    return result


if __name__ == "__main__":
    main()
