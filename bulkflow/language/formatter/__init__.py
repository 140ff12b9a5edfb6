"""Format pipeline files.

The formatter writes the syntax tree with every value as its author spelled it, puts comments, which
are not part of the tree, back where they were, and verifies the result before returning it.
"""

from bulkflow.language.formatter.format import WIDTH, format_source
from bulkflow.language.formatter.verify import (
    CommentLostError,
    FormatterError,
    TreeChangedError,
    UnstableError,
)

__all__ = [
    "WIDTH",
    "CommentLostError",
    "FormatterError",
    "TreeChangedError",
    "UnstableError",
    "format_source",
]
