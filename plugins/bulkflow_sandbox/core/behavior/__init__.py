"""Every behaviour that the sources leave open, or that a test may want to change.

Each field of `Choices` is one behaviour: the sandbox's answer, and how certain it is. A later
finding changes one line in one of these modules. A caller changes a behaviour of its own sandbox
with `Sandbox(choices=Choices(second_put=SecondPut.REFUSE))`. The page `docs/sandbox.md` lists all.
"""

from bulkflow_sandbox.core.behavior.choice import Choice, Provenance, Refusal
from bulkflow_sandbox.core.behavior.choices import Choices, format_table, list_choices
from bulkflow_sandbox.core.behavior.jobs import EarlyResults, SecondPut
from bulkflow_sandbox.core.behavior.processing import SurplusValues
from bulkflow_sandbox.core.behavior.queries import PagesForm

__all__ = [
    "Choice",
    "Choices",
    "EarlyResults",
    "PagesForm",
    "Provenance",
    "Refusal",
    "SecondPut",
    "SurplusValues",
    "format_table",
    "list_choices",
]
