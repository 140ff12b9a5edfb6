"""An entry of an error response."""

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
        """Whether this is one of `codes`, in any of the spellings that are in use.

        Salesforce writes `InvalidJobState` in its guide and in job messages, `INVALIDJOBSTATE` in
        Bulk API 2.0 answers and `INVALID_SESSION_ID` in REST answers.
        """
        return _plain(self.code) in {_plain(code) for code in codes}

    def redacted(self, *secrets: str) -> ApiFault:
        """The same without secrets."""
        return ApiFault(
            redact(self.code, *secrets),
            redact(self.message, *secrets),
            tuple(redact(name, *secrets) for name in self.fields),
        )

    def __str__(self) -> str:
        named = f" (fields: {', '.join(self.fields)})" if self.fields else ""
        return ": ".join(part for part in (self.code, self.message) if part) + named


def _plain(code: str) -> str:
    return code.replace("_", "").upper()
