"""Versions and memory come from what really runs."""

import os
import platform

from deploy.local import surroundings
from deploy.local.processes import Program


def test_versions_are_those_that_run() -> None:
    shell = Program("shell", ("echo",))
    found = surroundings.versions({"mosquitto": (shell, "-h")})
    assert found["python"] == platform.python_version()
    assert found["mosquitto"] == "-h"
    assert found["psycopg"].startswith("3.")


def test_memory_is_measured_by_process_and_none_of_one_that_is_gone() -> None:
    found = surroundings.resident({"ourselves": os.getpid(), "nobody": 2**22 + 1})
    assert 10 < found["ourselves"] < 4000
    assert found["nobody"] == 0
