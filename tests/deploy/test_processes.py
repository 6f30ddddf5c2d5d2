"""The supervisor starts, watches, starts again, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local.processes import ProcessFailed, Program, Supervisor

ROOT = Path(__file__).resolve().parents[2]


def sleeper(name: str = "sleeper", **more: object) -> Program:
    return Program(name, (sys.executable, "-c", "import time; time.sleep(1000)"), **more)


def eventually(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_all_are_stopped_when_it_is_left(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as processes:
        processes.start(sleeper("one"))
        processes.start(sleeper("two"))
        pids = processes.pids()
        assert set(pids) == {"one", "two"}
    assert all(gone(pid) for pid in pids.values())


def test_all_are_stopped_when_an_error_leaves_it(tmp_path: Path) -> None:
    pids: dict[str, int] = {}

    def fail_inside() -> None:
        with Supervisor(tmp_path) as processes:
            processes.start(sleeper())
            pids.update(processes.pids())
            raise LookupError

    with pytest.raises(LookupError):
        fail_inside()
    assert gone(pids["sleeper"])


def test_what_has_nothing_to_do_any_more_is_neither_started_again_nor_missed(tmp_path: Path) -> None:
    told: list[str] = []
    with Supervisor(tmp_path, told.append) as processes:
        processes.start(Program("reset", (sys.executable, "-c", "raise SystemExit(78)"), restart=True, done=78))
        eventually(lambda: bool(told))
        time.sleep(0.5)
        assert processes.starts("reset") == 1
        processes.check()
    assert told == ["reset has nothing to do any more"]


def test_what_is_killed_is_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    with Supervisor(tmp_path, told.append) as processes:
        processes.start(sleeper(restart=True))
        first = processes.pids()["sleeper"]
        processes.signal("sleeper", signal.SIGKILL)
        eventually(lambda: processes.pids().get("sleeper", first) != first)
        assert processes.starts("sleeper") == 2
        processes.check()
    assert told == ["sleeper ended with -9; starting it again"]


def test_what_is_not_started_again_is_a_failure_with_its_last_words(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as processes:
        processes.start(Program("speaker", (sys.executable, "-c", "print('last words'); raise SystemExit(3)")))
        eventually(lambda: not processes.pids())
        with pytest.raises(ProcessFailed, match=r"speaker ended with 3[\s\S]*last words"):
            processes.check()


def test_what_is_never_ready_is_a_failure(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as processes, pytest.raises(ProcessFailed, match="not ready"):
        processes.start(sleeper(ready=lambda: False), seconds=0.1)


def test_what_heeds_no_request_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.processes._PATIENCE", 0.2)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(1000)"
    with Supervisor(tmp_path) as processes:
        processes.start(
            Program("deaf", (sys.executable, "-c", deaf), ready=lambda: "deaf" in (tmp_path / "deaf.log").read_text()), seconds=10
        )
        pid = processes.pids()["deaf"]
    assert gone(pid)


def test_nothing_outlives_a_killed_parent(tmp_path: Path) -> None:
    parent = f"""
import sys, time
from pathlib import Path
from deploy.local.processes import Program, Supervisor
with Supervisor(Path({str(tmp_path)!r})) as processes:
    processes.start(Program("child", (sys.executable, "-c", "import time; time.sleep(1000)")))
    print(processes.pids()["child"], flush=True)
    time.sleep(1000)
"""
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        assert psutil.pid_exists(child)
        running.kill()
    eventually(lambda: gone(child))


def test_each_run_has_logs_of_its_own(tmp_path: Path) -> None:
    for word in ("first", "second"):
        with Supervisor(tmp_path) as processes:
            processes.start(
                Program("speaker", (sys.executable, "-c", f"print({word!r})"), ready=lambda: bool(processes.log("speaker"))), 10
            )
            assert processes.log("speaker") == f"{word}\n"


def test_several_are_stopped_at_once(tmp_path: Path) -> None:
    slow = "import signal, sys, time; signal.signal(15, lambda *_: (time.sleep(0.5), sys.exit())); print(1, flush=True); time.sleep(99)"
    with Supervisor(tmp_path) as processes:
        for name in ("one", "two", "three"):
            processes.start(
                Program(name, (sys.executable, "-c", slow), ready=lambda name=name: bool((tmp_path / f"{name}.log").read_text()))
            )
            processes.wait(name, 10)
        began = time.monotonic()
        processes.stop("one", "two", "three")
        assert time.monotonic() - began < 1.4
        assert not processes.pids()
        processes.check()
