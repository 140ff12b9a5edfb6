"""Query jobs of the Bulk API 2.0: rows out of the org, into files and other jobs.

How an extract works, and where:

- `clauses`, `steps`, `types`: the words. A query is text until `bulkflow_soql` parses it.
- `settings`: a job's settings, and what is wrong with them before the run.
- `checks`: the query against the org's objects, for `bulkflow plan --check-org`.
- `api`: the requests, and the shapes of their responses.
- `rows_file`: the file that the rows go into, in the run's folder: a header, then page after page.
- `pages`: the pages of a result, in order. They are fetched several at a time, and recorded in the
  journal one by one when their rows are in the file.
- `sinks`: one function for each format that the rows can be saved in.
- `execution`: create, wait, abort, delete and extract, and how an interrupted extract continues.
"""

from __future__ import annotations

__all__: list[str] = []
