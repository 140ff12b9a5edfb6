"""Text, to a syntax tree, to a checked plan; with a diagnostic for everything that is wrong."""

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
