"""Up to 200 records in one request: each is saved for itself, or none is (documented)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_sandbox.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bulkflow_sandbox.org import Org
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
class Outcome:
    """What became of one record: `error` is `None` where it was saved."""

    id: str | None
    created: bool
    error: ApiError | None


class _NotAllError(Exception):
    """Takes back what was saved of a request that wants all of its records saved or none."""


class RecordCollections:
    """What clients do with several records at once.

    What is wrong with a record is in its outcome; an `ApiError` refuses the request as a whole.
    Outcomes stand in the order of the records.
    """

    def __init__(self, org: Org, records: Records) -> None:
        self._org = org
        self._records = records

    def create(self, body: Mapping[str, object], user_id: str) -> list[Outcome]:
        """Adds records; the type of each stands in its `attributes`."""

        def saving(record: Mapping[str, object]) -> _Save:
            return lambda: self._records.create(_type(record), record, user_id)

        records = self._records_of(body)
        return self._each([(None, saving(one)) for one in records], _wants_all(body))

    def update(self, body: Mapping[str, object], user_id: str) -> list[Outcome]:
        """Changes records; the id of each is its property `id`, in any case."""

        def saving(record: Mapping[str, object], record_id: str) -> _Save:
            return lambda: self._records.change(_type(record), record_id, record, user_id)

        pairs = [_parted(one) for one in self._records_of(body)]
        return self._each(
            [(record_id or None, saving(one, record_id)) for record_id, one in pairs],
            _wants_all(body),
        )

    def upsert(
        self, name: str, key: str, body: Mapping[str, object], user_id: str
    ) -> list[Outcome]:
        """Changes the records that have the external ids given, and adds the others."""

        def saving(record: Mapping[str, object]) -> _Save:
            rest = {one: value for one, value in record.items() if one.lower() != key.lower()}
            given = next((record[one] for one in record if one not in rest), None)
            value = "" if given is None else str(given)
            if key.lower() == "id":
                if not value:
                    return lambda: self._records.create(name, rest, user_id)
                return lambda: self._records.change(name, value, rest, user_id)
            return lambda: self._records.upsert(name, key, value, rest, user_id)

        records = self._records_of(body)
        return self._each([(None, saving(one)) for one in records], _wants_all(body))

    def delete(self, ids: Sequence[str], user_id: str, *, all_or_none: bool) -> list[Outcome]:
        """Puts records of any objects into the recycle bin."""
        self._check_number(len(ids))

        def saving(record_id: str) -> _Save:
            return lambda: self._records.remove(record_id, user_id)

        return self._each([(one, saving(one)) for one in ids], all_or_none)

    def read(
        self, name: str, ids: Sequence[str], fields: Sequence[str], version: str
    ) -> list[Record | None]:
        """Some fields of records; `None` for each id that is of none (documented)."""
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

    def _each(self, saves: Iterable[tuple[str | None, _Save]], all_or_none: bool) -> list[Outcome]:
        if not all_or_none:
            return [_outcome(record_id, save) for record_id, save in saves]
        outcomes: list[Outcome] = []
        try:
            with self._org.database.writing():
                outcomes += [_outcome(record_id, save) for record_id, save in saves]
                if any(one.error is not None for one in outcomes):
                    raise _NotAllError
        except _NotAllError:
            return [
                one if one.error is not None else Outcome(None, created=False, error=_ROLLED_BACK)
                for one in outcomes
            ]
        return outcomes

    def _records_of(self, body: Mapping[str, object]) -> list[Mapping[str, object]]:
        records = body.get("records")
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise self._org.choices.body_unreadable.make_error(problem="records must be a list")
        self._check_number(len(records))
        return records

    def _check_number(self, number: int) -> None:
        most = self._org.choices.collection_records
        if number > most:
            raise self._org.choices.collection_too_large.make_error(limit=str(most))


def _outcome(record_id: str | None, save: _Save) -> Outcome:
    try:
        saved = save()
    except ApiError as error:
        return Outcome(record_id, created=False, error=error)
    return Outcome(saved.id, created=saved.created, error=None)


def _type(record: Mapping[str, object]) -> str:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise ApiError(400, "INVALID_TYPE", "The type of the record is not given in its attributes")
    return name


def _parted(record: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """The id of a record, empty where it has none, and its other properties."""
    rest = {name: value for name, value in record.items() if name.lower() != "id"}
    given = next((record[name] for name in record if name not in rest), None)
    return "" if given is None else str(given), rest


def _wants_all(body: Mapping[str, object]) -> bool:
    return body.get("allOrNone") is True
