"""One style for pipeline files.

A tree is walked and written anew, with every value spelled as its author spelled it; comments,
which are no part of a tree, are put back to what they stood beside; and the result is proved before
it is handed out.
"""

from bulkflow.language.formatter.format import WIDTH, format_source
from bulkflow.language.formatter.proof import (
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
