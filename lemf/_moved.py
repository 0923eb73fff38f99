"""Old paths of modules that the documentation named before 0.2, which removes them."""

import sys
import warnings
from importlib import import_module
from types import ModuleType
from typing import Any

_MOVED = {
    "lemf.evaluation": "lemf.agreement.evaluation.run",
    "lemf.fitting": "lemf.agreement.fitting.run",
    "lemf.labels": "lemf.agreement.labels.files",
    "lemf.rated_sentences": "lemf.agreement.labels.rated_sentences",
}


class _MovedModule(ModuleType):
    """Takes every name from the module at the new path, with a warning."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
        if name == "__all__":  # for `import *`, which then takes each name with a warning
            return [public for public in dir(self) if not public.startswith("_")]
        if name.startswith("__"):  # what the import system and debuggers look for
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        place = _MOVED[self.__name__]
        message = f"{self.__name__} has moved to {place}; lemf 0.2 removes the old path"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return getattr(import_module(place), name)

    def __dir__(self) -> list[str]:
        return dir(import_module(_MOVED[self.__name__]))


for _path in _MOVED:
    sys.modules[_path] = _MovedModule(_path)
    setattr(sys.modules["lemf"], _path.removeprefix("lemf."), sys.modules[_path])
