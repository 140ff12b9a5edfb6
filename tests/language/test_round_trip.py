"""`parse(print_tree(tree))` is the tree, for every tree that a file can have."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow.language import parse, print_tree
from bulkflow.language.syntax import tree
from bulkflow.model.plan import HandlerEvent
from bulkflow.model.value import (
    Boolean,
    Duration,
    EnvironmentVariable,
    Integer,
    Interpolation,
    Name,
    Percent,
    Size,
    Text,
)
from bulkflow.source import SourceText, Span

at_any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOWHERE = Span(SourceText("nowhere", ""), 0, 0)
WORDS = "org param let include job for in when always parallel then on and or not is"
STRUCTURE = WORDS.split()

plain_words = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*", fullmatch=True)
words = (
    plain_words
    | st.sampled_from(
        [*STRUCTURE, "failure", "success", "interrupt", "env", "7503h00000abcdeAAA", "Größe"]
    )
).filter(lambda word: word not in ("true", "false"))
names = words.map(lambda word: Name(word, NOWHERE))


def merged(parts):
    """Neighbouring strings joined and empty ones dropped, as in a parsed text."""
    joined = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)


texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]))
    | words.map(lambda word: Interpolation(word, NOWHERE))
).map(lambda parts: Text(merged(parts), NOWHERE))
numbers = st.integers(0, 10**15 - 1)
values = st.one_of(
    names,
    texts,
    numbers.map(lambda number: Integer(number, NOWHERE)),
    st.integers(0, 10**12).map(lambda ms: Duration(ms / 1000, NOWHERE)),
    numbers.map(lambda size: Size(size, NOWHERE)),
    st.integers(0, 10**9).map(lambda share: Percent(share / 1000, NOWHERE)),
    st.booleans().map(lambda truth: Boolean(truth, NOWHERE)),
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True).map(
        lambda name: EnvironmentVariable(name, NOWHERE)
    ),
)


def is_line(items, reserved=()):
    """Whether words stay words where they stand: `on failure` does not, in a step."""
    for item, after in zip(items, [*items[1:], None], strict=True):
        if not isinstance(item, Name):
            continue
        if item.name == "env" or item.name in reserved:
            return False
        following = after.name if isinstance(after, Name) else None
        if item.name == "on" and following in ("failure", "success", "interrupt"):
            return False
    return True


lines = st.tuples(names, st.lists(values, max_size=5)).map(lambda line: (line[0], *line[1]))
clauses = lines.filter(is_line).map(lambda items: tree.ClauseNode(items, NOWHERE))
steps = lines.filter(
    lambda items: is_line(items, ("then",)) and items[0].name not in (*STRUCTURE, "on")
).map(lambda items: tree.StepNode(items, NOWHERE))
chains = st.builds(
    tree.ChainNode,
    st.lists(steps, min_size=1, max_size=3).map(tuple),
    st.lists(
        st.builds(
            tree.HandlerNode,
            st.sampled_from(HandlerEvent),
            st.lists(steps, min_size=1, max_size=2).map(tuple),
            st.just(NOWHERE),
        ),
        max_size=2,
    ).map(tuple),
    st.just(NOWHERE),
)
tests = (
    st.lists(values, min_size=1, max_size=4)
    .map(tuple)
    .filter(lambda items: is_line(items, ("and", "or", "not", "on")))
    .map(lambda items: tree.TestNode(items, NOWHERE))
)


def joined(children):
    many = st.lists(children, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        children.map(lambda operand: tree.NotNode(operand, NOWHERE)),
        many.map(lambda operands: tree.AndNode(operands, NOWHERE)),
        many.map(lambda operands: tree.OrNode(operands, NOWHERE)),
    )


conditions = st.recursive(tests, joined, max_leaves=6)
jobs = st.builds(tree.JobNode, names, st.lists(clauses, max_size=3).map(tuple), st.just(NOWHERE))
lets = st.builds(tree.LetNode, names, values, st.just(NOWHERE))
flat = st.one_of(chains, jobs, lets)


def blocks(children):
    body = st.lists(children, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(tree.ParallelNode, body, st.just(NOWHERE)),
        st.builds(tree.AlwaysNode, body, st.just(NOWHERE)),
        st.builds(tree.ForNode, names, texts, body, st.just(NOWHERE)),
        st.builds(tree.WhenNode, conditions, body, st.just(NOWHERE)),
    )


declarations = st.one_of(
    st.builds(tree.OrgNode, names, names, st.just(NOWHERE)),
    st.builds(tree.ParamNode, names, st.none() | values, st.none() | texts, st.just(NOWHERE)),
    st.builds(tree.IncludeNode, texts, st.just(NOWHERE)),
)
statements = declarations | st.recursive(flat, blocks, max_leaves=8)
files = st.lists(statements, max_size=5).map(lambda body: tree.FileNode(tuple(body), NOWHERE))


@at_any_speed
@given(files)
def test_a_printed_tree_parses_to_the_same_tree(file):
    parsed = parse(SourceText("printed", print_tree(file)))
    assert parsed.diagnostics == ()
    assert parsed.tree == file


@at_any_speed
@given(files)
def test_printing_twice_changes_nothing(file):
    printed = print_tree(file)
    assert print_tree(parse(SourceText("printed", printed)).tree) == printed


@at_any_speed
@given(st.lists(st.sampled_from([*STRUCTURE, "failure"]), max_size=6))
def test_structural_words_are_words_in_a_clause(rest):
    items = ["set", *rest]
    text = "job x\n    " + " ".join(items) + "\n"
    parsed = parse(SourceText("clause", text))
    assert parsed.diagnostics == ()
    (job,) = parsed.tree.body
    assert [item.name for item in job.clauses[0].items] == items


@at_any_speed
@given(st.lists(st.sampled_from([each for each in STRUCTURE if each != "then"]), max_size=6))
def test_structural_words_but_then_are_words_in_a_step(rest):
    items = ["set", *rest]
    parsed = parse(SourceText("step", " ".join(items)))
    assert parsed.diagnostics == ()
    (chain,) = parsed.tree.body
    assert [item.name for item in chain.steps[0].items] == items
