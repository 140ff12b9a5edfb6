"""Logins: gets an access token by each OAuth flow, and explains refusals."""

from __future__ import annotations
