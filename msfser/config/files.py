"""Configurations as TOML: reading, changes by ``part.key=value``, and writing."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from lemf.runtime.input import read_text_input
from msfser.config.presets import PRESETS
from msfser.config.settings import (
    Config,
    DataConfig,
    ModelConfig,
    TrainConfig,
    check_choice,
)
from msfser.config.written import written_settings
from msfser.errors import ConfigError

PARTS = ("model", "data", "train")
_PartT = TypeVar("_PartT", ModelConfig, DataConfig, TrainConfig)


def read_config(path: Path | None, changes: Sequence[str] = (), *, preset: str = "") -> Config:
    """Read a configuration and change single values of it.

    Parameters
    ----------
    path : Path, optional
        TOML with the tables ``[model]``, ``[data]``, ``[train]``, and a key ``preset`` that names
        the settings that the file leaves out.
    changes : sequence of str
        Such as ``"train.lr=1e-4"``; the value is TOML, or a plain word.
    preset : str
        Overrides the preset of the file; ``"paper"`` if neither names one.

    Raises
    ------
    ConfigError
        The file cannot be read, a key does not exist, or a value is not allowed.
    """
    content: dict[str, Any] = {}
    if path is not None:
        try:
            content = tomllib.loads(read_text_input(path, ConfigError))
        except OSError as error:
            raise ConfigError(
                f"{path}: cannot be read ({error.strerror}); check the path"
            ) from error
        except ValueError as error:  # not UTF-8 or not TOML
            raise ConfigError(f"{path}: not TOML ({error}); correct the file") from error
        except RecursionError:
            raise ConfigError(f"{path}: not TOML (nested too deep); correct the file") from None
    try:
        return make_config(content, changes, preset=preset)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}" if path is not None else str(error)) from error


def make_config(
    content: Mapping[str, Any], changes: Sequence[str] = (), *, preset: str = ""
) -> Config:
    """Build a configuration from the tables of a TOML file; see `read_config`."""
    tables = {name: dict(_table(content, name)) for name in PARTS}
    for key in content:
        if key not in (*PARTS, "preset"):
            raise ConfigError(_unknown(key, (*PARTS, "preset")))
    for change in changes:
        name, equals, value = change.partition("=")
        part, _, key = name.strip().partition(".")
        if not equals or part not in PARTS or not key:
            raise ConfigError(f"--set {change}: write part.key=value, such as train.lr=1e-4")
        tables[part][key] = _read_value(change, value.strip())
    name = preset or content.get("preset", "paper")
    check_choice("preset", name, tuple(PRESETS))
    start = PRESETS[name]
    return Config(
        model=_changed(start.model, "model", tables["model"]),
        data=_changed(start.data, "data", tables["data"]),
        train=_changed(start.train, "train", tables["train"]),
    )


def format_config(config: Config) -> str:
    """Format a configuration as TOML: all settings, as `written_settings` returns them."""
    import tomli_w

    return tomli_w.dumps({name: written_settings(getattr(config, name)) for name in PARTS})


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"{name}: must be a table, [{name}]")
    return table


def _read_value(change: str, text: str) -> Any:  # noqa: ANN401 - any value of TOML
    try:
        content = tomllib.loads(f"value = {text}")
    except ValueError:
        return text
    except RecursionError:
        raise ConfigError(f"--set {change}: nested too deep; write one value") from None
    if len(content) > 1:
        raise ConfigError(f"--set {change}: more than one value; use --set for each")
    return content["value"]


def _changed(start: _PartT, name: str, table: Mapping[str, Any]) -> _PartT:
    known = tuple(setting.name for setting in fields(start))
    for key in table:
        if key not in known:
            raise ConfigError(
                _unknown(f"{name}.{key}", tuple(f"{name}.{setting}" for setting in known))
            )
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return replace(start, **values)


def _unknown(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
    return f"unknown key {key!r}; {hint}"
