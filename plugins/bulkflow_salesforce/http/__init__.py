"""Requests to an org over HTTP."""
