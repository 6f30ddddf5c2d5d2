"""The threat model speaks of what exists: each file and each test that it names is there."""

import re

from tests.house.sources import ROOT

TEXT = (ROOT / "docs/security/threat-model.md").read_text("utf-8")


def test_every_file_and_test_that_it_names_exists() -> None:
    named = re.findall(r"`((?:[\w-]+/)[\w./-]+?)(?:::(\w+))?`", TEXT)
    paths = [(path, test) for path, test in named if not path.startswith("identity/")]
    assert len(paths) > 40
    missing = [
        (path, test)
        for path, test in paths
        if not (ROOT / path).exists() or (test and f"def {test}(" not in (ROOT / path).read_text("utf-8"))
    ]
    assert missing == []


def test_every_door_is_looked_at_from_all_six_sides() -> None:
    doors = re.split(r"\n## \(\d\) ", TEXT)[1:]
    assert len(doors) == 8
    for door in doors[:-1]:
        sides = {side for line in door.splitlines() for side in re.findall(r"^\| ([STRIDE](?:, [STRIDE])*) ", line)}
        assert {side for group in sides for side in group.split(", ")} == set("STRIDE"), door.splitlines()[0]


def test_the_front_page_of_security_leads_to_it() -> None:
    assert "docs/security/threat-model.md" in (ROOT / "SECURITY.md").read_text("utf-8")
