"""Logins: the OAuth 2.0 flows, the SOAP login, and the sessions that they start."""
