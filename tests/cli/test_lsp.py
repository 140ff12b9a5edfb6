"""`bulkflow lsp` without what it needs; `tests/lsp` has whole sessions."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workshop import Workshop


def test_without_its_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkflow.cli.lsp.find_spec", lambda _: None)
    ran = Workshop(tmp_path, {}).command("lsp")
    assert ran.code == 2
    assert 'pip install "bulkflow-sf[lsp]"' in ran.err


def test_a_client_that_goes_away_ends_it(tmp_path: Path) -> None:
    ran = Workshop(tmp_path, {}).command("lsp", stdin=b"")
    assert (ran.code, ran.out) == (0, "")
