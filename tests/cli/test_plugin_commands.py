"""Commands of plugins: where they stand, and those that cannot stand side by side."""

from __future__ import annotations

import click
import pytest

from bulkflow.cli import plugin_commands
from bulkflow.cli.environment import Environment
from bulkflow.plugin import Command, hookimpl
from bulkflow.plugin.registry import PluginConflictError
from bulkflow.testing import make_host
from support.workshop import Workshop


class Bringing:
    """A plugin with commands."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    @hookimpl
    def bulkflow_commands(self):
        return [Command(tuple(path.split()), "Does.", lambda: None) for path in self.paths]


class Failing:
    """A plugin that fails when it is asked what it brings."""

    @hookimpl
    def bulkflow_commands(self):
        return [Command(("acme",), "Does.", lambda: None)]

    @hookimpl
    def bulkflow_steps(self):
        raise ZeroDivisionError("by the author")


def tree(monkeypatch: pytest.MonkeyPatch, **plugins: object) -> dict[str, click.Command]:
    host = make_host(**plugins)
    monkeypatch.setattr(plugin_commands, "_host", lambda _: host)
    return plugin_commands.find_plugin_commands(Environment.from_process())


def test_commands_of_several_plugins_share_their_groups(monkeypatch) -> None:
    top = tree(monkeypatch, one=Bringing("acme", "org drop"), two=Bringing("org keep", "org by me"))
    org = top["org"]
    assert isinstance(org, click.Group)
    assert (sorted(top), sorted(org.commands)) == (["acme", "org"], ["by", "drop", "keep"])


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ("acme", "acme", "the command `acme`"),
        ("org drop", "org drop", "the command `org drop`"),
        ("org", "org drop", "the commands `org` and `org drop`, which conflict"),
        ("org drop", "org", "the commands `org drop` and `org`, which conflict"),
        ("a b c", "a b", "the commands `a b c` and `a b`, which conflict"),
    ],
)
def test_commands_that_cannot_both_be_name_both_plugins(monkeypatch, first, second, what) -> None:
    with pytest.raises(PluginConflictError) as caught:
        tree(monkeypatch, one=Bringing(first), two=Bringing(second))
    assert caught.value.message == (
        f"two plugins provide {what}: one (in-memory 0) and two (in-memory 0)"
    )


def test_a_plugin_that_fails_to_declare_stops_only_what_needs_it(
    monkeypatch, tmp_path, workshop: Workshop
) -> None:
    from bulkflow import app

    shipped = app.load_plugins({})
    host = make_host(failing=Failing(), **{e.provider.plugin: e.plugin for e in shipped.loaded})
    monkeypatch.setattr(plugin_commands, "_host", lambda _: host)
    fine = workshop.write("fine.bulkflow", 'log "x"\n')
    assert workshop.command("check", str(fine)).code == 0
    needs = workshop.write("needs.bulkflow", 'paint "x"\n')
    ran = workshop.command("check", str(needs))
    assert ran.code == 2
    assert "could not be loaded: failing (in-memory 0); `bulkflow plugins` shows why" in ran.err
    assert "ZeroDivisionError: by the author" in workshop.command("plugins").out
    assert workshop.command("acme").code == 2


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    return Workshop(tmp_path, {})
