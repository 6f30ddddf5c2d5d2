"""The map is true: paths exist, the pure list is the contract's, every module is exercised somewhere."""

import configparser
import re
import tomllib

from tests.house.sources import ROOT, files, modules


def test_every_path_on_the_map_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = {path for path in re.findall(r"`([\w.\-/*]+)`", text) if "/" in path or path.endswith((".py", ".md", ".toml", ".sql"))}
    missing = sorted(path for path in named if not list(ROOT.glob(path.rstrip("/"))))
    assert missing == []


def test_what_the_map_calls_pure_is_what_the_contract_guards() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    lines = text[text.index("<!-- pure -->") : text.index("<!-- /pure -->")]
    on_map = set(re.findall(r"`([\w.]+)`", lines))
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    assert on_map == set(contracts["importlinter:contract:pure"]["source_modules"].split())


def test_every_module_is_exercised_by_a_test_named_for_it_or_by_one_that_says_so() -> None:
    named = tomllib.loads((ROOT / "tests/house/exercised.toml").read_text("utf-8"))["by"]
    tests = {name.rsplit("/", 1)[-1] for name in files() if re.match(r"tests/.*/test_\w+\.py$", name)}
    unexercised = []
    for dotted, path in modules().items():
        if path.name == "__init__.py" or f"test_{path.stem}.py" in tests:
            continue
        if dotted not in named or not (ROOT / named[dotted]).is_file():
            unexercised.append(dotted)
    assert unexercised == []


def test_the_list_of_exercised_modules_names_no_module_that_is_gone() -> None:
    named = tomllib.loads((ROOT / "tests/house/exercised.toml").read_text("utf-8"))["by"]
    assert sorted(set(named) - set(modules())) == []
