"""`bulkflow explain`: what a diagnostic code means, and how to mend the mistake."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from bulkflow.cli.shell_completion import complete_codes
from bulkflow.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from bulkflow.cli.environment import Environment
    from bulkflow.language import Code


@click.command("explain")
@click.argument("code", required=False, shell_complete=complete_codes)
@click.option("--markdown", is_flag=True, help="All codes, as a page of Markdown.")
@click.pass_obj
def command(environment: Environment, code: str | None, markdown: bool) -> int:
    """Say what CODE means, with an example of the mistake and of its repair.

    Without a code, list them all.
    """
    from bulkflow.language import Code
    from bulkflow.language.explanation import as_markdown, as_terminal, explanation

    if markdown:
        text = as_markdown(explanation(each) for each in Code)
    elif code is None:
        text = "".join([f"{each.value}  {each.title}\n" for each in Code])
    else:
        text = as_terminal(explanation(_known(code))) + "\n"
    environment.stdout.write(text)
    return ExitCode.DONE


def _known(text: str) -> Code:
    from bulkflow.language import Code

    name = text.strip().strip("[]").upper()
    known = {each.value: each for each in Code}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise UsageError(
            f"{text} is no diagnostic code",
            help=f"did you mean {near[0]}?" if near else "`bulkflow explain` lists them all",
        )
    return known[name]
