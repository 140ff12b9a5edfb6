"""What bulkflow and plugins exchange about orgs, sources and loads."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from bulkflow.plugin.context import Job


@frozen
class OrgRequest:
    """What an org plugin may use to open its org."""

    name: str
    environ: Mapping[str, str] = field(repr=False)
    state_directory: Path


@frozen
class SourceFile:
    """A file on disk, loaded byte for byte."""

    name: str
    path: Path


@frozen
class SourceBytes:
    """A stream of CSV bytes that can be read once."""

    name: str
    stream: BinaryIO


@frozen
class SourceRows:
    """Rows to be written as CSV; None is an empty value."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[str | None]]


SourceData: TypeAlias = SourceFile | SourceBytes | SourceRows


@frozen
class SourceRequest:
    """A location to open. A relative path in it starts at `folder`."""

    location: str
    folder: Path
    environ: Mapping[str, str] = field(repr=False)


@frozen
class Load:
    """A job whose rows a plan hands over to the org."""

    job: Job
    after: frozenset[str]
    """The keys of the jobs that the org is certain to have processed by then."""
