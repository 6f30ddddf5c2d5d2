"""A program is found where it is installed or was unpacked; otherwise the message names what to install."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local import system_programs


def test_an_installed_program_is_taken_as_it_is(tmp_path: Path) -> None:
    found = system_programs.find("sh", ("dash",), tmp_path)
    assert (found.path.name, found.environment) == ("sh", {})
    assert not list(tmp_path.iterdir())


def test_an_unpacked_program_brings_its_libraries(tmp_path: Path) -> None:
    folder = tmp_path / "debian" / "no-such-broker"
    for name in ("usr/sbin/no-such-broker", "usr/lib/x/libno.so.1", "complete"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    found = system_programs.find("no-such-broker", ("no-such-broker",), tmp_path)
    assert found.path == folder / "usr/sbin/no-such-broker"
    assert found.environment == {"LD_LIBRARY_PATH": str(folder / "usr/lib/x")}


def test_without_a_way_to_get_it_the_message_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(system_programs.ProgramMissing, match="apt install some-package"):
        system_programs.find("no-such-broker", ("some-package",), tmp_path)
    assert not (tmp_path / "debian" / "no-such-broker").exists()


_APT_GET = """#!/bin/sh
for word in "$@"; do
  case $word in
    install) echo "Inst some-package (1.0)" ;;
    download) echo once >> "$(dirname "$0")/downloads"; sleep 0.2; touch some-package.deb ;;
  esac
done
"""
_DPKG = """#!/bin/sh
mkdir -p "$3/usr/bin" && sleep 0.2 && touch "$3/usr/bin/no-such-broker"
"""


def test_two_that_look_at_once_unpack_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("apt-get", _APT_GET), ("dpkg", _DPKG)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    with ThreadPoolExecutor() as two:
        found = list(two.map(lambda _: system_programs.find("no-such-broker", ("some-package",), tmp_path / "cache"), range(2)))
    assert [program.path.name for program in found] == ["no-such-broker"] * 2
    assert (programs / "downloads").read_text().splitlines() == ["once"]
