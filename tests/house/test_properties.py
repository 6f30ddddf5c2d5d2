"""The list of promises is whole, its tests exist, and no promise is taken back."""

import subprocess

import pytest

from tests.house.properties import LIST, Property, lines, read_properties, report, results_in
from tests.house.sources import ROOT

IDS = [
    *("D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8"),
    *("S1", "S2"),
    *("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8"),
    *("P1", "P2", "P3", "P4"),
    "T1",
    *("U1", "U2", "U3"),
    *("A1", "A2"),
]
PROPERTIES = read_properties(LIST.read_text("utf-8"))
JUNIT = """<testsuites><testsuite>
<testcase classname="tests.a.test_b" name="test_one[x]"/><testcase classname="tests.a.test_b" name="test_one[y]"><failure/></testcase>
<testcase classname="tests.a.test_b" name="test_two"/><testcase classname="tests.a.test_b" name="test_three"><skipped/></testcase>
</testsuite></testsuites>"""


def test_every_promise_is_on_the_list_in_order() -> None:
    assert [one.id for one in PROPERTIES] == IDS


def test_a_promise_is_required_with_tests_or_later_with_what_is_missing() -> None:
    for one in PROPERTIES:
        assert one.status in {"required", "later"}, one.id
        assert one.required == (not one.missing), one.id
        assert one.tests or not one.required, one.id


def test_every_promise_is_kept_by_tests_that_exist() -> None:
    missing = []
    for one in PROPERTIES:
        for test in one.tests:
            file, _, function = test.partition("::")
            if not (ROOT / file).is_file() or f"def {function}(" not in (ROOT / file).read_text("utf-8"):
                missing.append((one.id, test))
    assert missing == []


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_what_was_required_once_is_required_still() -> None:
    name = str(LIST.relative_to(ROOT))
    try:
        commits = git("log", "--format=%H", "--", name).split()
    except subprocess.CalledProcessError:
        commits = []
    if not commits:
        pytest.skip("git's history is missing: what was required before cannot be known")
    once = {one.id for commit in commits for one in read_properties(git("show", f"{commit}:{name}")) if one.required}
    assert once - {one.id for one in PROPERTIES if one.required} == set()


def test_the_worst_result_of_a_tests_variants_counts() -> None:
    results = results_in(JUNIT)
    assert results == {
        "tests/a/test_b.py::test_one": "failed",
        "tests/a/test_b.py::test_two": "passed",
        "tests/a/test_b.py::test_three": "skipped",
    }


def test_only_a_required_promise_that_is_not_kept_is_a_failure() -> None:
    later = Property("X1", "something", "later", ("tests/a/test_b.py::test_three",), "all of it")
    kept = Property("X2", "something", "required", ("tests/a/test_b.py::test_two",))
    broken = Property("X3", "something", "required", ("tests/a/test_b.py::test_two", "tests/a/test_b.py::test_gone"))
    results = results_in(JUNIT)
    assert report([later, kept], results, {})["missed"] == []
    found = report([later, kept, broken], results, {})
    assert found["missed"] == ["required_not_kept"]
    assert found["context"] == {"kept": ["X2"], "not_kept": ["X3"], "open": {"X1": "all of it"}}
    said = lines([later, kept, broken], results)
    assert [line.split()[2] for line in said if line.startswith("X")] == ["open", "kept", "BROKEN"]
    assert any("not run" in line for line in said)
