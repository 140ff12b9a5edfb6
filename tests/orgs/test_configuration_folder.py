"""The folder of the profiles on each system."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from bulkflow_salesforce.profiles.profile import Profile
from bulkflow_salesforce.profiles.store import find_configuration_folder, find_store

SYSTEMS = {"linux": Unix, "darwin": MacOS}


@pytest.mark.skipif(os.name != "posix", reason="on Windows, the system is asked for the folder")
@pytest.mark.parametrize(
    ("system", "environ", "expected"),
    [
        ("linux", {}, "~/.config"),
        ("linux", {"XDG_CONFIG_HOME": "/etc/mine"}, "/etc/mine"),
        ("linux", {"XDG_CONFIG_HOME": ""}, "~/.config"),
        ("linux", {"XDG_CONFIG_HOME": "not/absolute"}, "~/.config"),
        ("darwin", {}, "~/Library/Application Support"),
        ("darwin", {"XDG_CONFIG_HOME": "/etc/mine"}, "/etc/mine"),
    ],
)
def test_the_folder_of_a_system(system, environ, expected, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for name, value in {"HOME": str(tmp_path), **environ}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(platformdirs, "PlatformDirs", SYSTEMS[system])
    found = find_configuration_folder(os.environ, system)
    assert found == Path(expected.replace("~", str(tmp_path))) / "bulkflow"


def test_the_variable_names_the_folder_itself() -> None:
    assert find_store({"BULKFLOW_CONFIG_DIR": "/mine"}).path == Path("/mine")
    assert find_store({"XDG_CONFIG_HOME": str(Path.cwd())}).path == Path.cwd() / "bulkflow"


CONTENT = {
    "flow": "token",
    "secrets": {"access-token": "env:X"},
    "instance-url": "https://a.my.salesforce.com",
}


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_folder_is_the_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = find_store({"XDG_CONFIG_HOME": str(tmp_path / "config")})
        folder.write(Profile.from_content("prod", CONTENT))
    finally:
        os.umask(before)
    modes = {each: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.rglob("*")}
    assert modes[tmp_path / "config" / "bulkflow"] == 0o700
    assert all(mode & 0o077 == 0 for mode in modes.values())
