"""Every diagnostic code is told, with examples that have and have not the mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from bulkflow import app, language
from bulkflow.language import Code, check
from bulkflow.language.explanation import Example, Explanation, load_explanation
from bulkflow.model.value import plain
from bulkflow.plugin import ValueType, step
from bulkflow.plugin.registry import Catalogue
from bulkflow.source import SourceText
from bulkflow_sandbox import SandboxServer
from support.workshop import Workshop

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {})


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """What ships, and a step with a type that nobody brings."""

    @step("paint {colour}")
    def paint(context: object, colour: str) -> None:
        """Paint."""

    shipped = app.load_plugins({}).catalogue
    return attrs.evolve(shipped, steps=(*shipped.steps, paint))


@pytest.fixture(scope="module")
def complete(catalogue: Catalogue) -> Catalogue:
    """The same with the type."""
    colour = ValueType("colour", "a colour, such as red", plain)
    return attrs.evolve(catalogue, value_types={**catalogue.value_types, "colour": colour})


def codes(example: Example, files: dict[str, str], catalogue: Catalogue) -> list[str]:
    """The codes of what is found in an example, in a folder that has only its files."""
    root = Path("pipeline")

    def read(path: Path) -> SourceText:
        name = path.relative_to(root).as_posix()
        if name not in files:
            raise FileNotFoundError(2, "No such file")
        return SourceText(name, files[name], path)

    found = check(
        SourceText("example", example.text, root / "example.bulkflow"),
        catalogue,
        settings=example.settings,
        environ={},
        read=read,
    )
    return [each.code for each in found.diagnostics]


OF_THE_TEXT = [code for code in Code if not code.value.startswith("B4")]
OF_ROWS = [code for code in Code if "B42" < code.value < "B427"]
OF_ROWS += [Code.UNREADABLE_VALUES]
OF_SOURCES = [code for code in Code if code.value.startswith("B40")]
OF_SOURCES += [Code.UNFIT_COLUMN, Code.WRONG_ENCODING, Code.ROW_CLAUSE]
OF_ORGS = [
    code for code in Code if code.value.startswith("B41") or Code.NO_DATE.value <= code.value < "B5"
]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        # As the text of B417 has it.
        running.api.limits.set("DailyBulkApiBatches", 3)
        yield running


def codes_with_data(
    example: Example, told: Explanation, workshop: Workshop, *arguments: str
) -> list[str]:
    """The codes of what a command finds in an example beside its files."""
    for name, text in told.files.items():
        workshop.write(name, text)
    file = workshop.write("example.bulkflow", example.text)
    ran = workshop.command(*arguments, "--format", "json", str(file))
    found = json.loads(ran.out)
    diagnostics = found["diagnostics"] if isinstance(found, dict) else found
    assert ran.code == (2 if any(each["severity"] == "error" for each in diagnostics) else 0)
    return [each["code"] for each in diagnostics]


@pytest.mark.parametrize("code", OF_SOURCES, ids=lambda code: code.value)
@pytest.mark.parametrize("command", [("check", "--sources"), ("plan",)], ids=" ".join)
def test_the_examples_of_sources_have_and_have_not_the_mistake(
    code: Code, command: tuple[str, ...], workshop: Workshop
) -> None:
    told = load_explanation(code)
    assert codes_with_data(told.wrong, told, workshop, *command) == [code.value]
    assert codes_with_data(told.right, told, workshop, *command) == []


@pytest.mark.parametrize("code", OF_ROWS, ids=lambda code: code.value)
def test_the_examples_of_rows_have_and_have_not_the_mistake(code: Code, workshop: Workshop) -> None:
    told = load_explanation(code)
    assert codes_with_data(told.wrong, told, workshop, "plan") == [code.value]
    assert codes_with_data(told.right, told, workshop, "plan") == []


def test_each_code_of_data_is_tried() -> None:
    tried = [*OF_SOURCES, *OF_ROWS, *OF_ORGS]
    assert sorted(each.value for each in tried) == sorted(
        code.value for code in Code if code.value.startswith("B4")
    )


@pytest.mark.parametrize("code", OF_ORGS, ids=lambda code: code.value)
def test_the_examples_of_orgs_have_and_have_not_the_mistake(
    code: Code, workshop: Workshop, server: SandboxServer
) -> None:
    workshop.environ |= {
        "SF_ACCESS_TOKEN": server.token,
        "SF_ORG_INSTANCE_URL": server.url,
    }
    told = load_explanation(code)
    assert codes_with_data(told.wrong, told, workshop, "plan", "--org", "env") == [code.value]
    assert codes_with_data(told.right, told, workshop, "plan", "--org", "env") == []


@pytest.mark.parametrize("code", OF_THE_TEXT, ids=lambda code: code.value)
def test_the_wrong_example_has_this_mistake_and_no_other(code: Code, catalogue: Catalogue) -> None:
    told = load_explanation(code)
    assert set(codes(told.wrong, dict(told.files), catalogue)) == {code.value}


@pytest.mark.parametrize("code", OF_THE_TEXT, ids=lambda code: code.value)
def test_the_right_example_has_no_mistake(code: Code, complete: Catalogue) -> None:
    told = load_explanation(code)
    assert codes(told.right, dict(told.files), complete) == []


def test_there_is_no_text_about_a_code_that_is_not_there() -> None:
    folder = Path(language.__file__).parent / "explanations"
    assert {path.stem for path in folder.iterdir()} == {code.value for code in Code}


def test_the_page_is_what_the_command_makes(workshop: Workshop) -> None:
    made = workshop.command("explain", "--markdown").out
    assert PAGE.read_text("utf-8") == made, "run: bulkflow explain --markdown > docs/errors.md"


@pytest.mark.parametrize("written", ["B203", "b203", "[B203]"])
def test_a_code_is_explained_however_it_was_copied(workshop: Workshop, written: str) -> None:
    ran = workshop.command("explain", written)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("B203: a step too late for its job\n\n")
    assert "\n    upload job accounts\n" in ran.out
    assert "```" not in ran.out


def test_without_a_code_all_are_listed(workshop: Workshop) -> None:
    lines = workshop.command("explain").out.splitlines()
    assert [line.split()[0] for line in lines] == [code.value for code in Code]


def test_a_code_that_is_none_is_a_mistake_of_the_command_line(workshop: Workshop) -> None:
    ran = workshop.command("explain", "B2033")
    assert ran.code == 2
    assert "did you mean `B203`?" in ran.err
    assert workshop.command("explain", "zz").code == 2
