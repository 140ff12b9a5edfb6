"""The progress of an ingest job, saved with the job."""

from __future__ import annotations

import json

from attrs import frozen


@frozen
class IngestProgress:
    """How much of an upload has been processed.

    `ends` has, for each internal batch, the offsets where its rows end in the successful and in
    the failed file. `rest` is the offset in the upload where the unprocessed rows begin. `header`
    is the header of the upload; it is set once it was found valid.
    """

    first_id: str = ""
    rows: int = 0
    header: bytes | None = None
    rest: int | None = None
    ends: tuple[tuple[int, int], ...] = ()

    def to_text(self) -> str:
        """Encode the progress as a job stores it."""
        header = None if self.header is None else self.header.decode("latin-1")
        return json.dumps([self.first_id, self.rows, header, self.rest, self.ends])

    @classmethod
    def from_text(cls, text: str | None) -> IngestProgress:
        """Decode the progress that a job stores. Without a text, nothing has been processed."""
        if text is None:
            return cls()
        first_id, rows, header, rest, ends = json.loads(text)
        return cls(
            first_id=first_id,
            rows=rows,
            header=None if header is None else header.encode("latin-1"),
            rest=rest,
            ends=tuple((good, bad) for good, bad in ends),
        )
