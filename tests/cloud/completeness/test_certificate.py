"""A certificate that was altered, or signed by another key, or for another purpose, does not pass."""

import base64
import json
from pathlib import Path

import pytest

from cloud.completeness.certificate import PUBLIC, NotGenuine, canonical, check, check_file, open_key, sign
from cloud.completeness.commands import certificate
from provisioning import order_key

STATEMENT: dict[str, object] = {"patient": "p", "day": "2027-01-15", "state": "complete", "missing": 0, "given_up": []}


def test_a_certificate_passes_and_nothing_else_does(tmp_path: Path) -> None:
    key = order_key.make(tmp_path / "one")
    signed = sign(STATEMENT, key)
    assert check(json.loads(json.dumps(signed)), key.public) == STATEMENT
    other = order_key.make(tmp_path / "other")
    plain = base64.b64encode(key.sign(canonical(STATEMENT))).decode()
    wrong: list[tuple[object, bytes]] = [
        (signed | {"statement": STATEMENT | {"missing": 1}}, key.public),
        (signed, other.public),
        (signed | {"signature": plain}, key.public),
        (signed | {"signature": "?"}, key.public),
        ({"signature": signed["signature"]}, key.public),
        ([], key.public),
        (signed, b"\x04"),
    ]
    for body, public in wrong:
        with pytest.raises(NotGenuine):
            check(body, public)


def test_the_command_says_what_was_certified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert certificate(["make-key", str(tmp_path / "keys")]) == 0
    assert certificate(["make-key", str(tmp_path / "keys")]) == 1
    assert not (tmp_path / "keys" / order_key.PRIVATE).exists(), "who signs certificates cannot sign orders"
    key = open_key(tmp_path / "keys")
    file, public = tmp_path / "day.json", tmp_path / "keys" / PUBLIC
    file.write_text(json.dumps(sign(STATEMENT, key)))
    assert certificate(["check", str(file), "--key", str(public)]) == 0
    assert "2027-01-15: complete" in capsys.readouterr().out
    file.write_text(file.read_text().replace("complete", "complexe"))
    assert certificate(["check", str(file), "--key", str(public)]) == 1
    file.write_text("nothing")
    assert certificate(["check", str(file), "--key", str(public)]) == 1
    with pytest.raises(NotGenuine, match="not JSON"):
        check_file(file, public)
