"""What was sent, byte by byte: parts are the header and a range of rows, and all are there."""

from __future__ import annotations

from collections import Counter

from attrs import frozen

from bulkflow_sandbox.testing import LocalOrg
from whole.case import Case
from whole.reference import SentFile, sent, sent_delimiter
from whole.wrong import expect


def hold_parts(case: Case, org: LocalOrg) -> None:
    """Hold the uploads of all jobs that were handed over to the rows that are to be sent."""
    bodies: Counter[bytes] = Counter()
    for job in org.jobs():
        if not job.closed:
            continue
        path = org.sandbox.ingest.get_files(job).upload
        body = path.read_bytes() if path.exists() else b""
        bodies[body] += 1
        expect(job.column_delimiter.text == sent_delimiter(case), "another delimiter")
        ending = "\r\n" if b"\r\n" in body else "\n"
        expect(job.line_ending.text == ending or b"\n" not in body, "another line ending")
        expect(len(body) <= (case.part_bytes or len(body)), f"a part of {len(body)} bytes")
    files = [_Spots.of(each) for each in sent(case)]
    found = _place(files, bodies, 0, 0, case.part_rows)
    expect(found, f"the rows are not what was sent: {list(bodies)[:3]} of {sent(case)}")
    # What is left was sent again.
    expect(case.again or not +bodies, f"more was sent than the rows: {+bodies}")


@frozen
class _Spots:
    """A file to be sent, and the offset behind each of its rows, with how many rows are before."""

    header: bytes
    data: bytes
    ends: dict[int, int]

    @classmethod
    def of(cls, file: SentFile) -> _Spots:
        ends, at = {0: 0}, 0
        for number, row in enumerate(file.rows, 1):
            at += len(row)
            ends[at] = number
        return cls(file.header, b"".join(file.rows), ends)

    def takes(self, body: bytes, offset: int, most: int | None) -> int | None:
        """The offset behind a part that begins at an offset; None if it is not there."""
        rows = body[len(self.header) :]
        end = offset + len(rows)
        if not rows or end not in self.ends or not body.startswith(self.header):
            return None
        if most is not None and self.ends[end] - self.ends[offset] > most:
            return None
        return end if rows == self.data[offset:end] else None


def _place(
    files: list[_Spots], bodies: Counter[bytes], file: int, offset: int, most: int | None
) -> bool:
    """Take the parts of all rows from there on out of the bodies, if they are there."""
    while file < len(files) and offset == len(files[file].data):
        file, offset = file + 1, 0
    if file == len(files):
        return True
    # The longest first: what is sent again is less.
    for body in sorted(+bodies, key=len, reverse=True):
        end = files[file].takes(body, offset, most)
        if end is not None:
            bodies[body] -= 1
            if _place(files, bodies, file, end, most):
                return True
            bodies[body] += 1
    return False
