"""What names mean at a place in the plan: constants, loop variables, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.engine.evaluate import evaluate, evaluate_arguments, get_folder
from bulkflow.plugin.context import Job
from bulkflow.plugin.error_boundary import attribute_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.engine.run_state import Services
    from bulkflow.model.plan import Block, PlannedJob
    from bulkflow.model.value import Scope, Value


@frozen
class Frame:
    """The names of a block and of the blocks around it. `iteration` distinguishes loops' jobs.

    `place` identifies the position in the plan, including loop iterations. It is the same in every
    attempt at a run, so the journal can identify what was done.
    """

    scope: Scope
    jobs: Mapping[str, Job]
    iteration: str = ""
    place: str = ""

    def at(self, label: object) -> Frame:
        """Build the frame one place further in."""
        return evolve(self, place=f"{self.place}/{label}")

    def enter(self, block: Block, services: Services) -> Frame:
        """Build the frame inside a block: resolve its constants in order, and make its jobs."""
        scope: dict[str, Value] = dict(self.scope)
        for name, value in block.lets:
            scope[name] = evaluate(value, scope, services.environ)
        inside = evolve(self, scope=scope)
        made: dict[str, Job] = {}
        # A job that takes the rows of another one is made after it.
        for planned in sorted(block.jobs, key=_takes_rows):
            made[planned.name] = evolve(inside, jobs={**self.jobs, **made})._make(planned, services)
        return evolve(inside, jobs={**self.jobs, **made})

    def with_variable(self, name: str, value: Value, label: str) -> Frame:
        """Build the frame of one iteration of a loop."""
        inner = self.at(f"[{label}]")
        return evolve(
            inner, scope={**self.scope, name: value}, iteration=f"{self.iteration}[{label}]"
        )

    def _make(self, planned: PlannedJob, services: Services) -> Job:
        settings: dict[str, object] = {}
        for clause in planned.clauses:
            record = services.catalogue.clause_by_phrase[clause.word]
            phrase = next(each for each in record.phrases if each.text == clause.word)
            arguments = evaluate_arguments(
                phrase, clause.arguments, self.scope, services.environ, services.catalogue
            )
            if phrase.job_slot is not None and clause.job is not None:
                arguments[phrase.job_slot] = read = self.jobs[clause.job]
                read.is_read = True
            with attribute_errors(record.provider, f"reading `{clause.span.text}`"):
                settings.update(record.join_settings(settings, record.function(**arguments)))
        return services.add(
            Job(
                planned.name + self.iteration,
                planned.name,
                settings,
                get_folder(planned.span),
                planned.org,
            ),
            planned,
        )


def _takes_rows(job: PlannedJob) -> bool:
    return any(clause.job is not None for clause in job.clauses)
