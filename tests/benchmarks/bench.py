"""Runs every benchmark that the README and docs/ name, each beside the tables that quote it.

    python tests/benchmarks/bench.py                 all of them: hours
    python tests/benchmarks/bench.py speed.py        those whose command has one of these words
    python tests/benchmarks/bench.py --list          only the commands, and where they are quoted

The documentation is the list: a command that is named there is run, once, and its output is printed
below the tables of its section, so that old and new figures can be compared. The naive way (the
usual resize, `model.predict`, a plain `model.fit`) is a column or row of these tables.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A command at the beginning of a line of code, or in backticks. A word in capitals is a file that
# the reader has to name: such a command explains a picture and prints no figure.
_COMMAND = re.compile(r"(?:^|`)(python tests/benchmarks/[^`#\n]*)", re.MULTILINE)
_OTHERS = re.compile(r"(?:^|`)((?:python -m mnist_core|pytest|make) [^`#\n]*)", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b")


@dataclass(frozen=True)
class Section:
    """What is below one heading of a page: its tables, and the commands that are named there."""

    page: str
    heading: str
    text: str

    @property
    def tables(self) -> list[str]:
        """The tables, as Markdown."""
        return [table.strip() for table in re.findall(r"(?:^\|.*\n)+", self.text, re.MULTILINE)]

    @property
    def benchmarks(self) -> list[str]:
        """The commands of benchmarks that print figures."""
        found = [" ".join(command.split()) for command in _COMMAND.findall(self.text)]
        return [command for command in found if not _PLACEHOLDER.search(command)]

    @property
    def commands(self) -> list[str]:
        """All commands that may print a figure."""
        return self.benchmarks + [" ".join(found.split()) for found in _OTHERS.findall(self.text)]


def sections() -> Iterator[Section]:
    """The sections of the README and of docs/, in order."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        heading = path.name
        page = str(path.relative_to(ROOT))
        for part in re.split(r"^(?=#)", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            heading = part.partition("\n")[0].lstrip("# ") or heading
            yield Section(page=page, heading=heading, text=part)


def quoted() -> dict[str, list[Section]]:
    """Command -> the sections that name it, in the order of the pages."""
    commands: dict[str, list[Section]] = {}
    for section in sections():
        for command in section.benchmarks:
            commands.setdefault(command, []).append(section)
    return commands


def run(command: str, places: list[Section]) -> int:
    """Print what is quoted and run the command; returns its exit code."""
    for section in places:
        print(f"\n## {section.page}, {section.heading}\n")
        print("\n\n".join(section.tables) or "(figures in the text)")
    print(f"\n### now: {command}\n", flush=True)
    begin = time.monotonic()
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    code = subprocess.run(words, cwd=ROOT, check=False).returncode
    print(f"\n({time.monotonic() - begin:.0f} s, exit code {code})", flush=True)
    return code


def main() -> int:
    """Run the benchmarks; the exit code is 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only commands that have one of these words")
    parser.add_argument("--list", action="store_true", help="print the commands and run none")
    options = parser.parse_args()
    failed = []
    for command, places in quoted().items():
        if options.words and not any(word in command for word in options.words):
            continue
        if options.list:
            print(f"{command:<60} {', '.join(dict.fromkeys(place.page for place in places))}")
        elif run(command, places):
            failed.append(command)
    if failed:
        print("\nFailed:", *failed, sep="\n  ", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
