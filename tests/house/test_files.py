"""Names, sizes and contents of committed files."""

import ast
import re
import subprocess

import pytest

from tests.house.sources import GENERATED, ROOT, files, modules

BANNED = re.compile(r"(^|/)(utils?|helpers?|common|misc|base|core|manager|service|handlers?|dispatcher|data|types)\.(py|ts|tsx)$")
LONGEST, LONG = 400, 300
HEALTH_DATA = re.compile(r"\.(npz|dat|atr|hea|edf|dcm|parquet)$")
TEXT = re.compile(r"\.(py|pyi|md|toml|ini|txt|in|lock|json|ts|tsx|js|html|css|sql|yaml|yml|conf)$|(^|/)(Makefile|run|\.[a-z]+)$")


def source_files() -> list[str]:
    return [name for name in files() if re.search(r"\.(py|ts|tsx)$", name) and name not in GENERATED and not name.startswith("typings/")]


def test_no_file_has_an_empty_name() -> None:
    assert [name for name in files() if BANNED.search(name)] == []


def test_no_feature_of_the_cloud_has_a_file_called_models() -> None:
    assert [name for name in files() if re.search(r"(^|/)[a-z_]+/models\.py$", name)] == []


def test_no_source_file_is_too_long() -> None:
    lengths = {name: (ROOT / name).read_text("utf-8").count("\n") for name in source_files()}
    for name, lines in sorted(lengths.items(), key=lambda item: -item[1]):
        if lines > LONG:
            print(f"{lines} lines: {name}")
    assert [name for name, lines in lengths.items() if lines > LONGEST] == []


def test_every_module_says_what_it_is() -> None:
    assert [name for name, path in modules().items() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_no_file_is_large_and_no_health_data_is_committed() -> None:
    assert [name for name in files() if (ROOT / name).stat().st_size > 10 << 20] == []
    assert [name for name in files() if HEALTH_DATA.search(name)] == []


def registry_hosts() -> list[str]:
    """Ask the package clients' own configuration which hosts they use here; none of them may stand in a file."""
    asked = ("pip config list", "npm config get registry", "cat /etc/apt/sources.list /etc/apt/sources.list.d/*", "env")
    said = "\n".join(subprocess.run(question, shell=True, capture_output=True, text=True, check=False).stdout for question in asked)
    lines = [line for line in said.splitlines() if re.search(r"index|registry|proxy|deb|URIs", line, re.IGNORECASE)]
    hosts = {host for line in lines for host in re.findall(r"https?://(?:[^@/\s\"']*@)?([^/:\s\"']+)", line)}
    return sorted(host for host in hosts if not re.match(r"localhost$|127\.|0\.0\.0\.0$|\[?::1", host))


def test_no_file_names_a_package_registry_or_a_path_of_this_machine() -> None:
    forbidden = [*registry_hosts(), f"{ROOT.parent}/"]
    found = [
        (name, word)
        for name in files()
        if TEXT.search(name)
        for text in [(ROOT / name).read_text("utf-8", errors="replace")]
        for word in forbidden
        if word in text
    ]
    assert found == []


def test_npm_lock_has_no_download_addresses() -> None:
    assert '"resolved"' not in (ROOT / "cloud/dashboard/package-lock.json").read_text("utf-8")


@pytest.mark.parametrize("word", ["NotImplementedError", "TODO", "FIXME", "XXX", "type: ignore", "pyright: ignore"])
def test_nothing_is_left_for_later_in_the_code(word: str) -> None:
    here = "tests/house/test_files.py"
    assert [name for name in source_files() if name != here and word in (ROOT / name).read_text("utf-8")] == []


def test_every_skip_says_what_is_missing() -> None:
    bare = re.compile(r"pytest\.skip\(\s*\)|mark\.skip\b(?!if)|mark\.xfail|mark\.skipif\([^)]*\)(?<!reason)")
    found = []
    for name in source_files():
        if name.startswith("tests/") and name != "tests/house/test_files.py":
            text = (ROOT / name).read_text("utf-8")
            found += [(name, match.group()) for match in bare.finditer(text) if "reason" not in match.group()]
    assert found == []
