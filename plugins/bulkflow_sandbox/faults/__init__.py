"""Faults on demand, in requests and in the processing of jobs."""
