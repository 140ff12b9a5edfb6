"""`bulkflow fmt`: format pipeline files."""

from __future__ import annotations

from difflib import unified_diff
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import define, frozen

from bulkflow import app
from bulkflow.atomic_files import replace_file
from bulkflow.cli.shell_completion import complete_files
from bulkflow.errors import BulkflowError, ExitCode, UsageError
from bulkflow.model.diagnostic import PipelineError
from bulkflow.source import LARGEST, SourceText, TooLargeError
from bulkflow.system_errors import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.cli.environment import Environment

STDIN = Path("-")


@click.command("fmt")
@click.argument(
    "files",
    type=click.Path(path_type=Path, allow_dash=True),
    nargs=-1,
    required=True,
    shell_complete=complete_files,
)
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Like --check, and write a diff to stdout.")
@click.pass_obj
def command(environment: Environment, files: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Format pipeline FILES; `-` reads stdin and writes to stdout.

    Comments are kept. A file is replaced only if the new text has the same meaning, has every
    comment, and would not change if formatted again. Exits with 2 if a file has mistakes; such a
    file is left unchanged.
    """
    if STDIN in files and len(files) > 1:
        raise UsageError("`-` cannot be combined with files", help="leave out the other files")
    formatting = _Formatting(environment, writes=not (check or diff), shows=diff)
    for file in files:
        try:
            formatting.format_file(file)
        except PipelineError as error:
            environment.show_diagnostics(error.diagnostics)
            formatting.wrong += 1
        except BulkflowError as error:
            environment.show_error(error)
            formatting.wrong += 1
    if STDIN not in files:
        environment.show(formatting.format_summary())
    return formatting.get_exit_code()


@define(eq=False)
class _Formatting:
    """Formats files one by one and counts them."""

    environment: Environment
    writes: bool
    shows: bool
    changed: int = 0
    unchanged: int = 0
    wrong: int = 0

    def format_file(self, file: Path) -> None:
        """Format a file. Raises `PipelineError`, `UsageError` or `FormatterError`."""
        text = _read(self.environment, file)
        if self.shows:
            from bulkflow.report.text.escape import escape_text

            self.environment.stdout.write(escape_text("".join(text.make_diff())))
        elif file == STDIN and self.writes:
            self.environment.stdout.write(text.after)
        elif text.changes:
            if self.writes:
                _replace(file, text.encode())
            done = "reformatted" if self.writes else "would reformat"
            self.environment.show(f"{done} {text.name}")
        self.changed += text.changes
        self.unchanged += not text.changes

    def format_summary(self) -> str:
        """Describe what was done in one line."""
        parts = [
            (self.changed, "reformatted" if self.writes else "would be reformatted"),
            (self.unchanged, "left unchanged"),
            (self.wrong, "not formatted because of errors"),
        ]
        return ", ".join(
            [
                f"{count} {'file' if count == 1 else 'files'} {what}"
                for count, what in parts
                if count
            ]
        )

    def get_exit_code(self) -> ExitCode:
        """Get the exit code. Errors take precedence over files that would change."""
        if self.wrong:
            return ExitCode.WRONG
        return ExitCode.FAILED if self.changed and not self.writes else ExitCode.DONE


@frozen
class _Formatted:
    """A file's text before and after formatting, with line feeds as line endings."""

    name: str
    before: str
    after: str
    crlf: bool
    """Whether the file uses CRLF, which is kept."""

    @property
    def changes(self) -> bool:
        return self.before != self.after

    def encode(self) -> bytes:
        text = self.after.replace("\n", "\r\n") if self.crlf else self.after
        return text.encode()

    def make_diff(self) -> Iterator[str]:
        lines = unified_diff(
            list(StringIO(self.before, newline="\n")),
            list(StringIO(self.after, newline="\n")),
            self.name,
            f"{self.name} (formatted)",
        )
        for line in lines:
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _replace(file: Path, content: bytes) -> None:
    try:
        replace_file(file, content)
    except OSError as error:
        what, remedy = explained(error, "check that you may write the file and its folder")
        raise UsageError(f"cannot write {file}: {what}", help=remedy) from error


def _read(environment: Environment, file: Path) -> _Formatted:
    from bulkflow.language.formatter import format_source

    if file == STDIN:
        source = _decode(environment.read_stdin(LARGEST + 1))
        return _Formatted("stdin", source.text, format_source(source), crlf=False)
    source = app.read_pipeline(file)
    with file.open("rb") as data:
        crlf = b"\r\n" in data.read(LARGEST)
    return _Formatted(source.name, source.text, format_source(source), crlf)


def _decode(data: bytes) -> SourceText:
    try:
        return SourceText.decode("stdin", data)
    except UnicodeDecodeError as error:
        raise app.make_encoding_error("stdin", error) from error
    except TooLargeError as error:
        raise app.make_too_large_error("stdin", error) from error
