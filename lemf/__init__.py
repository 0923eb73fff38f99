"""lemf finds the emphasised words of a spoken sentence and explains each by its cues.

The folders in the order of the pipeline: `reading` turns files into sentences of words, `contours`
measures F0 and energy, `cues` is equation 1, `scoring` equation 2 and the result, `pipeline` all of
it; `display` shows the result, `corpus` scores many recordings, `agreement` compares scores with
what listeners heard. The public names are those of `__init__.pyi`; each loads on first use, so that
``lemf --help`` loads no numpy.
"""

from typing import Any

import lazy_loader

import lemf._moved  # noqa: F401 - old paths, with a warning

_load, _, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name == "__version__":
        from importlib.metadata import version

        return version("lemf")
    return _load(name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
