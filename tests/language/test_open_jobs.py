"""The warning about jobs left open, held against a walk through every way that there is."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bulkflow.language import check
from bulkflow.source import SourceText

ACCEPTS = {
    "create": {"declared"},
    "upload": {"declared", "open"},
    "close": {"uploaded"},
    "wait": {"closed"},
    "abort": {"declared", "open", "uploaded", "closed"},
    "delete": {"finished", "aborted"},
    "show": {"declared", "open", "uploaded", "closed", "finished", "aborted", "deleted"},
}
LEAVES = {
    "create": "open",
    "upload": "uploaded",
    "close": "closed",
    "wait": "finished",
    "abort": "aborted",
    "delete": "deleted",
}
HEAD = """\
org sandbox
param one = true
param two = false
job a
    insert Account
    from "a.csv"
log "{one}{two}"
load job z
job z
    insert Account
    from "z.csv"
"""
STEP = st.sampled_from([*ACCEPTS, "stop"])
CONDITION = st.sampled_from(["one", "not one", "two", "one and two", "not one or two", "true"])
BLOCK = st.recursive(
    st.lists(STEP, min_size=1, max_size=4),
    lambda inner: st.lists(STEP | st.tuples(CONDITION, inner), min_size=1, max_size=4),
    max_leaves=12,
)


class EndedError(Exception):
    """The run is over: with a failure, or by `stop`."""


def written(block, depth=0) -> str:
    margin = "    " * depth
    lines = []
    for each in block:
        if isinstance(each, str):
            about = {"stop": "", "wait": " for job a"}.get(each, " job a")
            lines.append(f"{margin}{each}{about}")
        else:
            lines += [f"{margin}when {each[0]}", written(each[1], depth + 1).rstrip()]
    return "\n".join(lines) + "\n"


def walked(block, phase: str, truths: dict[str, bool]) -> str:
    """The phase behind a block; raises EndedError with the phase, or with None for a failure."""
    for each in block:
        if not isinstance(each, str):
            if eval(each[0], {"true": True, **truths}):
                phase = walked(each[1], phase, truths)
        elif each == "stop":
            raise EndedError(phase)
        elif phase not in ACCEPTS[each]:
            raise EndedError(None)
        else:
            phase = LEAVES.get(each, phase)
    return phase


def left_open(block) -> bool:
    """Whether any way to a good end leaves the job open."""
    for one, two in product((True, False), repeat=2):
        try:
            phase = walked(block, "declared", {"one": one, "two": two})
        except EndedError as ended:
            phase = ended.args[0]
        if phase in {"open", "uploaded"}:
            return True
    return False


def codes(catalogue, text: str) -> list[str]:
    found = check(SourceText("x", text), catalogue, settings={}, environ={}, read=None)
    return [each.code for each in found.diagnostics]


@settings(max_examples=200, deadline=None)
@given(block=BLOCK)
def test_a_job_is_said_to_be_left_open_if_and_only_if_some_way_leaves_it(catalogue, block) -> None:
    found = codes(catalogue, HEAD + written(block))
    assert set(found) <= {"B202", "B203", "B204", "B208", "B217"}
    if not set(found) & {"B203", "B204"}:
        assert ("B217" in found) is left_open(block)


def test_many_jobs_and_branches_do_not_make_the_check_slow(catalogue) -> None:
    jobs = range(300)
    text = "org sandbox\nparam dry = false\n" + "".join(
        f'job j{n}\n    insert A\n    from "{n}"\nupload job j{n}\nwhen dry\n    abort job j{n}\n'
        for n in jobs
    )
    text += "when not dry\n" + "".join(f"    close job j{n}\n" for n in jobs[1:])
    found = codes(catalogue, text)
    assert found == ["B217"]


def test_more_questions_than_can_be_tried_raise_no_alarm(catalogue) -> None:
    names = [f"p{n}" for n in range(8)]
    text = "org sandbox\n" + "".join(f"param {name} = true\n" for name in names)
    text += 'job a\n    insert A\n    from "a"\nupload job a\n'
    text += "".join(f"when {name}\n    close job a\n" for name in names)
    assert "B217" not in codes(catalogue, text)
