"""Faults on demand: what goes wrong, at which request, and how often."""
