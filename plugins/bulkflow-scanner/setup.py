"""Builds the extension. All other settings are in pyproject.toml."""

from __future__ import annotations

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "bulkflow_scanner._scanner",
            sources=["csrc/module.c", "csrc/scan.c"],
            depends=["csrc/kernel.h", "csrc/scan.h", "csrc/text.h", "csrc/words.h"],
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
        )
    ],
    # One wheel works with Python 3.11 and all later versions.
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
