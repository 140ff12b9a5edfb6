"""Single cases of the join: what came back, and which row it is given to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.execution.top_error import find_top_error
from bulkflow_ingest.reconcile import Outcome, ReconcileError, Reconciler, ResultFile

LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
BAD = "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"


def read_outcomes(job: Any) -> list[tuple[str, str, str]]:
    """Outcome, id or error, and whether it is ambiguous, of each row."""
    with job.outcomes() as outcomes:
        return [
            (row["_outcome"], row["_id"] or row["_error"], row["_ambiguous"])
            for row in job.saved(outcomes)
        ]


def test_equal_rows_of_different_outcome_are_ambiguous(job: Any) -> None:
    job.source("Name,City\nA,x\nB,x\nA,x\n")
    job.result(0, "successful", [["1", "true", "A", "x"], ["2", "true", "B", "x"]])
    job.result(0, "failed", [["", BAD, "A", "x"]])
    told = read_outcomes(job)
    assert sorted(told[::2]) == [("failed", BAD, "true"), ("loaded", "1", "true")]
    assert told[1] == ("loaded", "2", "")


def test_equal_rows_of_the_same_outcome_are_not_ambiguous(job: Any) -> None:
    job.source("Name\nA\nA\n")
    job.result(0, "successful", [["1", "true", "A"], ["2", "true", "A"]])
    told = read_outcomes(job)
    assert {id_ for _, id_, _ in told} == {"1", "2"}
    assert [doubt for *_, doubt in told] == ["", ""]


def test_equal_rows_in_different_parts_are_told_apart(job: Any) -> None:
    job.source("Name\nA\nA\n", part_rows=1)
    job.result(0, "failed", [["", BAD, "A"]])
    job.result(1, "successful", [["2", "true", "A"]])
    assert read_outcomes(job) == [("failed", BAD, ""), ("loaded", "2", "")]


@pytest.mark.parametrize(
    ("sent", "came_back"),
    [
        ("912260031", "9.12260031E8"),
        ("100", "100.0"),
        ("0.00001", "1.0E-5"),
        ("TRUE", "true"),
        ("0", "false"),
        ("#N/A", ""),
        ("2024-01-01Z", "2024-01-01"),
        ("2024-01-01", "2024-01-01T00:00:00.000Z"),
        ("2024-01-01T12:00:00+02:00", "2024-01-01T10:00:00.000Z"),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00.000+0000"),
        ("001000000000abc", "001000000000abcAAA"),
        ("Some.One@Example.COM", "some.one@example.com"),
        (" spaced ", "spaced"),
    ],
)
def test_a_value_written_anew_still_finds_its_row(job: Any, sent: str, came_back: str) -> None:
    # The other column is the same, so only this value tells the rows apart.
    job.source(f"Name,Value__c\nA,{sent}\nA,other\n")
    job.result(0, "successful", [["2", "true", "A", "other"], ["1", "true", "A", came_back]])
    assert read_outcomes(job) == [("loaded", "1", ""), ("loaded", "2", "")]


@pytest.mark.parametrize("space", [chr(code) for code in range(1, 33) if chr(code) not in "\r\n"])
def test_the_space_around_a_value_means_nothing(job: Any, space: str) -> None:
    # Row B has the blank as it was sent, so the column is compared, by what its values mean.
    job.source(f"Name,Value__c\nA,{space}#N/A{space}\nB,\n")
    job.result(0, "successful", [["1", "true", "A", ""], ["2", "true", "B", ""]])
    assert read_outcomes(job) == [("loaded", "1", ""), ("loaded", "2", "")]


def test_rows_behind_the_last_part_of_a_file_are_not_those_of_the_next(job: Any) -> None:
    # As of a job that is streamed, and stopped before its file was read to its end.
    job.source("Name,Value__c\nA,1\nB,2\nC,3\n", part_rows=2, name="first.csv")
    job.slices.pop()
    job.source("Name,Value__c\nD,4\nC,3\n", name="second.csv")
    job.result(0, "successful", [["a", "true", "A", "1.0"], ["b", "true", "B", "2.0"]])
    job.result(1, "successful", [["c", "true", "C", "3.0"]])
    assert read_outcomes(job) == [
        ("loaded", "a", ""),
        ("loaded", "b", ""),
        ("unknown", "", ""),
        ("loaded", "c", ""),
    ]


def test_numbers_that_are_texts_stay_texts(job: Any) -> None:
    job.source("Code__c,Amount\n00123,5\n123,5\n123.0,5\n")
    job.result(0, "successful", [["2", "true", "123", "5.0"], ["1", "true", "00123", "5.0"]])
    job.result(0, "failed", [["", BAD, "123.0", "5"]])
    told = read_outcomes(job)
    assert told[0] == ("loaded", "1", "")
    assert told[1] == ("loaded", "2", "")
    assert told[2] == ("failed", BAD, "")


def test_a_column_that_came_back_altered_is_left_out_of_the_comparison(job: Any) -> None:
    job.source("Name,Price\nA,1.005\nB,2.004\n")
    job.result(0, "successful", [["2", "true", "B", "2.0"], ["1", "true", "A", "1.01"]])
    assert read_outcomes(job) == [("loaded", "1", ""), ("loaded", "2", "")]


def test_rows_that_agree_in_some_columns_only_are_doubted_unless_all_have_results(job: Any) -> None:
    job.source("Name,Price\nA,1.005\nB,2.004\nC,3\n")
    job.result(0, "successful", [["2", "true", "B", "2.0"], ["1", "true", "A", "1.01"]])
    assert read_outcomes(job) == [
        ("loaded", "1", "true"),
        ("loaded", "2", "true"),
        ("unknown", "", "true"),
    ]


def test_unlike_rows_that_cannot_be_told_apart_are_ambiguous_and_not_sent(
    job: Any, tmp_path: Path
) -> None:
    job.source("Name,Price\nA,1.005\nA,2.004\n")
    job.result(0, "successful", [["2", "true", "A", "2.01"]])
    job.result(0, "failed", [["", LOCK, "A", "1.01"]])
    with job.outcomes() as outcomes:
        counts = outcomes.counts().total
        assert (counts.loaded, counts.failed, counts.ambiguous) == (1, 1, 2)
        (sent,) = outcomes.rows_to_send(tmp_path)
    assert (sent.rows, sent.withheld) == (0, 1)
    assert not sent.path.exists()


def test_a_number_in_two_forms_is_ambiguous_when_one_is_unprocessed(job: Any) -> None:
    job.source("Name,Amount\nA,5\nA,5.0\nB,1\n")
    job.result(0, "successful", [["1", "true", "A", "5.0"], ["2", "true", "B", "1.0"]])
    told = read_outcomes(job)
    assert [doubt for *_, doubt in told] == ["true", "true", ""]
    assert sorted(kind for kind, *_ in told) == ["loaded", "loaded", "unknown"]


def test_more_results_than_rows_of_one_form_wait_for_the_other_form(job: Any) -> None:
    job.source("Name,Amount\nA,100\nA,100.0\n")
    job.result(0, "failed", [["", BAD, "A", "100.0"]])
    job.result(0, "successful", [["1", "true", "A", "100.0"]])
    told = read_outcomes(job)
    assert sorted(kind for kind, *_ in told) == ["failed", "loaded"]
    assert [doubt for *_, doubt in told] == ["true", "true"]


def test_results_of_mixed_line_ends_are_read(job: Any) -> None:
    job.source("Name\nA\nB\n")
    job.result(0, "successful", [])
    job.results[0].path.write_bytes(
        b'"sf__Id","sf__Created",Name\n"1","true","A"\r\n"2","true","B"\n'
    )
    assert read_outcomes(job) == [("loaded", "1", ""), ("loaded", "2", "")]
    assert list((job.folder / "join").iterdir()) == []


def test_columns_are_found_by_name_whatever_their_order_and_case(job: Any) -> None:
    job.source("Subject,Priority,Extra\na,b,c\nb,a,c\n")
    job.result(0, "failed", [["", BAD, "a", "b"]], header=["priority", "SUBJECT"])
    assert read_outcomes(job) == [("unknown", "", ""), ("failed", BAD, "")]


def test_a_column_that_came_back_blank_does_not_hide_the_others(job: Any) -> None:
    job.source("name,City\nA,x\nB,y\n")
    job.result(0, "failed", [["", BAD, "", "y"], ["", LOCK, "", "x"]])
    assert read_outcomes(job) == [("failed", LOCK, ""), ("failed", BAD, "")]


def test_files_that_are_missing_empty_or_without_rows_leave_rows_unknown(
    job: Any, tmp_path: Path
) -> None:
    job.source("Name\nA\nB\nC\n", part_rows=1)
    job.result(0, "successful", [])
    empty = tmp_path / "empty.csv"
    empty.touch()
    job.results.append(ResultFile(1, ResultKind.FAILED, empty))
    job.results.append(ResultFile(2, ResultKind.FAILED, tmp_path / "none.csv"))
    assert read_outcomes(job) == [("unknown", "", "")] * 3


def test_the_file_of_unprocessed_rows_need_not_be_csv(job: Any) -> None:
    job.source("Name\nA\n")
    job.unprocessed(0, 'Name\n"A')
    assert read_outcomes(job) == [("unknown", "", "")]


def test_a_result_that_is_nobodys_is_counted_and_spoils_trust_in_its_part(job: Any) -> None:
    job.source("Name\nA\nB\n")
    job.result(0, "successful", [["1", "true", "A"], ["9", "true", "A"], ["8", "true", "Z"]])
    with job.outcomes() as outcomes:
        counts = outcomes.counts().total
    assert (counts.loaded, counts.unknown, counts.strays) == (1, 1, 2)
    assert counts.ambiguous == 2


def test_a_file_with_fewer_rows_than_the_job_counts_is_refused(job: Any) -> None:
    job.source("Name\nA\nB\n")
    job.result(0, "successful", [["1", "true", "A"]], counted=2)
    with pytest.raises(ReconcileError, match="have 1 rows, but the job counts 2"):
        job.outcomes()


def test_a_missing_file_is_refused_when_the_job_counts_rows_in_it(job: Any, tmp_path: Path) -> None:
    job.source("Name\nA\n")
    job.results.append(ResultFile(0, ResultKind.FAILED, tmp_path / "none.csv", rows=1))
    with pytest.raises(ReconcileError, match="have 0 rows, but the job counts 1"):
        job.outcomes()


def test_a_file_without_the_columns_of_results_is_refused(job: Any, tmp_path: Path) -> None:
    job.source("Name\nA\n")
    other = tmp_path / "other.csv"
    other.write_text("Name\nA\n")
    job.results.append(ResultFile(0, ResultKind.FAILED, other))
    with pytest.raises(ReconcileError, match="lack the columns"):
        job.outcomes()


def test_results_that_are_cut_off_are_refused(job: Any, tmp_path: Path) -> None:
    job.source("Name\nA\n")
    cut = tmp_path / "cut.csv"
    cut.write_text('"sf__Id","sf__Created",Name\n"1","true","A"\n"2","tru')
    job.results.append(ResultFile(0, ResultKind.SUCCESSFUL, cut))
    with pytest.raises(ReconcileError):
        job.outcomes()


def test_a_source_that_changed_is_refused(job: Any) -> None:
    job.source("Name\nA\n")
    job.slices[0].path.write_text("Name\nA\nB\n")
    with pytest.raises(ReconcileError, match="changed"):
        job.outcomes()


def test_a_source_that_changes_under_the_join_is_refused_and_leaves_no_file(
    job: Any, tmp_path: Path
) -> None:
    job.source("Name\nA\n")
    target = tmp_path / "out.csv"
    target.write_text("before")
    with job.outcomes() as outcomes:
        job.slices[0].path.write_text("Name\nB\n")
        with pytest.raises(ReconcileError, match="changed"):
            outcomes.save("all", target)
    assert target.read_text() == "before"
    assert not list(tmp_path.glob(".*"))


def test_slices_that_leave_rows_out_are_refused(job: Any) -> None:
    job.source("Name\nA\nB\nC\n", part_rows=1)
    del job.slices[1]
    with pytest.raises(ReconcileError, match="do not follow each other"):
        job.outcomes()


def test_a_job_without_rows_has_no_outcomes(job: Any, tmp_path: Path) -> None:
    job.source("Name\n")
    with Reconciler.of([], [], tmp_path / "join") as outcomes:
        assert outcomes.counts().total.rows == 0
        assert outcomes.errors() == []
        assert outcomes.rows_to_send(tmp_path) == []


def test_paths_may_hold_any_character(new_job: Callable[..., Any]) -> None:
    job = new_job()
    job.folder /= "it's [1] {x} #"
    job.folder.mkdir()
    job.source("Name\nA\n", name="a[b] 'c'.csv")
    job.result(0, "successful", [["1", "true", "A"]])
    assert read_outcomes(job) == [("loaded", "1", "")]


def test_files_of_different_form_are_one_job(new_job: Callable[..., Any]) -> None:
    job = new_job()
    job.source('Name,City\n"A\nB",x\nC,y\n', name="one.csv", part_rows=1)
    job.delimiter = ";"
    job.source('Name;City\r\n"D\r\nE;";z\r\nC;y\r\n', name="two.csv", line_ending="CRLF")
    job.result(2, "successful", [["3", "true", "D\r\nE;", "z"], ["4", "false", "C", "y"]])
    job.without_result(Outcome.UNPROCESSED, 1)
    job.delimiter = ","
    job.result(0, "successful", [["1", "true", "A\nB", "x"]])
    with job.outcomes() as outcomes:
        saved = job.saved(outcomes)
        assert [(row["_file"], row["_line"], row["Name"], row["_id"]) for row in saved] == [
            ("one.csv", "2", "A\nB", "1"),
            ("one.csv", "4", "C", ""),
            ("two.csv", "2", "D\r\nE;", "3"),
            ("two.csv", "4", "C", "4"),
        ]
        assert [row["Name"] for row in job.saved(outcomes, "unprocessed")] == ["C"]
        counts = outcomes.counts()
    assert (counts.total.created, counts.total.updated, counts.total.unprocessed) == (2, 1, 1)
    assert {part: each.rows for part, each in counts.parts.items()} == {0: 1, 1: 1, 2: 2}


def test_a_file_of_one_column_keeps_its_blank_rows(job: Any) -> None:
    job.source('Name\nA\n\n""\nB\n\n\n', part_rows=3)
    job.result(0, "successful", [["1", "true", "A"]])
    job.result(0, "failed", [["", BAD, ""], ["", BAD, ""]])
    job.result(1, "successful", [["4", "true", "B"]])
    assert read_outcomes(job) == [
        ("loaded", "1", ""),
        ("failed", BAD, ""),
        ("failed", BAD, ""),
        ("loaded", "4", ""),
    ]


def test_a_saved_file_is_plain_csv_in_the_order_of_the_source(job: Any, tmp_path: Path) -> None:
    job.source('Name,Note\nB,"say ""hi"""\nA,\n"C,D",""\n')
    job.result(0, "failed", [["", "BAD:two\nlines:--", "C,D", ""], ["", BAD, "A", ""]])
    job.result(0, "successful", [["1", "true", "B", 'say "hi"']])
    path = tmp_path / "deep" / "failed.csv"
    with job.outcomes() as outcomes:
        assert outcomes.save("failed", path) == 2
    assert path.read_bytes() == (
        b"Name,Note,_file,_line,_outcome,_id,_error,_ambiguous\n"
        b"A,,data.csv,3,failed,,"
        b"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --,\n"
        b'"C,D",,data.csv,4,failed,,"BAD:two\nlines:--",\n'
    )


def test_errors_are_grouped_by_code_and_fields(job: Any) -> None:
    job.source("Name\nA\nB\nC\nD\n")
    two = "INVALID:says: a:b\nand more:Name Amount__c --"
    job.result(0, "failed", [["", BAD, "D"], ["", BAD, "B"], ["", two, "A"], ["", LOCK, "C"]])
    with job.outcomes() as outcomes:
        told = [(each.code, each.fields, each.rows, each.line) for each in outcomes.errors()]
        assert outcomes.errors()[0].message == BAD
    assert told == [
        ("REQUIRED_FIELD_MISSING", ("Name",), 2, 3),
        ("INVALID", ("Name", "Amount__c"), 1, 2),
        ("UNABLE_TO_LOCK_ROW", (), 1, 4),
    ]


def test_errors_are_told_apart_by_their_words_and_not_by_values(job: Any) -> None:
    job.source("Name\nA\nB\nC\nD\nE\nF\n")
    rule = "FIELD_CUSTOM_VALIDATION_EXCEPTION:{}:Phone --"
    one, two = rule.format("Phone one is not allowed"), rule.format("Phone two needs a fax")
    ids = [f"DUPLICATE_VALUE:duplicates record 0015g00000{each}AAAAAAA:--" for each in "abc"]
    errors = [one, two, ids[2], two, ids[0], ids[1]]
    job.result(
        0, "failed", [["", error, name] for error, name in zip(errors, "ABCDEF", strict=True)]
    )
    with job.outcomes() as outcomes:
        told = [(each.message, each.rows, each.line, each.varies) for each in outcomes.errors()]
    assert told == [(ids[2], 3, 4, True), (two, 2, 3, False), (one, 1, 2, False)]


@given(
    st.lists(
        st.sampled_from(
            [
                "FIELD_CUSTOM_VALIDATION_EXCEPTION:not so:Name --",
                "FIELD_CUSTOM_VALIDATION_EXCEPTION:nor so:Name --",
                "MALFORMED_ID:malformed id a:--",
                "MALFORMED_ID:malformed id b:--",
                'INVALID:"x" is bad:--',
                'INVALID:"y" is bad:--',
                LOCK,
            ]
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
def test_the_groups_are_those_of_the_find_top_error_error(
    new_job: Callable[..., Any], errors: list[str]
) -> None:
    job = new_job()
    job.source("Name\n" + "".join(f"{number}\n" for number, _ in enumerate(errors)))
    job.result(0, "failed", [["", error, str(number)] for number, error in enumerate(errors)])
    with job.outcomes() as outcomes:
        groups = outcomes.errors()
    told = find_top_error(errors)
    assert told is not None
    assert told.rows == groups[0].rows
    assert (told.message, told.rows, told.varies) in {
        (each.message, each.rows, each.varies) for each in groups
    }


def test_nothing_is_left_in_the_folder_when_it_is_closed(job: Any) -> None:
    job.source("Name\nA\n")
    job.result(0, "successful", [["1", "true", "A"]])
    read_outcomes(job)
    assert list((job.folder / "join").iterdir()) == []


def test_equal_rows_of_different_outcome_are_told_alike_whichever_are_saved(job: Any) -> None:
    job.source("Name\nA\nB\nA\nA\nA\n")
    job.result(0, "successful", [["1", "true", "A"], ["2", "true", "B"]])
    job.result(0, "failed", [["", BAD, "A"], ["", LOCK, "A"]])
    job.unprocessed(0, "Name\nA\n")
    every = list(job.results)
    told = {}
    for selection in ("successful", "failed", "unprocessed", "all"):
        # As a run fetches them: what tells of the selection, and no more.
        job.results[:] = [
            each for each in every if selection in {each.kind.value, "unprocessed", "all"}
        ]
        with job.outcomes() as outcomes:
            told[selection] = [
                (row["_line"], row["_outcome"]) for row in job.saved(outcomes, selection)
            ]
    assert told["all"] == [
        ("2", "loaded"),
        ("3", "loaded"),
        ("4", "unprocessed"),
        ("5", "failed"),
        ("6", "failed"),
    ]
    parts = told["successful"] + told["failed"] + told["unprocessed"]
    assert sorted((line, outcome[:4]) for line, outcome in parts) == [
        (line, outcome[:4]) for line, outcome in told["all"]
    ]


def test_a_row_that_is_listed_as_unprocessed_is_that(job: Any) -> None:
    job.source('Name,City\nA,x\nB,"y\nz"\nC,x\nC,x\nD,x\n')
    job.result(0, "successful", [["1", "true", "A", "x"]])
    job.unprocessed(0, 'Name,City\nC,x\nB,"y\nz"\n')
    assert read_outcomes(job) == [
        ("loaded", "1", ""),
        ("unprocessed", "", ""),
        ("unprocessed", "", "true"),
        ("unknown", "", "true"),
        ("unknown", "", ""),
    ]


def test_a_row_in_several_files_is_loaded_before_it_is_failed_and_failed_before_unprocessed(
    job: Any, tmp_path: Path
) -> None:
    job.source("Name\nA\nB\nC\nC\n")
    job.result(0, "successful", [["1", "true", "A"], ["2", "true", "C"]])
    job.result(0, "failed", [["", LOCK, "B"]])
    # As fetched before its last rows were committed.
    job.unprocessed(0, "Name\nA\nB\nC\nC\n")
    told = read_outcomes(job)
    assert [kind for kind, *_ in told] == ["loaded", "failed", "loaded", "unprocessed"]
    with job.outcomes() as outcomes:
        (sent,) = outcomes.rows_to_send(tmp_path)
    assert sent.path.read_text() == "Name\nB\nC\n"


@pytest.mark.parametrize(
    "content",
    ["", "Name,City\n", "Name\nB\n", "Other,City\nB,x\n", 'Name,City\n"B,x\n', "<html>no</html>"],
    ids=["empty", "no rows", "a column less", "other columns", "cut", "a page"],
)
def test_a_file_of_unprocessed_rows_that_cannot_be_read_lists_none(job: Any, content: str) -> None:
    job.source("Name,City\nA,x\nB,x\n")
    job.result(0, "successful", [["1", "true", "A", "x"]])
    job.unprocessed(0, content)
    assert read_outcomes(job) == [("loaded", "1", ""), ("unknown", "", "")]


def test_unprocessed_rows_that_are_not_those_of_the_part_are_nobodys(job: Any) -> None:
    job.source("Name\nA\nB\n", part_rows=1)
    job.unprocessed(0, "Name\nB\n")
    job.unprocessed(1, "Name\nB\nZ\n")
    assert [kind for kind, *_ in read_outcomes(job)] == ["unknown", "unprocessed"]


def test_rows_of_parts_that_were_not_handed_over_are_told_apart(job: Any, tmp_path: Path) -> None:
    job.source("Name\nA\nB\nC\n", part_rows=1)
    job.without_result(Outcome.UNPROCESSED, 0)
    job.without_result(Outcome.WITHHELD, 1)
    with job.outcomes() as outcomes:
        assert [row["_outcome"] for row in job.saved(outcomes)] == [
            "unprocessed",
            "withheld",
            "unknown",
        ]
        for selection, name in (("unprocessed", "A"), ("withheld", "B"), ("unknown", "C")):
            assert [row["Name"] for row in job.saved(outcomes, selection)] == [name]
        total = outcomes.counts().total
        (sent,) = outcomes.rows_to_send(tmp_path, codes=None)
    assert (total.rows, total.unprocessed, total.withheld, total.unknown) == (3, 1, 1, 1)
    assert sent.path.read_text() == "Name\nA\n"
