"""Random legal and illegal requests on jobs, against a model of what each may answer."""

from __future__ import annotations

import csv
import io
import json

import urllib3
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from bulkflow_sandbox import Choices, ManualClock, RowsPerSecond, Sandbox, SandboxServer
from bulkflow_sandbox.faults.fault import FailJob

FINAL = {"JobComplete", "Failed", "Aborted"}
JOBS = "/services/data/v66.0/jobs/ingest"
FILES = ("successfulResults", "failedResults", "unprocessedrecords")

KEYS = st.sampled_from([f"k{n}" for n in range(12)] + [""])
NAMES = st.sampled_from(["Ann", 'B"o"b', "C,\nd", ""])
NUMBERS = st.sampled_from(["1", "2.5", "", "#N/A", "many"])
ROWS = st.lists(st.tuples(KEYS, NAMES, NUMBERS), max_size=14)
OPERATIONS = st.sampled_from(["insert", "upsert"])
SOUND = st.sampled_from([True] * 7 + [False])


class Model:
    """What is known of a job from outside."""

    def __init__(self, job: dict) -> None:
        self.job = job
        self.uploads: list[list[list[str]]] = []
        self.sound = True
        self.closed = False
        self.final: dict | None = None


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
        """The state of a job, after all that time allows; `None` for one that was deleted."""
        assert self.server.api.settle()
        if job_id not in self.gone:
            return self.info(job_id)["state"]
        assert self.send("GET", f"{JOBS}/{job_id}").status == 404
        return None

    def rows_of(self, job_id: str, name: str) -> list[list[str]]:
        answer = self.send("GET", f"{JOBS}/{job_id}/{name}")
        assert answer.status == 200, answer.data
        return list(csv.reader(io.StringIO(answer.data.decode(), newline="")))

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
        text = io.StringIO(newline="")
        head = ["External_Id__c", "Name", "AnnualRevenue" if sound else "Nope"]
        csv.writer(text, lineterminator="\n").writerows([head, *rows])
        data = text.getvalue().encode()
        before = self.state(job_id)
        answer = self.send("PUT", f"{JOBS}/{job_id}/batches", data, "text/csv")
        if job_id in self.gone:
            assert answer.status == 404
        elif before == "Open":
            assert answer.status == 201
            model = self.models[job_id]
            model.uploads.append([list(row) for row in rows])
            model.sound = model.sound and sound
        else:
            assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")

    @rule(target=jobs, operation=OPERATIONS, rows=ROWS.filter(len), sound=SOUND)
    def load(self, operation, rows, sound):
        job_id = self.create(operation)
        self.upload(job_id, rows, sound)
        self.close(job_id)
        return job_id

    @rule(job_id=jobs)
    def close(self, job_id):
        before = self.state(job_id)
        answer = self.send("PATCH", f"{JOBS}/{job_id}", {"state": "UploadComplete"})
        if job_id in self.gone:
            assert answer.status == 404
            return
        model = self.models[job_id]
        if before != "Open":
            assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
        elif len(model.uploads) > 1:
            assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDJOB")
        else:
            assert (answer.status, answer.json()["state"]) == (200, "UploadComplete")
            model.closed = True

    @rule(job_id=jobs)
    def abort(self, job_id):
        before = self.state(job_id)
        answer = self.send("PATCH", f"{JOBS}/{job_id}", {"state": "Aborted"})
        if job_id in self.gone:
            assert answer.status == 404
        elif before in FINAL:
            assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
        else:
            assert (answer.status, answer.json()["state"]) == (200, "Aborted")

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
            if info["state"] == "JobComplete":
                assert model.sound
                assert info["numberRecordsProcessed"] == sum(map(len, model.uploads))
            if info["state"] in FINAL and model.final is None:
                self.check_files(job_id, model, info)
                model.final = info

    def check_files(self, job_id, model, info):
        """Each uploaded row is in exactly one file, and the counters say how many are where."""
        good, bad, rest = (self.rows_of(job_id, name) for name in FILES)
        uploaded = model.uploads[0] if model.uploads else []
        processed = info.get("numberRecordsProcessed", 0)
        failed = info.get("numberRecordsFailed", 0)
        if model.uploads:
            assert good[0][:2] == ["sf__Id", "sf__Created"]
            assert bad[0][:2] == ["sf__Id", "sf__Error"]
        good, bad, rest = good[1:], bad[1:], rest[1:]
        assert (len(good) + len(bad), len(bad)) == (processed, failed)
        assert len(rest) == len(uploaded) - processed
        keys = sorted([row[2] for row in good + bad] + [row[0] for row in rest])
        assert keys == sorted(row[0] for row in uploaded)
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
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
