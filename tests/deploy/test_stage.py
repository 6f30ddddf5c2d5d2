"""A stage is one line with the seconds since the start."""

import re

import pytest

from deploy.local.stage import Stages


def test_a_stage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Stages().tell("database ready")
    assert re.fullmatch(r"\[ +0\.\d s\] database ready\n", capsys.readouterr().out)
