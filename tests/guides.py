"""The guides as scripts: their fenced blocks, run one after the other, and what they print.

A ``console`` block holds commands, each on a line that begins with ``$ `` (and goes on in lines
that begin with ``> ``), and under each what it prints; a ``python`` block may be followed by a
``text`` block with what it prints. A line ``...`` stands for any lines. Every command must end
with 0; one that should not is printed with ``; echo "exit code $?"``. Numbers are masked before
they are compared.

``python -m tests.guides`` follows all guides and writes into them what is printed now, numbers
included; where a guide leaves lines out, as many as before stay on either side. Read the diff:
figures in running text, and the picture, are not refreshed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

GUIDES = (
    "data-scientist",
    "updating",
    "planning",
    "clinician",
    "analyst",
    "registry-engineer",
    "serving",
    "redcap",
    "mapping-assistant",
)
# Pages on public data: the variable they name, and the folder it stands for.
REAL = {
    "glow": ("GLOW", "glow"),
    "uci-vertebral": ("UCI", "uci_vertebral"),
    "low-back-pain": ("LBP", "low_back_pain"),
}
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_LINES = "..."
_MASKS = (
    (r"\b[0-9a-f]{12,64}\b", "#"),
    (r"[-+\N{MINUS SIGN}]?\d[\d.,:]*", "#"),
    (r"[█▌▐]+", ""),
    (r"[─═]+", "="),
    (r"\s+", " "),
)


@dataclass(frozen=True)
class Step:
    """One command or Python block of a guide.

    Parameters
    ----------
    place : str
        File and line.
    language : str
        ``console`` or ``python``.
    code : str
        What to run.
    printed : str or None
        What the guide says it prints; None where it shows nothing.
    span : tuple of int
        Where in the text that stands.
    """

    place: str
    language: str
    code: str
    printed: str | None
    span: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass
class Shell:
    """A folder in which guides are followed; a command two guides print is run once.

    Parameters
    ----------
    folder : pathlib.Path
        Where commands run.
    variables : dict of str to str
        Environment variables the guides name.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    done: dict[str, tuple[int, str]] = field(default_factory=dict)

    def run(self, step: Step) -> tuple[int, str]:
        """Return exit code and everything printed."""
        key = f"{step.language}: {step.code}"
        if key not in self.done:
            shell = ["bash", "-c"] if step.language == "console" else [sys.executable, "-c"]
            finished = subprocess.run(
                [*shell, step.code], cwd=self.folder, env=self._environment(), text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
            self.done[key] = (finished.returncode, finished.stdout)
        return self.done[key]

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in {"MLFLOW_TRACKING_URI", "COLUMNS"}}
        here = str(Path(sys.executable).parent)
        kept["PATH"] = os.pathsep.join([here, kept.get("PATH", "")])
        return kept | {"PYTHONIOENCODING": "utf-8"} | self.variables


def steps(guide: Path) -> list[Step]:
    """Return the steps of a guide in their order."""
    text = guide.read_text(encoding="utf-8")
    blocks = list(FENCE.finditer(text))
    found: list[Step] = []
    for place, block in enumerate(blocks):
        line = text.count("\n", 0, block.start()) + 2
        where = f"{guide.name}:{line}"
        if block[1] == "console":
            found += _commands(where, block)
        elif block[1] == "python":
            following = blocks[place + 1] if place + 1 < len(blocks) else None
            near = following and not text[block.end() : following.start()].strip()
            if near and following[1] == "text":
                found.append(Step(where, "python", block[2], following[2], following.span(2)))
            else:
                found.append(Step(where, "python", block[2], None))
    return found


def faults(guide: Path, shell: Shell) -> list[str]:
    """Follow a guide and return where it does not do what it prints."""
    wrong = []
    for step in steps(guide):
        code, printed = shell.run(step)
        if code != 0:
            wrong.append(f"{step.place}: {step.code}\nends with {code}:\n{printed}")
        elif step.printed is not None and not agrees(step.printed, printed):
            wrong.append(f"{step.place}: {step.code}\nprints:\n{printed}\nnot:\n{step.printed}")
    return wrong


def agrees(shown: str, printed: str) -> bool:
    """Return whether what is printed has the lines that are shown, numbers aside."""
    parts: list[list[str]] = [[]]
    for line in _masked(shown):
        if line == ANY_LINES:
            parts.append([])
        else:
            parts[-1].append(line)
    lines = _masked(printed)
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return lines == first
    if lines[: len(first)] != first or (last and lines[-len(last) :] != last):
        return False
    start, stop = len(first), len(lines) - len(last)
    for part in parts[1:-1]:
        here = range(start, stop - len(part) + 1)
        at = next((i for i in here if lines[i : i + len(part)] == part), None)
        if at is None:
            return False
        start = at + len(part)
    return start <= stop


def refresh(guide: Path, shell: Shell) -> None:
    """Follow a guide and write into it what is printed now."""
    text = guide.read_text(encoding="utf-8")
    for step in reversed([(step, shell.run(step)[1]) for step in steps(guide)]):
        text = _rewritten(text, *step)
    guide.write_text(text, encoding="utf-8")


def _rewritten(text: str, step: Step, printed: str) -> str:
    if step.printed is None:
        return text
    now = [line.rstrip() for line in printed.strip("\n").splitlines()]
    before = step.printed.strip("\n").splitlines()
    if ANY_LINES in before:
        head = before.index(ANY_LINES)
        tail = before[::-1].index(ANY_LINES)
        now = [*now[:head], ANY_LINES, *now[len(now) - tail :]]
    start, stop = step.span
    return text[:start] + "".join(f"{line}\n" for line in now) + text[stop:]


def _commands(where: str, block: re.Match[str]) -> list[Step]:
    found: list[Step] = []
    code, start, at = "", 0, block.start(2)
    for line in [*block[2].splitlines(keepends=True), "$ "]:
        if line.startswith("$ "):
            if code:
                shown = block.string[start:at]
                found.append(Step(where, "console", code, shown or None, (start, at)))
            code = line[2:].rstrip("\n")
        elif line.startswith("> ") and start == at:
            code += f"\n{line[2:]}".rstrip("\n")
        else:
            at += len(line)
            continue
        at += len(line)
        start = at
    return found


def _masked(text: str) -> list[str]:
    lines = []
    for line in text.strip().splitlines():
        for pattern, replacement in _MASKS:
            line = re.sub(pattern, replacement, line)
        lines.append(line.strip())
    return [line for line in lines if line]


def _refresh_all() -> None:
    root = Path(__file__).resolve().parent.parent
    realdata = Path(os.environ.get("VFPROG_REALDATA", root.parent / "shared" / "realdata"))
    pages = [root / "docs" / f"{name}.md" for name in GUIDES]
    with TemporaryDirectory() as folder:
        (Path(folder) / "vfprog-demo").symlink_to(folder, target_is_directory=True)
        shell = Shell(Path(folder))
        for page in [*pages, root / "README.md"]:
            refresh(page, shell)
        for page, (variable, name) in REAL.items():
            if (realdata / name).is_dir():
                shell = Shell(Path(folder), {variable: str(realdata / name)})
                refresh(root / "docs" / f"{page}.md", shell)


if __name__ == "__main__":
    _refresh_all()
