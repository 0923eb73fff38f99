"""Speaks SSML by espeak-ng: reads it from stdin, writes the rate and 16-bit samples to stdout."""

import ctypes
import struct
import sys
from pathlib import Path

import espeakng_loader

SSML, UTF8, SYNCHRONOUS = 0x10, 1, 2
samples = bytearray()


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
def receive(sound, n_samples, _):
    if sound and n_samples > 0:
        samples.extend(ctypes.string_at(sound, 2 * n_samples))
    return 0


espeak = ctypes.CDLL(espeakng_loader.get_library_path())
data = Path(espeakng_loader.__file__).parent / "espeak-ng-data"
rate_hz = espeak.espeak_Initialize(SYNCHRONOUS, 0, str(data).encode(), 0)
espeak.espeak_SetSynthCallback(receive)
espeak.espeak_SetVoiceByName(b"gmw/en-US")
content = sys.stdin.buffer.read()
espeak.espeak_Synth(content, len(content) + 1, 0, 1, 0, SSML | UTF8, None, None)
espeak.espeak_Synchronize()
sys.stdout.buffer.write(struct.pack("<i", rate_hz) + samples)
