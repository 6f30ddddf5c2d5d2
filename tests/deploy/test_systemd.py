"""The unit says what the gateway does: it notifies, is watched, and reads the settings that there are."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "mediassist-gateway.service"


class Unit(configparser.RawConfigParser):
    """A unit file; keys that come again are joined by lines."""

    def __init__(self) -> None:
        super().__init__(strict=False)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def service() -> dict[str, str]:
    unit = Unit()
    unit.read(UNIT)
    return dict(unit["Service"])


def test_it_notifies_is_watched_and_always_comes_back() -> None:
    said = service()
    assert (said["Type"], said["NotifyAccess"], said["Restart"]) == ("notify", "main", "always")
    assert said["WatchdogSec"].isdigit()
    assert said["ExecStart"].endswith("python -m edge.gateway")
    assert said["EnvironmentFile"] == "/etc/mediassist/gateway.env"


def test_it_is_nobody_with_no_capability_and_writes_its_state_alone() -> None:
    said = service()
    assert said["User"] != "root"
    assert (said["CapabilityBoundingSet"], said["AmbientCapabilities"], said["NoNewPrivileges"]) == ("", "", "yes")
    assert (said["ProtectSystem"], said["StateDirectory"], said["StateDirectoryMode"]) == ("strict", "mediassist", "0700")


def test_systemd_understands_it_and_finds_it_little_exposed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing (Debian package systemd)")
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/mediassist/bin/python", "/bin/true"))
    verified = subprocess.run([analyze, "verify", "--man=no", here], capture_output=True, text=True, check=False)
    assert UNIT.name not in verified.stderr, verified.stderr
    exposed = subprocess.run([analyze, "security", "--offline=true", "--threshold=25", here], capture_output=True, text=True, check=False)
    assert exposed.returncode == 0, exposed.stdout
