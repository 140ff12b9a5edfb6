"""Rows on their way to the org: typed tables as CSV, and the clauses that change rows.

`spelling` and `python_values` write values as Salesforce expects them. `session` opens DuckDB with
limited memory and without access to anything but a job's files. `statement` joins the row clauses
of a job to one statement; the clauses are in `clauses`.
"""
