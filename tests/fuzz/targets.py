"""What reads foreign bytes: each takes any, or refuses them with an error of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path

from attrs import Factory, field, frozen

from bulkflow import app
from bulkflow.errors import BulkflowError
from bulkflow.language import check
from bulkflow.language.formatter import format_source
from bulkflow.model.diagnostic import PipelineError
from bulkflow.plugin.registry import Catalogue
from bulkflow.report import render_diagnostics
from bulkflow.source import SourceText
from bulkflow_csv import ByteSource, CsvError, scan
from bulkflow_jobs.job_info import JobInfo
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.error_body import read_faults
from bulkflow_salesforce.http.headers import Headers
from bulkflow_salesforce.http.response import Response
from bulkflow_sandbox import Sandbox
from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.schema.file import load_schema, load_standard_schema
from fuzz import admin, results

CORPUS = Path(__file__).parent / "corpus"
LANGUAGE = CORPUS.parents[1] / "language" / "cases"

Take = Callable[[bytes], None]


@frozen
class Target:
    """A reader.

    Attributes:
        name: What it is called; its folder in the corpus, if that is not another.
        opened: Gives what takes the bytes, with a folder for files; raises nothing for any bytes.
        examples: How many inputs the suite gives it: some seconds' worth.
        folder: Its folder in the corpus.
        longest: Seconds that no input of this size may take.
    """

    name: str
    opened: Callable[[Path], AbstractContextManager[Take]]
    examples: int
    folder: str = field(default=Factory(lambda self: self.name, takes_self=True))
    longest: float = 5.0

    def corpus(self) -> list[bytes]:
        """Sound inputs, and such as once were trouble."""
        paths = sorted((CORPUS / self.folder).iterdir())
        if self.name == "pipelines":
            paths += sorted(LANGUAGE.glob("*/*.bulkflow"))
        return [path.read_bytes() for path in paths]


@cache
def _catalogue() -> Catalogue:
    return app.load_plugins({}).catalogue


def _nothing(path: Path) -> SourceText:
    raise FileNotFoundError(2, "No such file", str(path))


@contextmanager
def _pipelines(folder: Path) -> Iterator[Take]:
    def take(data: bytes) -> None:
        with suppress(UnicodeDecodeError):
            source = SourceText.decode("any.bulkflow", data)
            found = check(source, _catalogue(), settings={}, environ={}, read=_nothing)
            text = render_diagnostics(found.diagnostics, color=False)
            assert text.isprintable() or set(text) & set(map(chr, range(32))) <= {"\n"}
            with suppress(PipelineError):
                format_source(source)

    yield take


@contextmanager
def _rows(folder: Path) -> Iterator[Take]:
    path = folder / "rows.csv"

    def take(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(CsvError):
            scan(ByteSource.of(path))

    yield take


@contextmanager
def _schemas(folder: Path) -> Iterator[Take]:
    def take(data: bytes) -> None:
        path = folder / f"schema.{'json' if data[:1] == b'{' else 'yaml'}"
        path.write_bytes(data)
        with suppress(BulkflowError):
            load_schema(path, load_standard_schema())

    yield take


@contextmanager
def _queries(folder: Path) -> Iterator[Take]:
    with Sandbox() as sandbox:
        sandbox.records.create("Account", {"Name": "Acme"}, USER_ID)

        def take(data: bytes) -> None:
            text = data.decode("utf-8", "replace")
            try:
                sandbox.queries.query(text, "66.0", page=None, deleted=False)
            except ApiError as refusal:
                if refusal.status != 400:
                    raise

        yield take


@contextmanager
def _answers(folder: Path) -> Iterator[Take]:
    call = Call("GET", "/services/data/v66.0/jobs/ingest/750", "org.example")

    def take(data: bytes) -> None:
        for fault in read_faults(data):
            json.dumps([fault.code, fault.message])
        with suppress(BulkflowError, ValueError):
            JobInfo.read(Response(call, 200, Headers({}), data).parse_object())

    yield take


TARGETS = (
    Target("pipelines", _pipelines, 1_000),
    Target("csv", _rows, 1_000),
    Target("schemas", _schemas, 500),
    Target("queries", _queries, 2_000),
    Target("answers", _answers, 3_000),
    Target("admin", admin.requests, 300),
    Target("joins", results.joins, 80, "results", longest=30.0),
    Target("runs", results.runs, 6, "results", longest=60.0),
)
