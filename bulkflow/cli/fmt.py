"""`bulkflow fmt`: writes pipeline files in the one style."""

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
@click.option("--check", is_flag=True, help="Change nothing; end with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="As --check, and show on stdout what would change.")
@click.pass_obj
def command(environment: Environment, files: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Write pipeline FILES in the one style; `-` reads stdin and writes stdout.

    Comments stay where they are. Before a file is replaced it is proved that the new text says the
    same, keeps every comment, and would not be changed again. Ends with 2 if a file has mistakes:
    that file is left alone.
    """
    if STDIN in files and len(files) > 1:
        raise UsageError("`-` stands for stdin, and so stands alone", help="leave the files out")
    formatting = _Formatting(environment, writes=not (check or diff), shows=diff)
    for file in files:
        try:
            formatting.file(file)
        except PipelineError as error:
            environment.show_diagnostics(error.diagnostics)
            formatting.wrong += 1
        except BulkflowError as error:
            environment.show_error(error)
            formatting.wrong += 1
    if STDIN not in files:
        environment.show(formatting.summary())
    return formatting.exit_code()


@define(eq=False)
class _Formatting:
    """The files so far."""

    environment: Environment
    writes: bool
    shows: bool
    changed: int = 0
    unchanged: int = 0
    wrong: int = 0

    def file(self, file: Path) -> None:
        """Format one. Raises `PipelineError`, `UsageError` or `FormatterError`."""
        text = _read(self.environment, file)
        if self.shows:
            from bulkflow.report.text_width import escape_text

            self.environment.stdout.write(escape_text("".join(text.difference())))
        elif file == STDIN and self.writes:
            self.environment.stdout.write(text.after)
        elif text.changes:
            if self.writes:
                _replace(file, text.content())
            done = "reformatted" if self.writes else "would reformat"
            self.environment.show(f"{done} {text.name}")
        self.changed += text.changes
        self.unchanged += not text.changes

    def summary(self) -> str:
        """What was done, in a line."""
        parts = [
            (self.changed, "reformatted" if self.writes else "would be reformatted"),
            (self.unchanged, "left unchanged"),
            (self.wrong, "left alone because of errors"),
        ]
        return ", ".join(
            [
                f"{count} {'file' if count == 1 else 'files'} {what}"
                for count, what in parts
                if count
            ]
        )

    def exit_code(self) -> ExitCode:
        """Errors weigh more than files that would change."""
        if self.wrong:
            return ExitCode.WRONG
        return ExitCode.FAILED if self.changed and not self.writes else ExitCode.DONE


@frozen
class _Formatted:
    """A file's text before and after, with line feeds for line ends."""

    name: str
    before: str
    after: str
    crlf: bool
    """Whether the file's lines end in CR LF; they still do afterwards."""

    @property
    def changes(self) -> bool:
        return self.before != self.after

    def content(self) -> bytes:
        text = self.after.replace("\n", "\r\n") if self.crlf else self.after
        return text.encode()

    def difference(self) -> Iterator[str]:
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
        raise UsageError(
            f"cannot write {file}: {error.strerror or error}",
            help="check that you may write the file and its folder",
        ) from error


def _read(environment: Environment, file: Path) -> _Formatted:
    from bulkflow.language.formatter import format_source

    if file == STDIN:
        source = _decoded(environment.read_stdin(LARGEST + 1))
        return _Formatted("stdin", source.text, format_source(source), crlf=False)
    source = app.read_pipeline(file)
    with file.open("rb") as data:
        crlf = b"\r\n" in data.read(LARGEST)
    return _Formatted(source.name, source.text, format_source(source), crlf)


def _decoded(data: bytes) -> SourceText:
    try:
        return SourceText.decode("stdin", data)
    except UnicodeDecodeError as error:
        raise app.make_encoding_error("stdin", error) from error
    except TooLargeError as error:
        raise app.make_too_large_error("stdin", error) from error
