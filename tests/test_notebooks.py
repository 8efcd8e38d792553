"""The notebooks run from top to bottom on the sample, each cell shows what it says, and each ends on an assertion."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
NAMES = ("one_day", "one_incident", "thresholds", "new_format", "a_year")


def cells(name: str, kind: str) -> list[str]:
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def run(code: str, names: dict[str, Any], where: str) -> object:
    """What Jupyter does with a cell: run it, and show the value of its last line."""
    tree = ast.parse(code, where)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), names)
    return eval(compile(ast.Expression(last.value), where, "eval"), names) if isinstance(last, ast.Expr) else None


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_shows_something_in_every_part(
    name: str, sample_state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(NOTEBOOKS)
    monkeypatch.setenv("DETECTOR_STATE", str(sample_state))
    names: dict[str, Any] = {"__name__": "__main__"}
    shown = []
    for number, code in enumerate(cells(name, "code")):
        value = run(code, names, f"{name}.ipynb, code cell {number + 1}")
        if value is not None:
            shown.append(value._repr_png_() if hasattr(value, "_repr_png_") else str(value))
    assert len([value for value in shown if value]) >= 2
    assert capsys.readouterr().out.strip(), "the last cell says what came out"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_asks_a_question_and_ends_on_a_conclusion_that_is_asserted(name: str) -> None:
    said = cells(name, "markdown")
    assert said[0].startswith("# ")
    assert "?" in said[0] or "?" in said[1]
    assert "## Conclusion" in said[-1]
    assert "assert " in cells(name, "code")[-1]


def test_notebooks_are_clean_and_all_of_one_form() -> None:
    """No outputs in the repository: what they show is made anew, by whoever opens them and by this test."""
    assert sorted(path.name for path in NOTEBOOKS.iterdir()) == sorted(f"{name}.ipynb" for name in NAMES)
    for name in NAMES:
        notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
