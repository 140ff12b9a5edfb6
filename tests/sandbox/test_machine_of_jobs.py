"""Random requests on jobs, valid, invalid and faulty, compared with a model of the responses."""

from __future__ import annotations

import csv
import io
import json

import urllib3
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from bulkflow_sandbox import Choices, ManualClock, RowsPerSecond, Sandbox, SandboxServer
from bulkflow_sandbox.faults.fault import (
    CommitLate,
    Endpoint,
    FailJob,
    Fault,
    HideNewest,
    LoseRows,
    Miscount,
    Moment,
    RepeatPage,
    Respond,
    Shorten,
    ShowOld,
)

FINAL = {"JobComplete", "Failed", "Aborted"}
JOBS = "/services/data/v66.0/jobs/ingest"
FILES = ("successfulResults", "failedResults", "unprocessedrecords")
KEPT = ("state", "numberRecordsProcessed", "numberRecordsFailed", "contentUrl")
CHANGED_LATE = {
    "numberRecordsProcessed",
    "numberRecordsFailed",
    "systemModstamp",
    "totalProcessingTime",
    "apiActiveProcessingTime",
    "apexProcessingTime",
}

KEYS = st.sampled_from([f"k{n}" for n in range(12)] + [""])
NAMES = st.sampled_from(["Ann", 'B"o"b', "C,\nd", ""])
NUMBERS = st.sampled_from(["1", "2.5", "", "#N/A", "many"])
ROWS = st.lists(st.tuples(KEYS, NAMES, NUMBERS), max_size=14)
OPERATIONS = st.sampled_from(["insert", "upsert"])
SOUND = st.sampled_from([True] * 7 + [False])
STATUSES = st.sampled_from([400, 408, 413, 415, 500, 503])
RESULTS = {
    "successfulResults": Endpoint.SUCCESSES,
    "failedResults": Endpoint.FAILURES,
    "unprocessedrecords": Endpoint.UNPROCESSED,
}


def parsed(data: bytes) -> list[list[str]]:
    """Read the records of a result file."""
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


class Model:
    """The model of a job, as its clients see it."""

    def __init__(self, job: dict) -> None:
        self.job = job
        self.uploads: list[list[list[str]]] = []
        self.sound = True
        self.closed = False
        self.final: dict | None = None
        self.before: dict | None = None
        """How it was before the last request that changed it."""
        self.fails: int | None = None
        """After how many rows its processing fails."""
        self.loses: int | None = None
        """After how many rows it is complete, whatever follows."""
        self.more = (0, 0)
        """What its counters have too many of when it is complete: processed and failed rows."""

    @property
    def rows(self) -> list[list[str]]:
        return self.uploads[0] if self.uploads else []

    def ends(self) -> set[tuple[str, int]]:
        """List the possible final states, unless it is aborted, each with the processed rows."""
        rows = len(self.rows)
        if not self.sound:
            return {("Failed", 0)}
        stop = min(each for each in (rows, self.fails, self.loses) if each is not None)
        if self.fails is None or self.fails > stop:
            return {("JobComplete", stop)}
        failed = {("Failed", stop)}
        # Reading after the last row shows that there are no more.
        return failed | {("JobComplete", stop)} if stop == rows else failed


class Requests(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        sandbox = Sandbox(
            clock=self.clock,
            processing=RowsPerSecond(2, chunk=2),
            choices=Choices(chunk_rows=2, batch_rows=4),
        )
        self.server = SandboxServer(sandbox, owned=True).start()
        self.pool = urllib3.PoolManager(retries=False, timeout=30)
        self.models: dict[str, Model] = {}
        self.gone: set[str] = set()
        # Faults for the next job that is processed, which takes all of a kind.
        self.fails: list[int] = []
        self.loses: list[int] = []
        self.more: list[tuple[int, int]] = []
        self.late: list[int] = []

    def teardown(self) -> None:
        self.pool.clear()
        self.server.stop()

    def send(self, method, path, body=None, kind="application/json"):
        if isinstance(body, dict):
            body = json.dumps(body)
        headers = {"Authorization": f"Bearer {self.server.token}", "Content-Type": kind}
        return self.pool.request(method, self.server.url + path, body=body, headers=headers)

    def info(self, job_id: str) -> dict:
        return self.send("GET", f"{JOBS}/{job_id}").json()

    def state(self, job_id: str) -> str | None:
        """Get the state of a job after its processing; `None` if it was deleted."""
        assert self.server.api.settle()
        if job_id not in self.gone:
            return self.info(job_id)["state"]
        assert self.send("GET", f"{JOBS}/{job_id}").status == 404
        return None

    def rows_of(self, job_id: str, name: str) -> list[list[str]]:
        answer = self.send("GET", f"{JOBS}/{job_id}/{name}")
        assert answer.status == 200, answer.data
        return parsed(answer.data)

    # Rules.

    @rule(target=jobs, operation=OPERATIONS)
    def create(self, operation):
        wanted = {"object": "Account", "operation": operation}
        if operation == "upsert":
            wanted["externalIdFieldName"] = "External_Id__c"
        job = self.send("POST", JOBS, wanted).json()
        assert job["id"] not in self.models
        self.models[job["id"]] = Model(job)
        return job["id"]

    @rule(job_id=jobs, rows=ROWS, sound=SOUND)
    def upload(self, job_id, rows, sound):
        before, answer = self.put(job_id, rows, sound)
        if job_id in self.gone:
            assert answer.status == 404
        elif before == "Open":
            assert answer.status == 201
        else:
            assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")

    @rule(job_id=jobs, rows=ROWS, sound=SOUND, status=STATUSES)
    def upload_and_be_refused(self, job_id, rows, sound, status):
        self.inject(Endpoint.UPLOAD, Respond(status, moment=Moment.AFTER))
        before, answer = self.put(job_id, rows, sound)
        assert answer.status == status
        if before == "Open":
            # The counters show that it was stored.
            assert self.info(job_id)["numberRecordsProcessed"] == 0

    def put(self, job_id, rows, sound):
        """Send rows, and return the state before and the response. An open job has the rows."""
        text = io.StringIO(newline="")
        head = ["External_Id__c", "Name", "AnnualRevenue" if sound else "Nope"]
        csv.writer(text, lineterminator="\n").writerows([head, *rows])
        before = self.state(job_id)
        shown = self.shown(job_id)
        answer = self.send("PUT", f"{JOBS}/{job_id}/batches", text.getvalue().encode(), "text/csv")
        if before == "Open":
            model = self.models[job_id]
            model.uploads.append([list(row) for row in rows])
            model.sound = model.sound and sound
            model.before = shown
        return before, answer

    def inject(self, endpoint, effect):
        """Add a fault for the next request of a kind, which the same rule must send."""
        self.server.api.inject(Fault(endpoint, effect))

    def shown(self, job_id):
        """Get a job as clients see it; `None` if it was deleted."""
        return None if job_id in self.gone else self.info(job_id)

    @rule(target=jobs, operation=OPERATIONS, rows=ROWS.filter(len), sound=SOUND)
    def load(self, operation, rows, sound):
        job_id = self.create(operation)
        self.upload(job_id, rows, sound)
        self.close(job_id)
        return job_id

    @rule(target=jobs, rows=ROWS.filter(len), loses=st.integers(0, 5), more=st.integers(0, 3))
    def load_and_be_misled(self, rows, loses, more):
        self.let_the_next_job_lose_rows(loses)
        self.let_the_next_job_be_miscounted(more, more)
        return self.load_to_the_end(rows)

    @rule(
        target=jobs,
        rows=ROWS.filter(lambda rows: len(rows) > 2),
        fails=st.integers(0, 2),
        late=st.integers(1, 6),
    )
    def load_and_fail_with_a_batch_at_work(self, rows, fails, late):
        self.let_the_next_job_fail(fails)
        self.let_the_next_batch_be_late(late)
        job_id = self.load_to_the_end(rows)
        self.late_batches_commit()
        return job_id

    def load_to_the_end(self, rows):
        job_id = self.load("insert", rows, sound=True)
        self.state(job_id)
        self.clock.advance(len(rows))
        self.every_job_is_in_a_state_that_it_could_come_to()
        return job_id

    @rule(job_id=jobs)
    def close(self, job_id):
        before, answer = self.change(job_id, "UploadComplete")
        if job_id in self.gone:
            assert answer.status == 404
        elif before != "Open":
            assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
        elif len(self.models[job_id].uploads) > 1:
            assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDJOB")
        else:
            assert (answer.status, answer.json()["state"]) == (200, "UploadComplete")

    @rule(job_id=jobs)
    def abort(self, job_id):
        before, answer = self.change(job_id, "Aborted")
        if job_id in self.gone:
            assert answer.status == 404
        elif before in FINAL:
            assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
        else:
            assert (answer.status, answer.json()["state"]) == (200, "Aborted")

    @rule(job_id=jobs, wanted=st.sampled_from(["UploadComplete", "Aborted"]), status=STATUSES)
    def close_or_abort_without_an_answer(self, job_id, wanted, status):
        endpoint = Endpoint.CLOSE if wanted == "UploadComplete" else Endpoint.ABORT
        self.inject(endpoint, Respond(status, moment=Moment.AFTER))
        _, answer = self.change(job_id, wanted)
        assert answer.status == status

    def change(self, job_id, wanted):
        """Request a state, and return the state before and the response. Processing advances."""
        before = self.state(job_id)
        shown = self.shown(job_id)
        answer = self.send("PATCH", f"{JOBS}/{job_id}", {"state": wanted})
        if before is None or before in FINAL:
            return before, answer
        model = self.models[job_id]
        if wanted == "Aborted":
            model.before = shown
        elif before == "Open" and len(model.uploads) <= 1:
            model.before, model.closed = shown, True
            if model.uploads and model.sound:
                self.strike(model)
        return before, answer

    def strike(self, model):
        """Start the processing of a job, which takes the first fault of each kind."""
        model.fails, model.loses = (each[0] if each else None for each in (self.fails, self.loses))
        model.more = self.more[0] if self.more else (0, 0)
        for each in (self.fails, self.loses, self.more):
            each.clear()

    @rule(job_id=jobs, wanted=st.sampled_from(["Open", "JobComplete", "InProgress", "x", None]))
    def ask_for_an_illegal_state(self, job_id, wanted):
        before = self.info(job_id)
        answer = self.send("PATCH", f"{JOBS}/{job_id}", {"state": wanted})
        assert answer.status == (404 if job_id in self.gone else 400)
        assert self.info(job_id) == before

    @rule(job_id=jobs)
    def delete(self, job_id):
        state = self.state(job_id)
        answer = self.send("DELETE", f"{JOBS}/{job_id}")
        if state is None:
            assert answer.status == 404
        elif state in FINAL or state == "UploadComplete":
            assert answer.status == 204
            self.gone.add(job_id)
            del self.models[job_id]
            assert self.state(job_id) is None
        else:
            assert answer.status == 400

    @rule(seconds=st.integers(1, 6))
    def time_passes(self, seconds):
        self.clock.advance(seconds)

    @rule(rows=st.integers(0, 6))
    def let_the_next_job_fail(self, rows):
        self.server.api.inject(FailJob(rows))
        self.fails.append(rows)

    @rule(rows=st.integers(0, 6))
    def let_the_next_job_lose_rows(self, rows):
        self.server.api.inject(LoseRows(rows))
        self.loses.append(rows)

    @rule(processed=st.integers(0, 3), failed=st.integers(0, 3))
    def let_the_next_job_be_miscounted(self, processed, failed):
        self.server.api.inject(Miscount(processed, failed))
        self.more.append((processed, failed))

    @rule(rows=st.integers(1, 6))
    def let_the_next_batch_be_late(self, rows):
        self.server.api.inject(CommitLate(rows))
        self.late.append(rows)

    @rule()
    def late_batches_commit(self):
        self.server.api.commit_late()
        assert self.server.api.settle()
        for job_id, model in self.models.items():
            info = self.info(job_id)
            if info == model.final or model.final is None:
                continue
            assert info["state"] in {"Failed", "Aborted"}, "a complete job has no batch at work"
            more = info["numberRecordsProcessed"] - model.final["numberRecordsProcessed"]
            left = len(model.rows) - model.final["numberRecordsProcessed"]
            late = [rows for rows in self.late if min(rows, left) == more]
            assert late, f"{more} rows are committed late, of {left}"
            self.late.remove(late[0])
            event("rows were committed late")
            same = info.keys() - CHANGED_LATE
            assert {name: info[name] for name in same} == {name: model.final[name] for name in same}
            self.check_files(job_id, model, info)
            model.final = info

    @rule(job_id=jobs)
    def look_at_how_it_was(self, job_id):
        self.state(job_id)
        self.inject(Endpoint.INFO, ShowOld())
        answer = self.send("GET", f"{JOBS}/{job_id}")
        if job_id in self.gone:
            assert answer.status == 404
            return
        known = self.models[job_id].before or self.info(job_id)
        seen = answer.json()
        assert {name: seen.get(name) for name in KEPT} == {name: known.get(name) for name in KEPT}

    @rule(job_id=jobs, name=st.sampled_from(FILES), rows=st.integers(0, 4))
    def ask_for_results_too_early(self, job_id, name, rows):
        if self.state(job_id) not in FINAL:
            return
        whole = self.rows_of(job_id, name)
        self.inject(RESULTS[name], Shorten(rows))
        assert self.rows_of(job_id, name) == whole[: 1 + rows]
        self.inject(RESULTS[name], Respond(204))
        assert self.send("GET", f"{JOBS}/{job_id}/{name}").status == 204
        assert self.rows_of(job_id, name) == whole

    @rule(hidden=st.integers(1, 3))
    def ask_for_a_list_that_is_behind(self, hidden):
        self.inject(Endpoint.LIST, HideNewest(hidden))
        seen = [job["id"] for job in self.send("GET", JOBS).json()["records"]]
        assert set(seen) == set(sorted(self.models)[:-hidden])

    @rule()
    def ask_for_a_list_without_an_end(self):
        self.inject(Endpoint.LIST, RepeatPage())
        page = self.send("GET", JOBS).json()
        assert (page["done"], page["nextRecordsUrl"]) == (False, JOBS)
        assert {job["id"] for job in page["records"]} == set(self.models)

    @rule(job_id=jobs, name=st.sampled_from(FILES))
    def ask_for_results(self, job_id, name):
        state = self.state(job_id)
        status = self.send("GET", f"{JOBS}/{job_id}/{name}").status
        assert status == (404 if state is None else 200 if state in FINAL else 400)

    # Invariants.

    @invariant()
    def every_job_is_in_a_state_that_it_could_come_to(self):
        assert self.server.api.settle()
        for job_id, model in self.models.items():
            info = self.info(job_id)
            if model.final is not None:
                assert info == model.final, "nothing changes after a final state"
            if info["state"] in {"InProgress", "JobComplete", "Failed", "UploadComplete"}:
                assert model.closed
            if not model.uploads and info["state"] == "Open":
                assert "numberRecordsProcessed" not in info
            if info["state"] == "Failed" and not model.sound:
                assert info["errorMessage"] == "InvalidBatch : Field name not found : Nope"
            if info["state"] in FINAL and model.final is None:
                self.check_files(job_id, model, info)
                model.final = info

    def check_files(self, job_id, model, info):
        """Check that each row that was not lost is in one file, and that the counters match."""
        good, bad, rest = (self.rows_of(job_id, name) for name in FILES)
        if model.uploads:
            assert good[0][:2] == ["sf__Id", "sf__Created"]
            assert bad[0][:2] == ["sf__Id", "sf__Error"]
        good, bad, rest = good[1:], bad[1:], rest[1:]
        complete = info["state"] == "JobComplete"
        done = len(good) + len(bad)
        if model.final is None and info["state"] != "Aborted":
            assert (info["state"], done) in model.ends()
        more = model.more if complete else (0, 0)
        counted = [info.get(f"numberRecords{name}", 0) for name in ("Processed", "Failed")]
        assert counted == [done + more[0], len(bad) + more[1]]
        left = model.rows[done:]
        assert [row[0] for row in rest] == ([] if complete else [row[0] for row in left])
        tried = sorted(row[2] for row in good + bad)
        assert tried == sorted(row[0] for row in model.rows[:done])
        assert all(row[0] and row[1] in {"true", "false"} for row in good)
        assert all(":" in row[1] for row in bad)

    @invariant()
    def the_list_has_every_job_that_is_left(self):
        listed = self.send("GET", JOBS).json()["records"]
        assert {job["id"] for job in listed} == set(self.models)

    @invariant()
    def no_two_records_have_the_same_key(self):
        with self.server.api.database.reading() as connection:
            rows = connection.execute(
                "SELECT External_Id__c FROM Account WHERE External_Id__c IS NOT NULL"
            ).fetchall()
        assert len(rows) == len(set(rows))


TestRequests = Requests.TestCase
TestRequests.settings = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
