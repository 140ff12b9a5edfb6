"""What passes between bulkflow and a plugin when orgs, sources and loads are asked about."""

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
    """Rows that have no bytes yet; None is an empty value."""

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
    """The keys of the jobs that the org has certainly processed by then."""
