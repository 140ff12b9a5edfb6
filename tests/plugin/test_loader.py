"""Finding plugins: order, blocking, clashes, and those that do not load."""

from __future__ import annotations

import pytest

from bulkflow.distribution import DISTRIBUTION
from bulkflow.errors import ExitCode
from bulkflow.plugin.loader import find_entry_points, find_plugins
from bulkflow.plugin.records import Provider
from bulkflow.plugin.registry import PluginConflictError
from bulkflow.testing import make_entry_point


class Plugin:
    """A plugin that brings nothing."""


def _find(*entries, blocked=()):
    return find_plugins(blocked, lambda: entries)


def _entry(name, distribution, plugin=None, version="1.0"):
    return make_entry_point(plugin or Plugin(), name, distribution=distribution, version=version)


def test_own_plugins_come_first_and_the_others_by_distribution() -> None:
    found = _find(
        _entry("z", "bulkflow-zeta"),
        _entry("b", DISTRIBUTION),
        _entry("m", "Acme_Tools"),
        _entry("a", DISTRIBUTION),
        _entry("y", "bulkflow-zeta"),
    )
    assert [each.provider.plugin for each in found.loaded] == ["a", "b", "m", "y", "z"]


def test_a_plugin_knows_where_it_came_from() -> None:
    (loaded,) = _find(_entry("acme", "bulkflow-acme", version="2.1")).loaded
    assert loaded.provider == Provider("acme", "bulkflow-acme", "2.1")
    assert str(loaded.provider) == "acme (bulkflow-acme 2.1)"
    assert loaded.target == "Plugin"


@pytest.mark.parametrize(
    "cause", [ImportError("no module named acme"), ZeroDivisionError(), SystemExit(3)]
)
def test_a_plugin_that_fails_to_load_is_broken_and_the_others_are_not(cause) -> None:
    found = _find(_entry("bad", "acme", cause, version="2.1"), _entry("good", "zeta"))
    assert [each.provider.plugin for each in found.loaded] == ["good"]
    (broken,) = found.broken
    assert broken.provider == Provider("bad", "acme", "2.1")
    assert broken.cause is cause


def test_an_interruption_while_plugins_load_is_not_taken_for_a_broken_plugin() -> None:
    with pytest.raises(KeyboardInterrupt):
        _find(_entry("slow", "acme", KeyboardInterrupt()))


@pytest.mark.parametrize("blocked", ["greet", "bulkflow-acme", "Bulkflow_Acme", "bulkflow.acme"])
def test_a_blocked_plugin_is_not_imported(blocked: str) -> None:
    bomb = AssertionError("it was imported")
    found = _find(_entry("greet", "bulkflow-acme", bomb), _entry("x", "x"), blocked=[blocked])
    assert found.broken == ()
    assert [each.plugin for each in found.blocked] == ["greet"]
    assert [each.provider.plugin for each in found.loaded] == ["x"]


def test_two_plugins_of_one_name_are_an_error_that_names_both() -> None:
    with pytest.raises(PluginConflictError) as caught:
        _find(_entry("csv", "acme", version="2.1"), _entry("csv", DISTRIBUTION, version="0.1"))
    assert caught.value.message == (
        "two plugins are named csv: one is in bulkflow-sf 0.1, one in acme 2.1"
    )
    assert caught.value.help is not None
    assert "BULKFLOW_BLOCK=acme" in caught.value.help
    assert caught.value.exit_code is ExitCode.WRONG


def test_blocking_what_the_help_says_ends_the_clash() -> None:
    ours = Plugin()
    found = _find(_entry("csv", "acme"), _entry("csv", DISTRIBUTION, ours), blocked=["acme"])
    assert [each.plugin for each in found.loaded] == [ours]


def test_a_broken_plugin_holds_its_name_too() -> None:
    with pytest.raises(PluginConflictError):
        _find(_entry("csv", "acme", ImportError()), _entry("csv", DISTRIBUTION))


def test_the_shipped_plugins_are_found_in_the_public_group() -> None:
    own = {entry.name for entry in find_entry_points() if entry.dist.name == DISTRIBUTION}
    assert {"control", "csv", "ingest", "salesforce", "sandbox"} <= own
