"""The guides do what they print, name what exists, and link to what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guides import GUIDES as NAMES
from tests.guides import REAL, Shell, Step, agrees, faults, refresh, steps
from vfprog.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
GUIDES = [ROOT / "docs" / f"{name}.md" for name in NAMES]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


# --- the pages themselves


@pytest.mark.slow
def test_the_guides_and_the_readme_do_what_they_print(tmp_path: Path) -> None:
    # The README's bundle is that of the demo; here the guides' smaller one stands in its place.
    (tmp_path / "vfprog-demo").symlink_to(tmp_path, target_is_directory=True)
    shell = Shell(tmp_path)
    wrong = [line for guide in [*GUIDES, ROOT / "README.md"] for line in faults(guide, shell)]
    assert wrong == [], "\n\n".join(wrong)


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize("page", REAL)
def test_the_pages_on_public_data_do_what_they_print(page, tmp_path: Path, realdata: Path) -> None:
    variable, folder = REAL[page]
    shell = Shell(tmp_path, {variable: str(realdata / folder)})
    wrong = faults(ROOT / "docs" / f"{page}.md", shell)
    assert wrong == [], "\n\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_guide_is_run_and_listed() -> None:
    runnable = {page.name for page in PAGES if steps(page)}
    real = {f"{name}.md" for name in REAL}
    assert runnable == {*(guide.name for guide in GUIDES), *real, "README.md"}
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [
        page.name for page in PAGES if page.name != "README.md" and page.name not in index
    ] == []


def test_the_readme_lists_every_command() -> None:
    listed = re.findall(r"^\| `vfprog (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


def test_the_readme_quotes_the_page_on_glow() -> None:
    page = (ROOT / "docs" / "glow.md").read_text(encoding="utf-8")
    row = r"^new_fracture +(\S+) +(\S+) .*\npreprocedure +(\S+), (\S+) (\S+), (\S+)"
    found = re.search(row, page, re.MULTILINE)
    assert found is not None
    c, slope, *limits = (number.lstrip("0") for number in found.groups())
    quoted = f"{c} ({limits[0]} to {limits[1]}) and a slope of {slope} ({limits[2]} to {limits[3]})"
    assert quoted in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_option_named_exists() -> None:
    """An option in running text is no part of a block that is run, so it is looked up."""
    named = {option for page in PAGES
             for option in re.findall(r"`(?:[^`\n]* )?(--[a-z-]+)", page.read_text())}  # fmt: skip
    helps = [subprocess.run([sys.executable, "-m", "vfprog", command, "--help"], check=True,
                            capture_output=True, text=True, cwd=ROOT).stdout
             for command in COMMANDS]  # fmt: skip
    known = {option for text in helps for option in re.findall(r"--[a-z-]+", text)}
    assert {"--mapping", "--resamples"} <= named
    assert named - known == set()


# --- the reader of the pages


def guide_of(tmp_path: Path, text: str) -> Path:
    guide = tmp_path / "guide.md"
    guide.write_text(text, encoding="utf-8")
    return guide


def test_commands_go_on_and_carry_what_they_print(tmp_path: Path) -> None:
    text = "# x\n\n```console\n$ cat <<'END'\n> a\n> END\na\n$ true\n```\n"
    assert steps(guide_of(tmp_path, text)) == [
        Step("guide.md:4", "console", "cat <<'END'\na\nEND", "a\n"),
        Step("guide.md:4", "console", "true", None),
    ]


@pytest.mark.parametrize(("after", "printed"), [("\n", "1\n"), ("\nwords\n", None)])
def test_what_a_python_block_prints_follows_at_once(tmp_path, after, printed) -> None:
    text = f"```python\nprint(1)\n```\n{after}```text\n1\n```\n"
    assert steps(guide_of(tmp_path, text)) == [Step("guide.md:2", "python", "print(1)\n", printed)]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("risk 0.71", "risk 0.64", True),
        ("change \N{MINUS SIGN}0.07", "change +0.11", True),
        ("a  1\n───\nb 2", "a 17\n──────\nb     3\n", True),
        ("│██▌ x", "│█ x", True),
        ("sha256 0f3609ff8ba5", "sha256 44b282768191", True),
        ("risk 0.71", "risks 0.71", False),
        ("a\nb", "a", False),
        ("a", "a\nb", False),
        ("", "a", False),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("...\nd", "a\nd", True),
        ("a\n...", "a\nd", True),
        ("a\n...\nc\n...\ne", "a\nb\nc\nd\ne", True),
        ("a\n...\nx\n...\ne", "a\nb\nc\nd\ne", False),
        ("a\n...\na", "a", False),
    ],
)
def test_numbers_may_differ_and_words_may_not(shown: str, printed: str, same: bool) -> None:
    assert agrees(shown, printed) is same


def test_what_is_wrong_is_found_with_its_place(tmp_path: Path) -> None:
    text = "```console\n$ echo two\none\n```\n\n```python\nraise SystemExit(3)\n```\n"
    lie, failure = faults(guide_of(tmp_path, text), Shell(tmp_path))
    assert "guide.md:2: echo two\nprints:\ntwo\n\nnot:\none\n" in lie
    assert "guide.md:7: raise SystemExit(3)\n\nends with 3" in failure


def test_a_command_two_guides_print_is_run_once(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    step = Step("a", "console", "echo x >> log; wc -l < log", None)
    assert [shell.run(step), shell.run(step)] == [(0, "1\n"), (0, "1\n")]


def test_a_refreshed_guide_prints_what_is_printed_now(tmp_path: Path) -> None:
    text = (
        "```console\n$ seq 1 5\n9\n...\n8\n$ true\n$ echo two\n1\n```\n\nWords 9.\n\n"
        "```python\nprint(1)\n```\n\n```text\n0\n```\n"
    )
    guide = guide_of(tmp_path, text)
    refresh(guide, Shell(tmp_path))
    assert guide.read_text() == (
        "```console\n$ seq 1 5\n1\n...\n5\n$ true\n$ echo two\ntwo\n```\n\nWords 9.\n\n"
        "```python\nprint(1)\n```\n\n```text\n1\n```\n"
    )
    assert faults(guide, Shell(tmp_path)) == []
