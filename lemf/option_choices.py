"""What options that are no settings can be; the command line reads them without numpy."""

from __future__ import annotations

from typing import Literal, get_args

FitMethod = Literal["rank", "softmax", "ridge"]
FIT_METHODS: tuple[FitMethod, ...] = get_args(FitMethod)
Grouping = Literal["speaker", "emotion"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
InterchangeFormat = Literal["prompt", "eaf", "emu", "webvtt", "ass", "ssml"]
ConversationFormat = Literal["prompt", "eaf", "emu", "webvtt", "ass"]  # SSML has no speakers
CONVERSATION_FORMATS: tuple[ConversationFormat, ...] = get_args(ConversationFormat)
OutputFormat = Literal["table", "json", "csv"] | InterchangeFormat
INTERCHANGE_FORMATS: tuple[InterchangeFormat, ...] = get_args(InterchangeFormat)
F0Axis = Literal["log", "semitones", "hz"]
F0_AXES: tuple[F0Axis, ...] = get_args(F0Axis)
PrintSize = Literal["column", "slide"]
PRINT_SIZES: tuple[PrintSize, ...] = get_args(PrintSize)
PageSound = Literal["auto", "flac", "ogg", "none"]
PAGE_SOUNDS: tuple[PageSound, ...] = get_args(PageSound)
PAGE_SUFFIXES = (".html", ".htm")
