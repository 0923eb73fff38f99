"""Settings as files hold them: those that came later, only where they are not the default.

So the files of a run that uses none of them stay the same from version to version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LATER: Mapping[str, bool] = {"later": True}  # metadata of a setting that earlier versions lack


def written_settings(part: DataclassInstance) -> dict[str, Any]:
    """Return the settings of a table by their names.

    Parameters
    ----------
    part : dataclass
        A setting with the metadata `LATER` is left out where it is the default.
    """
    usual = {
        setting.name: setting.default for setting in fields(part) if setting.metadata.get("later")
    }
    return {
        name: value
        for name, value in asdict(part).items()
        if name not in usual or value != usual[name]
    }
