"""Parse a pipeline file, check it, and turn it into a plan, with a diagnostic for every mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow.language.checker import Checked, check
    from bulkflow.language.codes import Code
    from bulkflow.language.grammar import GrammarMissingError, load_grammar
    from bulkflow.language.orgs import EVERY
    from bulkflow.language.parser import Parsed, parse
    from bulkflow.language.printer import print_tree, print_value

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
        "checker": "Checked check",
        "codes": "Code",
        "grammar": "GrammarMissingError load_grammar",
        "orgs": "EVERY",
        "parser": "Parsed parse",
        "printer": "print_tree print_value",
    },
)
