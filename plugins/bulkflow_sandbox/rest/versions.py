"""The versions of the API, and the resources of a version."""

from __future__ import annotations

from typing import Final

_SEASONS: Final = ("Spring", "Summer", "Winter")
_ANCHOR: Final = (66, 2026)
"""Version 66 is Spring '26; there are three releases per year."""

_RESOURCES: Final = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")


def list_versions(oldest: int, newest: int) -> list[dict[str, str]]:
    """List the versions for `/services/data`, oldest first (documented)."""
    return [
        {
            "label": _make_label(number),
            "url": f"/services/data/v{number}.0",
            "version": f"{number}.0",
        }
        for number in range(oldest, newest + 1)
    ]


def list_resources(version: str, identity: str) -> dict[str, str]:
    """List the resources for `/services/data/vXX.X`, and the identity URL of the user."""
    base = f"/services/data/v{version}"
    return {name: f"{base}/{name}" for name in _RESOURCES} | {"identity": identity}


def _make_label(number: int) -> str:
    years, season = divmod(number - _ANCHOR[0], len(_SEASONS))
    # A winter release is named after the following year.
    year = _ANCHOR[1] + years + (season == _SEASONS.index("Winter"))
    return f"{_SEASONS[season]} '{year % 100:02d}"
