"""Renders a forecast as text: jobs, their parts, and the steps in order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import define

from bulkflow.model.forecast import LineKind
from bulkflow.model.org import format_org, format_orgs
from bulkflow.report.text.escape import escape_line
from bulkflow.report.text.number_format import describe_unread, format_plural, format_size
from bulkflow.report.text.style import Role, Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.model.forecast import Forecast, JobForecast, StepForecast
    from bulkflow.model.part import Manifest, Part

_MAX_PARTS = 4
_MAX_FILES = 5
_MAX_COLUMNS = 10
_WIDEST_STEP = 72


def render_plan(forecast: Forecast, style: Style) -> str:
    """Render the whole plan, with a final line feed."""
    orgs = format_orgs(forecast.orgs)
    against = f"against {orgs}" if orgs else "without an org"
    lines = [style.paint(_escape(f"{forecast.pipeline} {against}", style), Role.TITLE)]
    for job in forecast.jobs:
        lines += ["", *_describe_job(job, forecast, style)]
    if forecast.steps:
        lines += ["", style.paint("steps", Role.TITLE), *_format_steps(forecast.steps, style)]
    lines += ["", _format_total(forecast)]
    return "".join(f"{line}\n" for line in lines)


def _describe_job(job: JobForecast, forecast: Forecast, style: Style) -> Iterator[str]:
    title = f"job {job.job}"
    if job.org is not None and len(forecast.orgs) > 1:
        title += f" in {format_org(job.org, forecast.orgs)}"
    yield style.paint(_escape(title, style), Role.TITLE)
    for clause in job.clauses:
        yield f"  {_escape(clause, style)}"
    if job.manifest is None or job.manifest.from_org:
        yield style.paint("  rows unknown before the run", Role.FAINT)
        for note in job.manifest.notes if job.manifest else ():
            yield style.paint(f"  note: {_escape(note, style)}", Role.FAINT)
        return
    yield f"  {_format_amount(job.manifest)}"
    for line in _describe_parts(job.manifest.parts):
        yield f"    {_escape(line, style)}"
    yield f"  {_escape(_format_columns(job.manifest.columns), style)}"
    for note in job.manifest.notes:
        yield style.paint(f"  note: {_escape(note, style)}", Role.FAINT)


def _format_amount(manifest: Manifest) -> str:
    amount = ", ".join(
        (
            format_plural(manifest.rows, "row"),
            format_size(manifest.bytes),
            format_plural(len(manifest.parts), "part"),
        )
    )
    return amount + describe_unread(manifest)


def _describe_parts(parts: Sequence[Part]) -> Iterator[str]:
    """Describe each part in a line, or each file if there are many parts."""
    if len(parts) <= _MAX_PARTS:
        for part in parts:
            place = f" from line {part.first_line:,}" if len(parts) > 1 else ""
            yield (
                f"part {part.index + 1}: {part.source}{place}, {format_plural(part.rows, 'row')}, "
                f"{format_size(part.bytes)}"
            )
        return
    of_file = Counter(part.source for part in parts)
    rows = Counter[str]()
    for part in parts:
        rows[part.source] += part.rows
    for source, number in list(of_file.items())[:_MAX_FILES]:
        yield f"{source}: {format_plural(rows[source], 'row')} in {format_plural(number, 'part')}"
    others = len(of_file) - _MAX_FILES
    if others > 0:
        yield f"and {format_plural(others, 'more file')}"
    yield f"the largest part has {format_size(max(part.bytes for part in parts))}"


def _format_columns(columns: Sequence[str]) -> str:
    shown = ", ".join(columns[:_MAX_COLUMNS])
    others = len(columns) - _MAX_COLUMNS
    return f"{format_plural(len(columns), 'column')}: {shown}" + (
        f", and {others:,} more" if others > 0 else ""
    )


@define
class _Row:
    """A line of the steps: a chain, a handler, or the head of a block."""

    kind: LineKind
    margin: int
    text: str
    requests: int
    unknown: bool
    per_part: int
    _steps: int = 1

    @classmethod
    def of(cls, step: StepForecast) -> _Row:
        """Start a row with a step, or with the head of a handler or block."""
        handler = step.kind is LineKind.HANDLER
        return cls(
            step.kind,
            2 * step.depth + (4 if handler else 0),
            step.text,
            step.requests or 0,
            step.requests is None,
            step.requests_per_part,
            0 if handler else 1,
        )

    def includes(self, step: StepForecast) -> bool:
        """Whether a step belongs to this row."""
        return step.kind is LineKind.THEN or (step.kind is LineKind.STEP and self._steps == 0)

    def add(self, step: StepForecast) -> None:
        """Add a step and its calls."""
        self.text += f" then {step.text}" if self._steps else f" {step.text}"
        self.requests += step.requests or 0
        self.unknown = self.unknown or step.requests is None
        self.per_part += step.requests_per_part
        self._steps += 1

    @property
    def calls(self) -> str:
        """The API calls as text; empty for none."""
        known = format_plural(self.requests, "call") if self.requests else ""
        if self.per_part:
            known += f", plus {self.per_part:,} per additional part"
        if self.unknown:
            return f"{known} or more" if known else "calls unknown"
        return known


def _format_steps(steps: Iterable[StepForecast], style: Style) -> Iterator[str]:
    rows = list(_group_rows(steps))
    counted = [len(row.text) + row.margin for row in rows if row.calls]
    width = min(max(counted, default=0), _WIDEST_STEP)
    for row in rows:
        text = " " * row.margin + _escape(row.text, style)
        painted = style.paint(text, Role.FAINT) if row.kind is LineKind.HANDLER else text
        calls = row.calls
        padding = " " * (width - len(text)) if calls else ""
        yield f"  {painted}{padding}" + (f"  {style.paint(calls, Role.FAINT)}" if calls else "")


def _group_rows(steps: Iterable[StepForecast]) -> Iterator[_Row]:
    row: _Row | None = None
    for step in steps:
        if row is not None and row.includes(step):
            row.add(step)
            continue
        if row is not None:
            yield row
        row = _Row.of(step)
    if row is not None:
        yield row


def _format_total(forecast: Forecast) -> str:
    amount = f"{format_plural(forecast.rows, 'row')}, {format_size(forecast.bytes)}"
    if not forecast.is_known:
        known = f"{amount}, and more is read later; " if forecast.rows else ""
        return f"total: {known}the API calls are unknown until all rows are read"
    calls = format_plural(forecast.requests, "API call")
    if len(forecast.orgs) > 1:
        each = (f"{forecast.requests_to({name}):,} to {name}" for name in forecast.orgs)
        calls += f" ({', '.join(each)})"
    if forecast.requests_per_part:
        calls += f", plus {forecast.requests_per_part:,} per additional part"
    return f"total: {amount}, at least {calls}; polling and handlers need more"


def _escape(text: str, style: Style) -> str:
    return escape_line(text, style.encoding)
