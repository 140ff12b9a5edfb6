"""`bulkflow explain`: explain a diagnostic code and how to fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.cli.shell_completion import complete_codes
from bulkflow.errors import ExitCode, UsageError
from bulkflow.plugin.suggestions import find_nearest, format_suggestion

if TYPE_CHECKING:
    from bulkflow.cli.environment import Environment
    from bulkflow.language import Code


@click.command("explain")
@click.argument("code", required=False, shell_complete=complete_codes)
@click.option("--markdown", is_flag=True, help="Write all explanations as a Markdown page.")
@click.pass_obj
def command(environment: Environment, code: str | None, markdown: bool) -> int:
    """Explain CODE, with an example of the mistake and one of the fix.

    Without CODE, list all codes.
    """
    from bulkflow.language import Code
    from bulkflow.language.explanation import as_markdown, as_terminal, explanation

    if markdown:
        text = as_markdown(explanation(each) for each in Code)
    elif code is None:
        text = "".join([f"{each.value}  {each.title}\n" for each in Code])
    else:
        text = as_terminal(explanation(_find_code(code))) + "\n"
    environment.stdout.write(text)
    return ExitCode.DONE


def _find_code(text: str) -> Code:
    from bulkflow.language import Code

    name = text.strip().strip("[]").upper()
    known = {each.value: each for each in Code}
    if name not in known:
        near = find_nearest(name, known)
        raise UsageError(
            f"unknown diagnostic code {text}",
            help=format_suggestion(near) or "`bulkflow explain` lists them all",
        )
    return known[name]
