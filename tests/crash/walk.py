"""Walks a journey: does what it says, and then all that is left to do, and judges every step."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from attrs import Factory, define

from bulkflow.app import runs
from bulkflow.app.state import RunSelection
from bulkflow.model.history import RunSummary
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.testing import LocalOrg, local_org
from crash.advice import advised
from crash.forks import Ended, Forks, Order
from crash.journey import Journey, Move
from crash.judging import BrokenPromiseError, expect
from crash.ledger import Ledger
from crash.places import Project
from crash.scenarios import Kill

LIMIT = 1_000_000

_HOLDER: Final = re.compile(r"were handed over before, by run ([0-9a-f-]+)")

MAX_ATTEMPTS = 16
"""How many commands may be needed, in calm weather, until a load has come to its end."""


def walk(forks: Forks, journey: Journey, folder: Path, without: str | None = None) -> list[str]:
    """Walk a journey to its end, in an org of its own; what was done, a line for each command.

    Raises:
        BrokenPromiseError: What came of it is not what was promised.
    """
    shutil.rmtree(folder, ignore_errors=True)
    project = Project(folder)
    project.lay_out(journey.files)
    with local_org(processing=journey.processing, faults=journey.faults) as org:
        walker = _Walker(forks, journey, project, org, Ledger(journey, org), without)
        try:
            for move in journey.moves:
                walker.make(move)
            walker.come_to_an_end()
        except BrokenPromiseError as error:
            raise BrokenPromiseError("\n  ".join((str(error), *walker.log))) from error
    return walker.log


@define(eq=False)
class _Walker:
    forks: Forks
    journey: Journey
    project: Project
    org: LocalOrg
    ledger: Ledger
    without: str | None
    log: list[str] = Factory(list)
    _last: Ended | None = None
    _folder: Path = Path()
    """Where the last command was run: its advice is followed there."""
    _file: str = "load.bulkflow"
    """The pipeline file, as the last command that ran one had it."""
    _name: str = "load"
    _was_refused: bool = False
    """Whether rows were refused that another run handed over, and no run was given up since."""
    _refusals: dict[str, str] = Factory(dict)
    """Runs whose retry was refused, and the run that handed some of the rows over."""

    def make(self, move: Move) -> None:
        """Do what a move says, and judge what came of it."""
        match move.verb:
            case "move":
                self.project.move()
                self._folder = self.project.folder
                self._file = f"{self._name}.bulkflow"
                self.log.append("the folder was moved")
            case "late":
                self.org.sandbox.commit_late()
                self.log.append("batches that were at work committed")
            case "refresh":
                self._refresh()
            case "run" if "," in move.file:
                self._run_both(move)
            case "run":
                self._folder, self._file = self.project.way(move.place, f"{move.file}.bulkflow")
                self._name = move.file
                self._do(["run", self._file, *move.options], move)
            case "advice":
                self._follow(move)
            case verb:
                self._on_a_run(verb, move)

    def come_to_an_end(self) -> None:
        """In calm weather, do what is left to do: what is advised, or what a user would try."""
        self.org.sandbox.faults.clear()
        self.org.sandbox.commit_late()
        self.org.settle()
        self.ledger.judge_org()
        calm = Move("advice")
        for number in range(MAX_ATTEMPTS):
            if self._is_at_an_end():
                self._do_the_rest(calm)
                return
            self._do(self._next(number), calm)
        missing, unknown = self.ledger.missing(), self.ledger.unknown()
        raise BrokenPromiseError(f"no end: {missing} rows are missing, {unknown} are unknown")

    def _is_at_an_end(self) -> bool:
        if self._last is None or self._last.finished is None:
            return False
        said = self.ledger.said.values()
        if self.journey.steps == "removed" and "its jobs are gone from the org" in self._last.said:
            # Which rows failed was in the results, and these are removed.
            return True
        if self.journey.hides and "cannot be trusted" in self._last.said:
            return True
        if self.journey.hides and "gone from the org" in self._last.said:
            # Somebody deleted a job: which of its rows are not loaded is known to nobody.
            return True
        if None in said:
            return False
        is_known = self.ledger.unknown() == 0 or self.journey.hides
        if is_known and self._refuse_each_other():
            return True
        return self.ledger.undone or (self.ledger.missing() <= 0 and is_known)

    def _refuse_each_other(self) -> bool:
        """Whether two runs that are over were each refused because of rows of the other.

        Each says which rows it did not load, and among these are rows that the other did. What
        neither loaded goes through from a file of its own, as the help says.
        """
        over = {each.id for each in self._runs() if each.finished is not None}
        return any(
            self._refusals.get(other) == run and {run, other} <= over
            for run, other in self._refusals.items()
        )

    def _do_the_rest(self, calm: Move) -> None:
        """Go on with the last run, all of whose rows are loaded: it must come to its end."""
        unmet = self.ledger.unknown() or self.ledger.undone
        found = [
            each
            for each in self._runs()
            if each.id not in self.ledger.elsewhere and not self._is_done_with(each)
        ]
        # Rows that nobody can name any more, or that two runs leave to one another, stay out.
        unmet = unmet or self.ledger.missing() > 0
        if unmet or not found or not self.journey.ends or found[0].given_up:
            return
        if found[0].finished is None or found[0].exit_code == 1:
            self._folder = self.project.folder
            self._do(["resume", found[0].id], calm)
            assert self._last is not None
            if found[0].id not in {each.id for each in self._runs()}:
                # It had sent nothing, and was refused: it is no run any more.
                return
            if "did not complete" in self._last.said:
                # A batch that committed late has loaded the rest; the advised retry finds that out.
                self._do(["retry", found[0].id, "--rows", "all"], calm)
                self._do(["resume", found[0].id], calm)
            if "were handed over before" in self._last.said:
                # Another run has loaded them; nothing is left but to give this one up.
                self._do(["abort", found[0].id], calm)
            if self.journey.hides and "gone from the org" in self._last.said:
                # Its last steps need results that nobody has any more.
                return
            status = self._last.status
            expect(status in {0, 3}, f"all is loaded, and the run does not end: {status}")

    def _next(self, number: int) -> list[str]:
        """What is done next: advice that goes on with the load, or what a user would try."""
        if self.journey.heeds and not self.ledger.elsewhere and number % 4 != 3:
            for each in self._advice():
                if each[0] not in {"abort", "undo"} and "--fresh" not in each:
                    return each
        self._folder = self.project.folder
        if self._name == "orders":
            self._name = "load"
        self._file = f"{self._name}.bulkflow"
        found = [
            each
            for each in self._runs()
            if each.id not in self.ledger.elsewhere and not self._is_done_with(each)
        ]
        if not found:
            # Nobody can go on with a run whose org is gone.
            stale = any(each.finished is None for each in self._runs())
            return ["run", self._file, *(["--fresh"] if stale else [])]
        which = found[number // 2 % len(found)]
        unfinished = [each for each in found if each.finished is None]
        if number % 4 == 3 and self._was_refused and unfinished:
            # Each of two runs waits for rows of the other: one has to be given up, as is advised.
            self._was_refused = False
            return ["abort", unfinished[0].id]
        if number % 6 == 5 and all(each.finished is not None for each in found):
            return ["run", self._file]
        if number % 2 and which.finished is None:
            return ["resume", which.id]
        return ["retry", which.id, "--rows", "all"]

    def _is_done_with(self, run: RunSummary) -> bool:
        """Whether it is a run of `orders` that has come to an end."""
        is_told = self.ledger.said.get(run.id) is not None
        return Path(run.pipeline).name == "orders.bulkflow" and is_told

    def _advice(self) -> list[list[str]]:
        if self._last is None:
            return []
        found = self._runs()
        return advised(self._last, self._file, found[0].id if found else None)

    def _follow(self, move: Move) -> None:
        found = [each for each in self._advice() if each[0] != "undo"]
        if found:
            self._do(found[int(move.pick * len(found))], move)

    def _on_a_run(self, verb: str, move: Move) -> None:
        found = self._runs()
        if not found:
            return
        self._folder, path = self.project.way(move.place, "load.bulkflow")
        # The last run by its id, from its folder; from elsewhere it is found by its file.
        named = found[0].id if self._folder == self.project.folder else path
        self._do([verb, named, *move.options], move)

    def _run_both(self, move: Move) -> None:
        self.ledger.begin()
        self._ready()
        names = move.file.split(",")
        orders = []
        for number, name in enumerate(names):
            self._folder, self._file = self.project.way(move.place, f"{name}.bulkflow")
            desk = self.project.base / f"desk-{number}"
            desk.mkdir(exist_ok=True)
            kill = move.kill if number == 0 else Kill()
            orders.append(
                Order(
                    desk,
                    self._folder,
                    ["run", self._file, "--json"],
                    self._environ,
                    kill.at,
                    kill.after,
                    without=self.without,
                )
            )
        both = self.forks.together(*orders)
        self.org.settle()
        for name, order, ended in zip(names, orders, both, strict=True):
            self._note(order.arguments, ended)
            self.ledger.requests = self.org.sandbox.requests.total
            self.ledger.judge(ended, name, self._known())
            self._last, self._name = ended, name
            self._was_refused |= "were handed over before" in ended.said
        self.ledger.judge_org()

    def _do(self, command: list[str], move: Move) -> None:
        self._ready()
        self.ledger.begin()
        if "--fresh" in command:
            self.ledger.fresh += 1
        self.ledger.undone |= command[0] == "undo"
        desk = self.project.base / "desk"
        desk.mkdir(exist_ok=True)
        if command[0] == "undo" and "--yes" not in command:
            command = [*command, "--yes"]
        order = Order(
            desk,
            self._folder,
            [*command, "--json"],
            self._environ,
            move.kill.at,
            move.kill.after,
            move.signal,
            self.without,
        )
        (ended,) = self.forks.together(order)
        self.org.settle()
        self._note(command, ended)
        self._last = ended
        self._was_refused |= "were handed over before" in ended.said
        if command[0] == "retry":
            self._refusals.pop(command[1], None)
            if found := _HOLDER.search(ended.said):
                self._refusals[command[1]] = found[1]
        self.ledger.judge(ended, self._name, self._known())
        if ended.status == 2 and "has sent no rows" in ended.said and command[1] in self._known():
            self.ledger.said[command[1]] = []
        self.ledger.judge_org()

    def _note(self, command: list[str], ended: Ended) -> None:
        finished = ended.finished or {"jobs": [], "errors": []}
        jobs = [
            {
                key: value
                for key, value in job.items()
                if value and key not in {"seconds", "saved", "commonest_error"}
            }
            for job in finished["jobs"]
        ]
        errors = [f"{each['message']} (help: {each['help']})" for each in finished["errors"]]
        where = self._folder.relative_to(self.project.base)
        self.log.append(f"{where}$ bulkflow {' '.join(command)}: {ended.status} {jobs} {errors}")

    def _ready(self) -> None:
        """A user logs in again, and a day has passed."""
        self.org.sandbox.sessions.admit(self.org.token, USER_ID)
        self.org.sandbox.limits.set("DailyApiRequests", LIMIT)

    @property
    def _environ(self) -> dict[str, str]:
        return {**self.org.environment, "BULKFLOW_GRACE": "2"}

    def _refresh(self) -> None:
        """The org becomes another one, which has none of the rows."""
        self.org.sandbox.refresh()
        self.log.append("the org was refreshed")
        self.ledger.forget_the_org({each for each in self._known() if self._came_to_an_org(each)})

    def _runs(self) -> list[RunSummary]:
        return runs.list_runs(RunSelection(self.project.state))

    def _came_to_an_org(self, run: str) -> bool:
        """Whether a run may have something in the org."""
        story = runs.read_run_details(self.project.state, run)
        jobs = () if story is None else story.jobs.values()
        return any(part.intents for job in jobs for part in job.parts)

    def _known(self) -> set[str]:
        return {each.id for each in self._runs()}
