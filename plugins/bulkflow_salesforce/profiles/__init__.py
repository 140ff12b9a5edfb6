"""Profiles: named orgs, how to log in to each, and where its secrets are."""

from __future__ import annotations
