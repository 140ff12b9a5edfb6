"""The HTTP client: sessions, requests, responses, retries and errors."""
