"""One entry of an error response."""

from __future__ import annotations

from attrs import frozen

from bulkflow_salesforce.http.redaction import redact


@frozen
class ApiFault:
    """One entry of the org's error body, in the org's own words."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def is_code(self, *codes: str) -> bool:
        """Check whether this is one of `codes`, in any spelling that Salesforce uses.

        Salesforce writes `InvalidJobState` in its guide and in job messages, `INVALIDJOBSTATE` in
        Bulk API 2.0 responses and `INVALID_SESSION_ID` in REST responses.
        """
        return _normalize_code(self.code) in {_normalize_code(code) for code in codes}

    def redact(self, *secrets: str) -> ApiFault:
        """Return a copy without secrets."""
        return ApiFault(
            redact(self.code, *secrets),
            redact(self.message, *secrets),
            tuple(redact(name, *secrets) for name in self.fields),
        )

    def __str__(self) -> str:
        named = f" (fields: {', '.join(self.fields)})" if self.fields else ""
        return ": ".join(part for part in (self.code, self.message) if part) + named


def _normalize_code(code: str) -> str:
    return code.replace("_", "").upper()
