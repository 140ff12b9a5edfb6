"""Profiles: the orgs that a user has named, how to log in to each, and where its secrets are."""

from __future__ import annotations
