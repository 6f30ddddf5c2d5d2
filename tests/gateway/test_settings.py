"""Settings come from the environment and from a file, and what is wrong in them is named."""

from pathlib import Path

import pytest

from edge.gateway.settings import WrongSetting, read_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWAY_STATE", str(tmp_path))


def the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    (tmp_path / "gateway.env").write_text(text)
    monkeypatch.setenv("GATEWAY_SETTINGS", str(tmp_path / "gateway.env"))


def test_a_file_gives_settings_and_the_environment_goes_before_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    the_file(monkeypatch, tmp_path, "# the clinic's broker\nGATEWAY_BROKER_HOST=broker.example\nGATEWAY_ZONE='Europe/Vienna'\n")
    monkeypatch.setenv("GATEWAY_ZONE", "Europe/Berlin")
    settings = read_settings()
    assert (settings.broker_host, settings.zone, settings.state) == ("broker.example", "Europe/Berlin", tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GATEWAY_BROKER_HSOT", "broker.example", "GATEWAY_BROKER_HSOT: there is no such setting; GATEWAY_BROKER_HOST?"),
        ("GATEWAY_COLOUR", "red", "GATEWAY_COLOUR: there is no such setting"),
        ("GATEWAY_BROKER_PORT", "many", "GATEWAY_BROKER_PORT: Input should be a valid integer"),
        ("GATEWAY_ZONE", "Mars/North", 'GATEWAY_ZONE: Value error, there is no time zone "Mars/North"'),
        ("GATEWAY_FOLD_SECONDS", "0", "GATEWAY_FOLD_SECONDS: Input should be greater than or equal to 0.1"),
    ],
)
@pytest.mark.parametrize("in_file", [True, False])
def test_what_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    value: str,
    told: str,
    in_file: bool,  # noqa: FBT001
) -> None:
    if in_file:
        the_file(monkeypatch, tmp_path, f"{name}={value}\n")
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as wrong:
        read_settings()
    assert str(wrong.value).startswith(told)


def test_a_missing_setting_and_a_missing_file_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GATEWAY_STATE")
    with pytest.raises(WrongSetting, match="GATEWAY_STATE: Field required"):
        read_settings()
    monkeypatch.setenv("GATEWAY_SETTINGS", str(tmp_path / "nothing.env"))
    with pytest.raises(WrongSetting, match=r"GATEWAY_SETTINGS: .*nothing\.env cannot be read"):
        read_settings()
