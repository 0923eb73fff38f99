import numpy as np
from numpy.typing import NDArray

def harvest(
    samples: NDArray[np.float64], rate_hz: int, floor_hz: float, ceiling_hz: float, /
) -> bytearray: ...
