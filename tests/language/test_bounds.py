"""What a pipeline file may cost: a check of any bytes ends soon, and takes little memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkflow import app
from bulkflow.errors import UsageError
from bulkflow.language import check
from bulkflow.language.checks.scope import MAX_TEXT
from bulkflow.model.diagnostic import MAX_DIAGNOSTICS, Severity
from bulkflow.model.value import LONGEST_TEXT, Outside
from bulkflow.source import LARGEST, MAX_LINES, SourceText, TooLargeError

CHILD = """
import resource, sys
from bulkflow.cli import main
code = main(sys.argv[1:])
if sys.platform == "linux":
    # What getrusage says there is at least what the parent held when this process began.
    lines = open("/proc/self/status").read().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if sys.platform == "darwin":
        peak //= 1024
print(code, peak, file=sys.stderr)
"""

MAX_KILOBYTES = 300_000

HEAD = 'org sandbox\njob a\n    insert A\n    from "a"\n'
DOUBLED = "".join(f'let a{n + 1} = "{{a{n}}}{{a{n}}}"\n' for n in range(40))
HOSTILE = {
    "comments": b"#x\n" * (LARGEST // 3),
    "no_end_of_comments": b"#x\n" * 10_000_000,
    "zero_bytes": bytes(LARGEST),
    "wrong_lines": b"a\n" * MAX_LINES,
    "unclosed_texts": b'"\n' * MAX_LINES,
    "words": b"a " * (LARGEST // 2),
    "unknown_names": b'log "' + b"{x}" * (LARGEST // 4) + b'"\n',
    "escapes": b'log "' + rb"\q" * (LARGEST // 3) + b'"\n',
    "a_long_chain": b"then " * (LARGEST // 5),
    "a_long_text": b'log """' + b'" ' * (LARGEST // 3) + b'"""\n',
    "doubled_texts": f'let a0 = "{"x" * 16}"\n{DOUBLED}log a40\n'.encode(),
    "long_texts": b'let a = "%s"\n' % (b"x" * 500_000) + b'log "{a}!"\n' * 40_000,
    "contradictions": b"%s    insert %s\n" % (HEAD.encode(), b"B" * 300_000) * 2
    + b"    insert C\n" * 50_000,
}


def checked(path: Path | str) -> tuple[int, int, str]:
    """The exit code of a check in a process of its own, its peak in kilobytes, and its words."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "check", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    words, _, figures = done.stderr.rstrip().rpartition("\n")
    code, peak = figures.split()
    return int(code), int(peak), words


@pytest.mark.skipif(sys.platform == "win32", reason="the peak is read with `resource`")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_check_of_any_bytes_takes_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.bulkflow"
    path.write_bytes(HOSTILE[name])
    code, peak, words = checked(path)
    assert code in (0, 2)
    assert peak < MAX_KILOBYTES
    assert "internal error" not in words
    assert len(words) < 1_000_000


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no device without an end")
def test_a_device_without_an_end_is_refused() -> None:
    code, peak, words = checked("/dev/zero")
    assert code == 2
    assert peak < MAX_KILOBYTES
    assert "/dev/zero is too large: a pipeline has at most 1 MB and 100,000 lines" in words


def texts(**files: str):
    """Reads included files that are nowhere on disk."""

    def read(path: Path) -> SourceText:
        return SourceText(path.name, files[path.stem], path)

    return read


def diagnostics(text: str, catalogue, read=None, environ=None):
    source = SourceText("main", text, Path("main.bulkflow"))
    found = check(source, catalogue, settings={}, environ=environ or {}, read=read)
    return found.diagnostics


@pytest.mark.parametrize("line", ["#\n", "x" * 9 + "\n"])
def test_a_file_may_be_as_large_as_a_pipeline_and_no_larger(line: str, tmp_path: Path) -> None:
    most = min(MAX_LINES, LARGEST // len(line))
    path = tmp_path / "large.bulkflow"
    path.write_text(line * most)
    assert len(app.read_pipeline(path).text) == len(line) * most
    path.write_text(line * (most + 1))
    with pytest.raises(UsageError, match="is too large"):
        app.read_pipeline(path)


def test_an_end_of_line_is_one_however_it_is_written() -> None:
    with pytest.raises(TooLargeError):
        SourceText.decode("x", b"\r" * (MAX_LINES + 1))


def test_what_a_file_includes_counts_as_a_part_of_it(catalogue) -> None:
    half = "#" * (LARGEST // 2)
    main = 'include "one.bulkflow"\ninclude "two.bulkflow"\nlog 1\n'
    (found,) = diagnostics(main, catalogue, texts(one=half, two=half))
    assert (found.code, found.span.line) == ("B121", 2)
    assert "at most 1 MB" in found.message


def test_the_lines_of_all_files_are_counted_together(catalogue) -> None:
    half = "#\n" * (MAX_LINES // 2)
    main = 'include "one.bulkflow"\ninclude "two.bulkflow"\nlog 1\n'
    (found,) = diagnostics(main, catalogue, texts(one=half, two=half))
    assert (found.code, found.span.line) == ("B121", 2)


def test_no_more_errors_are_looked_for_than_anybody_reads(catalogue) -> None:
    for text in ("frobnicate\n", "log :\n", 'log "{x}{y}"\n'):
        assert len(diagnostics(text * 5_000, catalogue)) == MAX_DIAGNOSTICS


def test_warnings_beyond_the_bound_keep_no_file_from_running(catalogue) -> None:
    text = "".join(f"let a{n} = 1\n" for n in range(3_000)) + "log 1\n"
    found = check(SourceText("main", text), catalogue, settings={}, environ={}, read=texts())
    assert found.plan is not None
    assert {each.severity for each in found.diagnostics} == {Severity.WARNING}
    assert len(found.diagnostics) == MAX_DIAGNOSTICS


def test_errors_are_not_lost_among_many_warnings(catalogue) -> None:
    text = "let e = env E\n" + 'log "${e}"\n' * 3_000 + "frobnicate\n"
    found = diagnostics(text, catalogue, environ={"E": "1"})
    assert "B301" in {each.code for each in found}


def test_a_long_word_is_not_quoted_in_full(catalogue) -> None:
    (found,) = diagnostics("x" * 900_000 + "\n", catalogue)
    assert len(found.message) < 1_100
    assert "(899," in found.message


@pytest.mark.parametrize("begin", ["", "x"])
def test_empty_values_from_outside_multiply_within_the_bound(catalogue, begin: str) -> None:
    text = f'let a0 = env E\n{DOUBLED}log "{begin}{{a40}}"\n'
    assert [each.code for each in diagnostics(text, catalogue, environ={"E": ""})] == ["B114"]


def test_all_texts_together_have_a_bound_that_is_reported_once(catalogue) -> None:
    long = "x" * 400_000
    text = f'let a = "{long}"\n' + 'log "{a}!"\n' * 100
    (found,) = diagnostics(text, catalogue)
    assert (found.code, found.span.line) == ("B114", 1 + MAX_TEXT // len(long))
    assert f"more than {MAX_TEXT:,} characters" in found.message


def test_a_text_that_only_the_run_knows_is_bounded_by_the_run() -> None:
    from bulkflow.engine.evaluate import WrongValueError, evaluate
    from bulkflow.model.value import Interpolation, Text
    from bulkflow.source import Span

    span = Span(SourceText("main", "let b = …"), 0, 3)
    twice = Text((Interpolation("a", span), Interpolation("a", span)), span)
    a = Text((Outside("x" * (LONGEST_TEXT // 2 + 1)),), span)
    with pytest.raises(WrongValueError, match="more than 1,000,000 characters"):
        evaluate(twice, {"a": a}, {})


needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")


def included(tmp_path: Path, name: str, catalogue) -> list[str]:
    main = tmp_path / "flows" / "main.bulkflow"
    main.parent.mkdir(exist_ok=True)
    main.write_text(f'include "{name}"\nlog 1\n')
    request = app.RunRequest(main, {}, {}, tmp_path, {})

    class Host:
        pass

    host = Host()
    host.catalogue = catalogue  # type: ignore[attr-defined]
    found = app.check(request, host)  # type: ignore[arg-type]
    return [f"{each.code} {each.message} {each.span.source.name}" for each in found.diagnostics]


@needs_links
@pytest.mark.parametrize("by", ["file", "folder"])
def test_a_link_does_not_lead_out_of_the_folder(by: str, tmp_path: Path, catalogue) -> None:
    secret = tmp_path / "outside" / "secret.bulkflow"
    secret.parent.mkdir()
    secret.write_text("password hunter2\n")
    flows = tmp_path / "flows"
    flows.mkdir()
    if by == "file":
        (flows / "x.bulkflow").symlink_to(secret)
        name = "x.bulkflow"
    else:
        (flows / "sub").symlink_to(secret.parent)
        name = "sub/secret.bulkflow"
    (found,) = included(tmp_path, name, catalogue)
    assert found.startswith(f"B123 {name} is a link to a file outside the pipeline's folder")
    assert "hunter2" not in found


@needs_links
def test_links_within_the_folder_are_followed(tmp_path: Path, catalogue) -> None:
    # As a mounted ConfigMap has them.
    version = tmp_path / "flows" / "..2026"
    version.mkdir(parents=True)
    (version / "hello.bulkflow").write_text('log "hello"\n')
    (tmp_path / "flows" / "..data").symlink_to(version)
    (tmp_path / "flows" / "hello.bulkflow").symlink_to("..data/hello.bulkflow")
    assert included(tmp_path, "hello.bulkflow", catalogue) == []


@needs_links
def test_a_folder_that_is_itself_a_link_is_a_folder(tmp_path: Path, catalogue) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "hello.bulkflow").write_text('log "hello"\n')
    (tmp_path / "flows").symlink_to(real)
    assert included(tmp_path, "hello.bulkflow", catalogue) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_fifo_is_not_waited_for(tmp_path: Path, catalogue) -> None:
    (tmp_path / "flows").mkdir()
    os.mkfifo(tmp_path / "flows" / "pipe.bulkflow")
    (found,) = included(tmp_path, "pipe.bulkflow", catalogue)
    assert found.startswith("B121 pipe.bulkflow cannot be read: not a regular file")
