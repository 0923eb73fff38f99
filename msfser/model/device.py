"""The device that a model runs on."""

from __future__ import annotations

import torch

from msfser.config.settings import DEVICES
from msfser.errors import ConfigError


def choose_device(name: str, *, local_rank: int = 0) -> torch.device:
    """Return the device of a name; ``"auto"`` is a GPU if there is one.

    Parameters
    ----------
    name : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    local_rank : int
        Number of the GPU that ``"cuda"`` stands for.

    Raises
    ------
    ConfigError
        This machine has no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(f"cuda:{local_rank}" if name == "cuda" else name)
        if device.type not in ("cpu", "cuda"):  # such as "meta", which holds no numbers
            raise RuntimeError
    except RuntimeError:
        raise ConfigError(f"device {name!r}: must be {DEVICES}") from None
    n_gpus = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= n_gpus:
        gpus = "1 GPU" if n_gpus == 1 else f"{n_gpus} GPUs"
        raise ConfigError(
            f"device {(str(device) if local_rank else name)!r}: this machine has {gpus} that torch "
            "can use; set 'cpu' or 'auto'"
        )
    return device
