"""The documentation agrees with the code."""

from __future__ import annotations

import ast
import re
import shlex
import sys

import pytest

from mnist_core import __version__
from mnist_core.storage.paths import PROJECT
from pages.widgets.access import AccessSettings, Role
from pages.widgets.rights import Action

sys.path.insert(0, str(PROJECT / "tests" / "benchmarks"))

import bench

DOCS = PROJECT / "docs"
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]


def rows(text: str, head: str) -> list[list[str]]:
    """The cells of the rows below the table head that begins with this text."""
    (table,) = re.findall(rf"^\| {re.escape(head)}.*\n\| ---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_table_of_actions_is_that_of_the_module() -> None:
    expected = [
        [action.title, action.includes, *("yes" if r >= action.lowest else "no" for r in Role)]
        for action in Action
    ]
    assert rows((DOCS / "SECURITY.md").read_text(), "action") == expected


def test_table_of_roles_is_that_of_the_module() -> None:
    listed = {"people": ("ann@school.example",), "owners": ("head@school.example",)}
    expected = []
    for mode in ("open", "shared", "read-only", "login"):
        settings = AccessSettings(mode=mode, **(listed if mode == "login" else {}))
        roles = [settings.role(local=True), settings.role(local=False)]
        if mode == "login":
            for (email,) in listed.values():
                roles.append(settings.role(local=False, logged_in=True, email=email))
        names = [role.name.lower() for role in roles]
        name = f"`{mode}` (default)" if settings == AccessSettings() else f"`{mode}`"
        expected.append([name, *names, *[""] * (4 - len(names))])
    assert rows((DOCS / "SECURITY.md").read_text(), "mode") == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_and_tests_exist(page) -> None:
    named = re.findall(
        r"`((?:tests|pages|mnist_core|deploy|docs)/[\w/.-]+)(?:::(\w+))?", page.read_text()
    )
    for path, test in named:
        file = PROJECT / path
        assert file.exists(), path
        if test:
            tree = ast.parse(file.read_text())
            assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_a_page_and_a_heading(page) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, target


# A figure: a share, a time, or a column of numbers.
FIGURE = re.compile(r"\d ?(%|ms\b)|---:")


def test_every_table_of_figures_names_its_command() -> None:
    tables = 0
    for section in bench.sections():
        for table in filter(FIGURE.search, section.tables):
            assert section.commands, f"{section.page}, {section.heading}:\n{table}"
            tables += 1
    assert tables >= 10


def test_named_benchmarks_exist_and_have_the_named_options() -> None:
    commands = bench.quoted()
    assert len(commands) >= 20
    for command in commands:
        _, script, *words = shlex.split(command)
        source = (PROJECT / script).read_text()
        assert 'if __name__ == "__main__":' in source, command
        for option in (word for word in words if word.startswith("--")):
            assert f'"{option}"' in source, command


def test_version_is_in_one_place_and_its_changes_are_told() -> None:
    heads = re.findall(r"^## (\S+)", (DOCS / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == __version__
    assert heads == sorted(heads, reverse=True)
    assert not re.search(r"^version *= *\"", (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
