"""What every diagnostic code means, with an example of the mistake and of its repair.

The texts lie beside this module, one Markdown file for each code: `bulkflow explain` shows them,
and the reference page is made of them.
"""

from __future__ import annotations

import re
import shlex
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow.distribution import get_reinstall_command
from bulkflow.errors import BulkflowError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow.language.codes import Code

_FENCE = re.compile(
    r"^```(?:bulkflow|csv) (?P<kind>[^\n]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_FILE = "file="


class ExplanationMissingError(BulkflowError):
    """The text about a code is not where it was installed."""

    exit_code = ExitCode.WRONG


@frozen
class Example:
    """A whole pipeline file, and the `--set` that it is checked with."""

    text: str
    settings: Mapping[str, str] = field(factory=dict)


@frozen
class Explanation:
    """A code, told to a person."""

    code: Code
    text: str
    """Markdown, without a heading."""
    wrong: Example
    """A file that has this mistake and no other."""
    right: Example
    """The same file, mended."""
    files: Mapping[str, str]
    """Other files that both examples need, by their path."""


def explanation(code: Code) -> Explanation:
    """What a code means.

    Raises:
        ExplanationMissingError: the text is not there, or lacks an example.
    """
    place = files("bulkflow.language") / "explanations" / f"{code.value}.md"
    try:
        text = place.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _missing(code) from error
    examples: dict[str, Example] = {}
    others: dict[str, str] = {}
    for fence in _FENCE.finditer(text):
        kind, *options = shlex.split(fence["kind"])
        if kind.startswith(_FILE):
            others[kind.removeprefix(_FILE)] = fence["text"]
        else:
            examples[kind] = Example(fence["text"], dict(_settings(options)))
    if examples.keys() != {"wrong", "right"}:
        raise _missing(code)
    return Explanation(code, text.strip(), examples["wrong"], examples["right"], others)


def as_terminal(told: Explanation) -> str:
    """The explanation with its examples indented in place of fences."""
    lines = [f"{told.code.value}: {told.code.title}", ""]
    inside = False
    for line in _captioned(told.text).split("\n"):
        if line.startswith("```"):
            inside = not inside
        else:
            lines.append(f"    {line}".rstrip() if inside else line)
    return "\n".join(lines)


def as_markdown(all_told: Iterable[Explanation]) -> str:
    """The reference page of all codes."""
    parts = [
        f"## {told.code.value}: {told.code.title}\n\n{_captioned(told.text)}\n" for told in all_told
    ]
    return "\n".join([_HEAD, *parts])


def _captioned(text: str) -> str:
    """The text with a word before each example that has none, and plain fences."""

    def opening(fence: re.Match[str]) -> str:
        told = fence["before"].rstrip().endswith(":")
        caption = "" if told else f"{fence['kind'].title()}:\n\n"
        return f"{fence['before']}{caption}```{fence['language']}\n"

    return re.sub(
        r"^(?P<before>[^\n]*\n\n)```(?P<language>bulkflow|csv) (?P<kind>\w+)[^\n]*\n",
        opening,
        text,
        flags=re.MULTILINE,
    )


_HEAD = """\
# Diagnostic codes

Every mistake in a pipeline file has a code, which never changes its meaning: B1xx is about the text
of a file, B2xx about names and about what happens to jobs, B3xx about words and their values, B4xx
about data and what the org says to it: `bulkflow check --sources` finds B401 to B405, `bulkflow
plan` these and, when it may ask the org, the others.
`bulkflow explain CODE` shows the same as this page, which is made by `bulkflow explain --markdown`.
"""


def _settings(options: list[str]) -> Iterable[tuple[str, str]]:
    for flag, setting in pairwise(options):
        if flag == "--set":
            name, _, value = setting.partition("=")
            yield name, value


def _missing(code: Code) -> ExplanationMissingError:
    return ExplanationMissingError(
        f"the explanation of {code.value} is missing from this installation",
        help=f"install bulkflow again: {get_reinstall_command()}",
    )
