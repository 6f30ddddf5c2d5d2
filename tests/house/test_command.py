"""The command `mediassist`, and the wheel that carries it."""

import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

from mediassist.__main__ import COMMANDS, main
from tests.house.sources import ROOMS, ROOT, files


@pytest.mark.parametrize("word", sorted(COMMANDS))
def test_every_command_has_its_function(word: str) -> None:
    module, function = COMMANDS[word][0].split(":")
    assert callable(getattr(import_module(module), function))


def test_help_and_a_wrong_word_print_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    assert main(["no-such-word"]) == 2
    assert main([]) == 2
    assert capsys.readouterr().err.count("usage:") == 3


def test_the_command_loads_neither_room_before_it_is_asked() -> None:
    asked = "import sys, mediassist.__main__; print([m for m in sys.modules if m.split('.')[0] in ('edge', 'cloud', 'simulators')])"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"


@pytest.mark.slow
def test_the_wheel_holds_every_module_and_sql_and_page_and_nothing_of_npm(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("mediassist-*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for name in files() if name.split("/")[0] in ROOMS and name.endswith((".py", ".sql", ".onnx", "card.toml"))}
    assert wanted - inside == set()
    assert [name for name in inside if "node_modules" in name or name.startswith(("tests/", "deploy/", "cloud/dashboard/src"))] == []
    if (ROOT / "cloud/dashboard/dist/index.html").is_file():
        assert "cloud/dashboard/dist/index.html" in inside
