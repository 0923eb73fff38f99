"""The compiled Harvest. All else about the package stands in pyproject.toml.

The extension is optional: without a C++ compiler the package installs all the same and takes the
slower path in lemf/contours/harvest/fallback.py, which gives the same numbers.
"""

from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCES = sorted(str(path) for path in Path("lemf/contours/harvest/native").glob("*.cpp"))
HEADERS = sorted(str(path) for path in Path("lemf/contours/harvest/native").glob("*.hpp"))


class BuildHarvest(build_ext):
    """Build with the options of the compiler at hand."""

    def build_extensions(self) -> None:
        """Choose the standard and the optimisation, then build."""
        microsoft = self.compiler.compiler_type == "msvc"
        # the same bits on every processor: no product is fused with a sum where the processor could
        # nobody reads errno or the flags of the floating-point unit; the numbers stay the same
        unobserved = ["-fno-math-errno", "-fno-trapping-math"]
        options = (
            ["/std:c++17", "/O2", "/EHsc"]
            if microsoft
            else ["-std=c++17", "-O3", "-g0", "-ffp-contract=off", *unobserved]
        )
        threads = [] if microsoft else ["-pthread"]
        for extension in self.extensions:
            extension.extra_compile_args = options + threads
            extension.extra_link_args = threads
        super().build_extensions()


setup(
    ext_modules=[
        Extension(
            "lemf._harvest",
            SOURCES,
            depends=HEADERS,
            language="c++",
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            optional=True,
        )
    ],
    cmdclass={"build_ext": BuildHarvest},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
