"""Checks a job before it is loaded: its source, its columns, and what the org allows."""
