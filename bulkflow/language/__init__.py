"""Parse a pipeline file, check it, and turn it into a plan, with a diagnostic for every mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow.language.checks.checker import Checked, check
    from bulkflow.language.checks.orgs import EVERY
    from bulkflow.language.codes import Code
    from bulkflow.language.syntax.grammar import GrammarMissingError, load_grammar
    from bulkflow.language.syntax.parser import Parsed, parse
    from bulkflow.language.syntax.printer import print_tree, print_value

__all__ = [
    "EVERY",
    "Checked",
    "Code",
    "GrammarMissingError",
    "Parsed",
    "check",
    "load_grammar",
    "parse",
    "print_tree",
    "print_value",
]

__getattr__ = export_lazily(
    __name__,
    {
        "checks.checker": "Checked check",
        "codes": "Code",
        "syntax.grammar": "GrammarMissingError load_grammar",
        "checks.orgs": "EVERY",
        "syntax.parser": "Parsed parse",
        "syntax.printer": "print_tree print_value",
    },
)
