"""First-time reader's test: the registry's README leads to each rule in two clicks, the file and the name in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[3] / "services" / "registry" / "README.md"
# [text](path), and the names in `code` that lead there: after an arrow, or before "in" and "of".
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)\)(?: → ((?:`\w+`(?:, )?)+))?")
NAME_IN = re.compile(r"`(\w+)` (?:in|of) \[[^\]]*\]\(([^)#]+)\)")


def rows() -> dict[str, str]:
    """What somebody wants to know → where the README sends them."""
    text = README.read_text(encoding="utf-8").partition("## Where to start")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ", 1) for line in text.splitlines() if line.startswith("| ")]
    return {question: answer for question, answer in cells if question != "you want to know"}


def links(text: str) -> set[Path]:
    return {(README.parent / path).resolve() for path, _ in LINK.findall(text)}


def named(text: str) -> set[tuple[Path, str]]:
    """(file, name in it) that the text sends its reader to."""
    after = {(path, name) for path, names in LINK.findall(text) for name in re.findall(r"\w+", names)}
    before = {(path, name) for name, path in NAME_IN.findall(text)}
    return {((README.parent / path).resolve(), name) for path, name in after | before}


def defined(file: Path) -> set[str]:
    """Functions, classes, methods and constants of a Python file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize(
    ("question", "file", "name"),
    [
        ("who owns an affiliation", "domain/talent.py", "end_affiliation"),
        ("who owns an affiliation", "domain/reports.py", "affiliation_id"),
        ("renew a certificate", "domain/registrations.py", "judge"),
        ("renew a certificate", "domain/registrations.py", "_renewal"),
    ],
)
def test_a_first_time_reader_is_at_the_rule_in_two_clicks(question, file, name):
    [answer] = [answer for asked, answer in rows().items() if asked.startswith(question)]

    assert ((README.parent / file).resolve(), name) in named(answer)
    assert name in defined(README.parent / file)


def test_every_question_is_answered_by_a_link():
    assert len(rows()) > 20
    assert [question for question, answer in rows().items() if not links(answer)] == []


def test_every_link_of_the_readme_leads_somewhere():
    assert [path for path in sorted(links(README.read_text(encoding="utf-8"))) if not path.exists()] == []


def test_every_name_that_the_readme_sends_its_reader_to_is_where_it_says():
    sent = sorted(named(README.read_text(encoding="utf-8")))

    assert len(sent) > 8
    assert [(file.name, name) for file, name in sent if file.suffix == ".py" and name not in defined(file)] == []


def test_the_files_of_the_two_rules_say_what_they_are_about():
    """Whoever arrives there is told first what the file is about."""
    for file, _ in named(
        "".join(answer for asked, answer in rows().items() if asked.startswith(("who owns", "renew")))
    ):
        assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


def test_the_project_leads_to_the_registry():
    assert "](services/registry/README.md)" in (README.parents[2] / "README.md").read_text(encoding="utf-8")
