"""Shared modules: behaviours, clock, errors, ids, limits."""
