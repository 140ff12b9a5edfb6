"""Parsing YAML within limits."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from bulkflow_sandbox.core.json_document import MAX_DEPTH, DocumentError

if TYPE_CHECKING:
    from types import ModuleType

_MAX_NODES: Final = 50_000
"""Maximum number of nodes: each takes a kilobyte and a tenth of a millisecond to parse."""

_MAX_NUMBER: Final = 100
"""Maximum length of a number: some formats of YAML take quadratic time."""


def parse_yaml(text: str) -> object:
    """Parse YAML text.

    Raises:
        ImportError: PyYAML is not installed.
        DocumentError: The text is not YAML, or exceeds a limit.
    """
    yaml = import_module("yaml")
    try:
        document: object = yaml.load(text, _bounded_loader(yaml))
    except yaml.YAMLError as error:
        raise DocumentError(f"{' '.join(str(error).split()):.400}") from error
    except RecursionError as error:
        raise DocumentError(f"it is nested more than {MAX_DEPTH} levels deep") from error
    except DocumentError:
        raise
    except (ValueError, OverflowError, TypeError) as error:
        # For example, a date with month 13.
        raise DocumentError(f"it has a value that cannot be read: {error!s:.200}") from error
    return document


def _bounded_loader(yaml: ModuleType) -> type:
    base: Any = yaml.SafeLoader

    class BoundedLoader(base):  # type: ignore[misc] # the library is optional
        """Counts nodes while parsing, because a small file can expand to very many."""

        nodes = 0
        depth = 0

        def compose_node(self, parent: object, index: object) -> object:
            self._count(1)
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise DocumentError(f"it is nested more than {MAX_DEPTH} levels deep")
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

        def construct_scalar(self, node: Any) -> object:
            value = super().construct_scalar(node)
            if len(value) > _MAX_NUMBER and not node.tag.endswith(":str"):
                raise DocumentError(f"it has a number or date of {len(value):,} characters")
            return value

        def flatten_mapping(self, node: Any) -> None:
            super().flatten_mapping(node)
            # Nested merge keys can double the size with each line.
            self._count(len(node.value))

        def _count(self, nodes: int) -> None:
            self.nodes += nodes
            if self.nodes > _MAX_NODES:
                raise DocumentError(f"it has more than {_MAX_NODES:,} values")

    return BoundedLoader
