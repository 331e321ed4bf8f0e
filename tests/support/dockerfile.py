"""Runs a Dockerfile without Docker: each stage in a root of its own, in namespaces of Linux.

The base image is this machine's system, read-only, with the Python of the tests. What a Dockerfile
makes or copies is in the root alone: not the project, no home, and no packages but those that it
installs. This shows that the steps work, and what they leave; it does not show that the base image
has what this system has.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Stage", "build", "can_run", "parse", "run_in"]

_PATH = f"{sys.base_prefix}/bin:/usr/bin:/bin"
# The system; /opt and /etc tell pip where this machine's packages come from.
_SYSTEM = [
    path
    for path in map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt"))
    if path.exists()
]


@dataclass
class Stage:
    """One `FROM`, with the instructions below it: (name, text)."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        """The text of the last such instruction; "" if there is none."""
        return next((text for name, text in reversed(self.steps) if name == instruction), "")


def parse(text: str) -> tuple[dict[str, str], list[Stage]]:
    """The arguments before the first stage, and the stages."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for name, rest in _instructions(text):
        if name == "FROM":
            base, _, stage = rest.partition(" AS ")
            stages.append(Stage(base=base, name=stage or str(len(stages))))
        elif stages:
            stages[-1].steps.append((name, rest))
        else:
            assert name == "ARG", name
            key, _, value = rest.partition("=")
            arguments[key] = value
    return arguments, stages


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, " ".join(rest.split())


def can_run() -> bool:
    """May this process make namespaces and mount?"""
    return (
        sys.platform == "linux"
        and os.geteuid() == 0
        and not subprocess.call(["unshare", "-m", "true"])
    )


def build(stages: list[Stage], context: Path, folder: Path, **arguments: str) -> Path:
    """Run the stages; returns the root of the last one."""
    roots: dict[str, Path] = {}
    for stage in stages:
        root = roots[stage.name] = folder / stage.name
        (root / "tmp").mkdir(parents=True)
        variables: dict[str, str] = {}
        where = "/"
        for name, text in stage.steps:
            if name == "ARG":
                key, _, value = text.partition("=")
                variables[key] = arguments.get(key, value)
            elif name == "WORKDIR":
                where = text
                (root / where.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif name == "COPY":
                _copy(text, roots, context, root, where)
            elif name == "RUN":
                result = run_in(root, text, where, variables)
                assert result.returncode == 0, f"{text}\n{result.stdout[-4000:]}"
    return root


def _copy(text: str, roots: dict[str, Path], context: Path, root: Path, where: str) -> None:
    words = shlex.split(text)
    source = context
    if words[0].startswith("--from="):
        source = roots[words.pop(0).partition("=")[2]]
    *names, target = words
    for name in names:
        path = source / name.lstrip("/")
        to = root / os.path.join(where, target).lstrip("/")  # noqa: PTH118 (a path in the root)
        if path.is_dir():
            ignore = shutil.ignore_patterns("__pycache__") if source == context else None
            shutil.copytree(path, to, symlinks=True, dirs_exist_ok=True, ignore=ignore)
        else:
            to = to / path.name if target.endswith("/") else to
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)


def run_in(
    root: Path,
    command: str,
    where: str = "/",
    variables: dict[str, str] | None = None,
    *,
    user: str = "",
    sealed: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a shell command in a root.

    Args:
        root: of a stage.
        command: for `sh`.
        where: the working directory in the root.
        variables: of the environment, beside those of pip.
        user: number of a user and a group, such as "10001:10001"; "" is root.
        sealed: read-only but for /data and /tmp, and with a network of its own that has only a
            loopback device.
    """
    lines = [
        "set -e",
        "mount --make-rprivate /",
        f"mount --bind {root} {root}",
        f"mkdir -p {root}/tmp {root}/data && mount -t tmpfs tmpfs {root}/tmp",
        f"chmod 1777 {root}/tmp",
    ]
    for entry in _SYSTEM:
        inside = root / entry.relative_to("/")
        if entry.is_symlink():
            lines.append(f"[ -e {inside} ] || ln -s {entry.readlink()} {inside}")
        elif entry.is_dir():
            lines.append(f"mkdir -p {inside} && mount --bind -o ro {entry} {inside}")
    lines += [
        f"mkdir -p {root}{sys.base_prefix}",
        f"mount --bind -o ro {sys.base_prefix} {root}{sys.base_prefix}",
        *(
            f"mkdir -p {root}/{name} && mount --rbind /{name} {root}/{name}"
            for name in ("dev", "proc")
        ),
    ]
    if sealed:
        lines += [
            f"mount --bind {root}/data {root}/data",
            f"mount -o remount,bind,ro {root}",
            "ip link set lo up",
        ]
    environment = {"PATH": _PATH, **_pip(), **(variables or {})}
    words = " ".join(f"{key}={shlex.quote(value)}" for key, value in environment.items())
    inside = f"cd {where}; {command}"
    drop = ""
    if user:
        number, group = user.split(":")
        drop = f"setpriv --reuid={number} --regid={group} --clear-groups"
    lines.append(f"exec chroot {root} env -i {words} {drop} sh -c {shlex.quote(inside)}")
    return subprocess.run(
        ["unshare", "-mn" if sealed else "-m", "sh", "-c", "\n".join(lines)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1800,
        check=False,
    )


def _pip() -> dict[str, str]:
    # Where this machine's packages come from.
    return {key: value for key, value in os.environ.items() if key.startswith("PIP_")}


def environment_of(stage: Stage) -> dict[str, str]:
    """The variables that `ENV` sets; `$PATH` is that of the base image."""
    values = {}
    for name, text in stage.steps:
        if name == "ENV":
            for key, value in re.findall(r"(\w+)=(\S+)", text):
                values[key] = value.replace("$PATH", _PATH)
    return values


def words_of(text: str) -> list[str]:
    """The words of an instruction in JSON, behind its options."""
    words: list[str] = json.loads(text[text.index("[") :])
    return words
