"""`bulkflow explain`: explain a diagnostic code and how to fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.cli.shell_completion import complete_codes
from bulkflow.errors import ExitCode, UsageError
from bulkflow.plugin.suggestions import ask_did_you_mean, find_nearest

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
    from bulkflow.language.explanation import load_explanation, render_markdown, render_terminal

    if markdown:
        text = render_markdown(load_explanation(each) for each in Code)
    elif code is None:
        text = "".join([f"{each.value}  {each.title}\n" for each in Code])
    else:
        text = render_terminal(load_explanation(_find_code(code))) + "\n"
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
            help=ask_did_you_mean(near) or "`bulkflow explain` lists them all",
        )
    return known[name]
