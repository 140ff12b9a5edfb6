"""Logins: OAuth 2.0 flows, the SOAP login, and who the user of a token is."""
