"""Where the profiles of a user are, on each system."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkflow_salesforce.profiles.folder import configuration_of, folder_of


@pytest.mark.parametrize(
    ("system", "environ", "expected"),
    [
        ("linux", {}, "~/.config"),
        ("linux", {"XDG_CONFIG_HOME": "/etc/mine"}, "/etc/mine"),
        ("linux", {"XDG_CONFIG_HOME": ""}, "~/.config"),
        ("linux", {"XDG_CONFIG_HOME": "not/absolute"}, "~/.config"),
        ("darwin", {}, "~/Library/Application Support"),
        ("darwin", {"XDG_CONFIG_HOME": "/etc/mine"}, "/etc/mine"),
        ("win32", {"APPDATA": "/roaming", "XDG_CONFIG_HOME": "/etc/mine"}, "/roaming"),
        ("win32", {}, "~/AppData/Roaming"),
    ],
)
def test_the_folder_of_a_system(system, environ, expected, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert configuration_of(environ, system) == Path(expected.replace("~", str(tmp_path)))


def test_the_variable_names_the_folder_itself() -> None:
    assert folder_of({"BULKFLOW_CONFIG_DIR": "/mine"}).path == Path("/mine")
    assert folder_of({"XDG_CONFIG_HOME": str(Path.cwd())}).path == Path.cwd() / "bulkflow"
