"""Properties of the conversion of values, and of ids."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bulkflow_sandbox.core.dates import format_java_double, format_moment, read_date, read_moment
from bulkflow_sandbox.core.ids import compute_checksum, is_well_formed, make_id, make_ids, to_id18
from bulkflow_sandbox.dml.convert import convert_column
from bulkflow_sandbox.schema.fields import Field, FieldType

IDS15 = st.text(
    alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    min_size=15,
    max_size=15,
)


@given(IDS15)
def test_the_checksum_tells_apart_ids_that_differ_in_case_only(id15):
    full = to_id18(id15)
    assert full is not None
    assert full == to_id18(full)
    swapped = id15.swapcase()
    assert (compute_checksum(swapped) == compute_checksum(id15)) == (swapped == id15)
    assert is_well_formed(full[:15] + full[15:].lower()) == full[15:].isdigit()


@given(st.integers(0, 62**9 - 10_000), st.integers(0, 9_000))
def test_many_ids_at_once_are_those_made_one_by_one(first, count):
    ids = list(make_ids("001", first, count))
    assert len(ids) == count
    for offset in {0, 1, count // 2, count - 1} & set(range(count)):
        assert ids[offset] == make_id("001", first + offset)
    assert all(is_well_formed(one) for one in ids[:50] + ids[-50:])
    assert ids == sorted(ids)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_written_with_a_point_and_read_back_the_same(number):
    text = format_java_double(number)
    assert float(text) == number
    mantissa, _, exponent = text.partition("E")
    assert "." in mantissa
    if exponent:
        assert 1 <= abs(Decimal(mantissa)) < 10
        assert not 1e-3 <= abs(number) < 1e7
    else:
        assert number == 0 or 1e-3 <= abs(number) < 1e7


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_moments_are_brought_to_utc(naive, minutes):
    zone = timezone(timedelta(minutes=minutes))
    moment = naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=zone)
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        return
    assert read_moment(moment.isoformat(timespec="milliseconds")) == format_moment(expected)


@given(st.dates())
def test_dates_are_taken_with_and_without_a_z(day):
    assert read_date(day.isoformat()) == read_date(day.isoformat() + "Z") == day.isoformat()


def test_forms_of_dates_that_python_would_take_are_refused():
    for text in ("20260101", "2026-W01-1", "2026-1-1", "2026-01-01T00:00:00", "١٢٣٤-01-01"):
        assert read_date(text) is None
    for text in ("2026-01-01", "2026-01-01 00:00:00Z", "2026-01-01T00:00Z", "2026-01-01T24:00:00Z"):
        assert read_moment(text) is None


NUMBER = Field(name="N", type=FieldType.DOUBLE, label="N", precision=18, scale=2)


@given(st.lists(st.sampled_from(["1", "-2.5", "1e3", "", "#N/A", "x", "1_0", "nan", "٣", "9e99"])))
def test_a_column_is_converted_as_its_values_are_one_by_one(texts):
    whole = convert_column(NUMBER, texts, 4)
    for row, text in enumerate(texts):
        alone = convert_column(NUMBER, [text], 4)
        assert whole.values[row] == alone.values[0]
        assert whole.echo[row] == alone.echo[0]
        assert whole.errors.get(row) == alone.errors.get(0)
        assert (row in whole.cleared) == (text == "#N/A")
    good = [value for row, value in enumerate(whole.values) if row not in whole.errors]
    assert all(value is None or math.isfinite(value) for value in good)


def test_digits_of_other_scripts_are_no_numbers():
    for kind in (FieldType.DOUBLE, FieldType.INT):
        made = convert_column(
            Field(name="N", type=kind, label="N", precision=18), ["\u0663", "3"], 0
        )
        assert list(made.errors) == [0]
        assert made.values[1] == 3


def test_a_moment_is_written_in_utc_with_milliseconds():
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=timezone(timedelta(hours=1)))
    assert format_moment(moment) == "2026-01-02T02:04:05.678Z"
