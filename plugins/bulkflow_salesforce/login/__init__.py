"""Logins: how an access token is had, flow by flow, and what a refusal means."""

from __future__ import annotations
