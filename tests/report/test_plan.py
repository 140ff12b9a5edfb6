"""A plan as text: short where there is much, aligned, and safe to print."""

from __future__ import annotations

from bulkflow.model.forecast import Forecast, JobForecast, LineKind, StepForecast
from bulkflow.model.part import Manifest, Part
from bulkflow.report import plan_to_json, render_plan
from bulkflow.report.text.style import Style


def parts(*files: tuple[str, int]) -> tuple[Part, ...]:
    """So many parts of 10 rows and 1,000 bytes of each file."""
    made: list[Part] = []
    for source, number in files:
        for index in range(number):
            first = index * 10 + 1
            made.append(Part(len(made), source, 0, 0, first, first + 1, 10, 1000))
    return tuple(made)


def job(*files: tuple[str, int], columns: int = 2, name: str = "j") -> JobForecast:
    made = parts(*files)
    names = tuple(f"C{number}" for number in range(columns))
    manifest = Manifest(
        made, names, 10 * len(made), 1000 * len(made), notes=("a mark was removed",)
    )
    return JobForecast(name, {}, manifest, ("insert Account", 'from "a.csv"'))


def text(*jobs: JobForecast, steps: tuple[StepForecast, ...] = (), style: Style | None = None):
    forecast = Forecast("x.bulkflow", {"sandbox": "sandbox"}, list(jobs), list(steps))
    return render_plan(forecast, style or Style())


def test_a_plan_reads_from_jobs_over_steps_to_the_total() -> None:
    steps = (
        StepForecast(0, "upload", "j", 4),
        StepForecast(0, "close job j", "j", 2, LineKind.THEN),
        StepForecast(0, "on failure", kind=LineKind.HANDLER),
        StepForecast(1, "retry 3 times"),
        StepForecast(1, "abort", "j", 0, LineKind.THEN),
        StepForecast(0, "always", kind=LineKind.BLOCK),
        StepForecast(1, "save results", "k", None),
        StepForecast(1, "log 1"),
    )
    assert text(job(("a.csv", 2)), steps=steps) == (
        "x.bulkflow against sandbox\n"
        "\n"
        "job j\n"
        "  insert Account\n"
        '  from "a.csv"\n'
        "  20 rows, 2.0 kB, 2 parts\n"
        "    part 1: a.csv from line 2, 10 rows, 1.0 kB\n"
        "    part 2: a.csv from line 12, 10 rows, 1.0 kB\n"
        "  2 columns: C0, C1\n"
        "  note: a mark was removed\n"
        "\n"
        "steps\n"
        "  upload then close job j  6 calls\n"
        "      on failure retry 3 times then abort\n"
        "  always\n"
        "    save results           calls unknown\n"
        "    log 1\n"
        "\n"
        "total: 20 rows, 2.0 kB, at least 6 API calls; polling and handlers need more\n"
    )


def test_of_what_is_read_later_the_calls_for_each_part_are_told() -> None:
    steps = (
        StepForecast(0, "load job j", "j", 4, requests_per_part=4),
        StepForecast(0, "delete job j", "j", 1, LineKind.THEN, requests_per_part=1),
    )
    told = text(job(("a.csv", 1)), steps=steps).splitlines()
    assert "  load job j then delete job j  5 calls, plus 5 per additional part" in told
    assert told[-1] == (
        "total: 10 rows, 1.0 kB, at least 5 API calls, plus 5 per additional part; "
        "polling and handlers need more"
    )


def test_nothing_is_added_up_that_is_not_known_before_it_is_read() -> None:
    unread = JobForecast("j", {}, None, ("insert Account", 'from "-"', "streamed"))
    steps = (StepForecast(0, "load job j", "j", None),)
    last = "the API calls are unknown until all rows are read"
    assert text(unread, steps=steps).splitlines()[-1] == f"total: {last}"
    assert text(unread, job(("a.csv", 1)), steps=steps).splitlines()[-1] == (
        f"total: 10 rows, 1.0 kB, and more is read later; {last}"
    )


def test_many_parts_are_summed_up_by_file() -> None:
    lines = text(job(("a.csv", 900), ("b.csv", 1))).splitlines()
    assert "    a.csv: 9,000 rows in 900 parts" in lines
    assert "    b.csv: 10 rows in 1 part" in lines
    assert "    the largest part has 1.0 kB" in lines
    assert len(lines) < 15


def test_many_files_and_columns_are_cut() -> None:
    shown = text(job(*((f"{number}.csv", 1) for number in range(40)), columns=300))
    assert "and 35 more files" in shown
    assert ", C9, and 290 more" in shown
    assert len(shown.splitlines()) < 20


def test_a_job_whose_rows_are_not_known_says_so() -> None:
    shown = text(JobForecast("j", {}, None, ('from "{file}"',)))
    assert "rows unknown before the run" in shown


def test_each_chain_begins_a_line_of_its_own() -> None:
    steps = (
        StepForecast(0, "load job a"),
        StepForecast(0, "on failure", kind=LineKind.HANDLER),
        StepForecast(1, "continue"),
        StepForecast(0, "on success", kind=LineKind.HANDLER),
        StepForecast(1, "log 1"),
        StepForecast(0, "load job b"),
    )
    lines = [line.strip() for line in text(steps=steps).splitlines()]
    assert lines[3:7] == ["load job a", "on failure continue", "on success log 1", "load job b"]


def test_nothing_in_a_plan_reaches_the_terminal_as_a_control_sequence() -> None:
    evil = JobForecast("j", {}, job(("\x1b[2J.csv", 1)).manifest, ("from \x1b]0;x\x07",))
    steps = (StepForecast(0, "log \x1b[1m"),)
    assert "\x1b" not in text(evil, steps=steps)
    assert "\x1b[2J" not in text(evil, steps=steps, style=Style(color=True))


def test_the_plan_for_programs_has_every_part() -> None:
    forecast = Forecast("x.bulkflow", {}, [job(("a.csv", 900))], [StepForecast(0, "load")])
    made = plan_to_json(forecast)
    (only,) = made["jobs"]
    assert len(only["parts"]) == 900
    assert (made["rows"], made["bytes"], made["errors"]) == (9000, 900_000, [])
    assert made["steps"][0]["kind"] == "step"
