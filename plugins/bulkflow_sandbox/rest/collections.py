"""Collections: up to 200 records in a request, saved independently or all-or-none (documented)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_sandbox.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bulkflow_sandbox.org import SandboxOrg
    from bulkflow_sandbox.rest.record_to_json import Record
    from bulkflow_sandbox.rest.records import Records, Saved

    _Save = Callable[[], Saved]

_ROLLED_BACK: Final = ApiError(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone "
    "header",
)


@frozen
class SaveOutcome:
    """The outcome of saving a record; `error` is `None` if it was saved."""

    id: str | None
    created: bool
    error: ApiError | None


class _RollbackError(Exception):
    """Rolls back an all-or-none request."""


class RecordCollections:
    """Saves, deletes and reads several records per request.

    The error of a record is part of its outcome; an `ApiError` rejects the whole request. Outcomes
    are in the order of the records.
    """

    def __init__(self, org: SandboxOrg, records: Records) -> None:
        self._org = org
        self._records = records

    def create(self, body: Mapping[str, object], user_id: str) -> list[SaveOutcome]:
        """Create records of the types in their `attributes`."""

        def make_save(record: Mapping[str, object]) -> _Save:
            return lambda: self._records.create(_get_type(record), record, user_id)

        records = self._get_records(body)
        return self._save_all([(None, make_save(one)) for one in records], _is_all_or_none(body))

    def update(self, body: Mapping[str, object], user_id: str) -> list[SaveOutcome]:
        """Update records; the id of each is its property `id`, in any case."""

        def make_save(record: Mapping[str, object], record_id: str) -> _Save:
            return lambda: self._records.change(_get_type(record), record_id, record, user_id)

        pairs = [_split_id(one) for one in self._get_records(body)]
        return self._save_all(
            [(record_id or None, make_save(one, record_id)) for record_id, one in pairs],
            _is_all_or_none(body),
        )

    def upsert(
        self, name: str, key: str, body: Mapping[str, object], user_id: str
    ) -> list[SaveOutcome]:
        """Update the records with the given external ids, and create the others."""

        def make_save(record: Mapping[str, object]) -> _Save:
            rest = {one: value for one, value in record.items() if one.lower() != key.lower()}
            given = next((record[one] for one in record if one not in rest), None)
            value = "" if given is None else str(given)
            if key.lower() == "id":
                if not value:
                    return lambda: self._records.create(name, rest, user_id)
                return lambda: self._records.change(name, value, rest, user_id)
            return lambda: self._records.upsert(name, key, value, rest, user_id)

        records = self._get_records(body)
        return self._save_all([(None, make_save(one)) for one in records], _is_all_or_none(body))

    def delete(self, ids: Sequence[str], user_id: str, *, all_or_none: bool) -> list[SaveOutcome]:
        """Move records of any objects to the recycle bin."""
        self._check_number(len(ids))

        def make_save(record_id: str) -> _Save:
            return lambda: self._records.remove(record_id, user_id)

        return self._save_all([(one, make_save(one)) for one in ids], all_or_none)

    def read(
        self, name: str, ids: Sequence[str], fields: Sequence[str], version: str
    ) -> list[Record | None]:
        """Read some fields of records; `None` for ids without a record (documented)."""
        self._check_number(len(ids))
        found: list[Record | None] = []
        for record_id in ids:
            try:
                known = self._records.find(name, record_id)
            except ApiError:
                found.append(None)
            else:
                found.append(self._records.read(name, known, fields, version))
        return found

    def _save_all(
        self, saves: Iterable[tuple[str | None, _Save]], all_or_none: bool
    ) -> list[SaveOutcome]:
        if not all_or_none:
            return [_save(record_id, save) for record_id, save in saves]
        outcomes: list[SaveOutcome] = []
        try:
            with self._org.database.writing():
                outcomes += [_save(record_id, save) for record_id, save in saves]
                if any(one.error is not None for one in outcomes):
                    raise _RollbackError
        except _RollbackError:
            return [
                one
                if one.error is not None
                else SaveOutcome(None, created=False, error=_ROLLED_BACK)
                for one in outcomes
            ]
        return outcomes

    def _get_records(self, body: Mapping[str, object]) -> list[Mapping[str, object]]:
        records = body.get("records")
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise self._org.choices.body_unreadable.make_error(problem="records must be a list")
        self._check_number(len(records))
        return records

    def _check_number(self, number: int) -> None:
        most = self._org.choices.collection_records
        if number > most:
            raise self._org.choices.collection_too_large.make_error(limit=str(most))


def _save(record_id: str | None, save: _Save) -> SaveOutcome:
    try:
        saved = save()
    except ApiError as error:
        return SaveOutcome(record_id, created=False, error=error)
    return SaveOutcome(saved.id, created=saved.created, error=None)


def _get_type(record: Mapping[str, object]) -> str:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise ApiError(400, "INVALID_TYPE", "The type of the record is not given in its attributes")
    return name


def _split_id(record: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """Split a record into its id, empty if missing, and its other properties."""
    rest = {name: value for name, value in record.items() if name.lower() != "id"}
    given = next((record[name] for name in record if name not in rest), None)
    return "" if given is None else str(given), rest


def _is_all_or_none(body: Mapping[str, object]) -> bool:
    return body.get("allOrNone") is True
