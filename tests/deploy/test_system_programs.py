"""A program is found where it is installed or was unpacked; otherwise the message names what to install."""

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
    assert not list((tmp_path / "debian").glob("*"))
