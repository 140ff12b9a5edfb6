"""Explain diagnostic codes, each with an example of the mistake and of the corrected file.

The texts are in the folder `explanations`, one Markdown file per code. `bulkflow explain` shows
them, and the reference page is generated from them.
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
    """The explanation of a code is missing or damaged."""

    exit_code = ExitCode.WRONG


@frozen
class Example:
    """A whole pipeline file, and the `--set` options to check it with."""

    text: str
    settings: Mapping[str, str] = field(factory=dict)


@frozen
class Explanation:
    """The explanation of a code."""

    code: Code
    text: str
    """Markdown, without a heading."""
    wrong: Example
    """A file with this mistake and no other."""
    right: Example
    """The same file, corrected."""
    files: Mapping[str, str]
    """Other files that both examples need, by path."""


def load_explanation(code: Code) -> Explanation:
    """Load the explanation of a code.

    Raises:
        ExplanationMissingError: The file is missing, or lacks an example.
    """
    place = files("bulkflow.language") / "explanations" / f"{code.value}.md"
    try:
        text = place.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _make_missing_error(code) from error
    examples: dict[str, Example] = {}
    others: dict[str, str] = {}
    for fence in _FENCE.finditer(text):
        kind, *options = shlex.split(fence["kind"])
        if kind.startswith(_FILE):
            others[kind.removeprefix(_FILE)] = fence["text"]
        else:
            examples[kind] = Example(fence["text"], dict(_parse_settings(options)))
    if examples.keys() != {"wrong", "right"}:
        raise _make_missing_error(code)
    return Explanation(code, text.strip(), examples["wrong"], examples["right"], others)


def render_terminal(shown: Explanation) -> str:
    """Return the explanation for a terminal, with examples indented instead of fenced."""
    lines = [f"{shown.code.value}: {shown.code.title}", ""]
    inside = False
    for line in _add_captions(shown.text).split("\n"):
        if line.startswith("```"):
            inside = not inside
        else:
            lines.append(f"    {line}".rstrip() if inside else line)
    return "\n".join(lines)


def render_markdown(explanations: Iterable[Explanation]) -> str:
    """Return the reference page of all codes."""
    parts = [
        f"## {shown.code.value}: {shown.code.title}\n\n{_add_captions(shown.text)}\n"
        for shown in explanations
    ]
    return "\n".join([_HEAD, *parts])


def _add_captions(text: str) -> str:
    """Return the text with plain fences, and with a caption before each example that lacks one."""

    def replace_fence(fence: re.Match[str]) -> str:
        captioned = fence["before"].rstrip().endswith(":")
        caption = "" if captioned else f"{fence['kind'].title()}:\n\n"
        return f"{fence['before']}{caption}```{fence['language']}\n"

    return re.sub(
        r"^(?P<before>[^\n]*\n\n)```(?P<language>bulkflow|csv) (?P<kind>\w+)[^\n]*\n",
        replace_fence,
        text,
        flags=re.MULTILINE,
    )


_HEAD = """\
# Diagnostic codes

Every mistake in a pipeline file has a code, and a code never changes its meaning. B1xx is about the
text of a file, B2xx about names and the lifecycle of jobs, B3xx about words and values, and B4xx
about data and the org: `bulkflow check --sources` finds B401 to B405; `bulkflow plan` finds these
and, if it asks the org, the others. `bulkflow explain CODE` shows the explanation of one code. This
page is generated with `bulkflow explain --markdown`.
"""


def _parse_settings(options: list[str]) -> Iterable[tuple[str, str]]:
    for flag, setting in pairwise(options):
        if flag == "--set":
            name, _, value = setting.partition("=")
            yield name, value


def _make_missing_error(code: Code) -> ExplanationMissingError:
    return ExplanationMissingError(
        f"the explanation of {code.value} is missing from this installation",
        help=f"reinstall bulkflow: {get_reinstall_command()}",
    )
