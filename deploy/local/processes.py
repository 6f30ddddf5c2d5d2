"""The processes of one machine: started, watched, started again when they die, and stopped to the last one.

All are children of one thread of ours, each a process group of its own. Linux ends them when that thread ends (parent-death signal), so
that nothing outlives even a `kill -9` of this program. Every process is signalled by its own id, never by a name.
"""

import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from deploy.local.unprivileged import User, account_of, command_of

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_LOOK = 0.05
_FIRST_WAIT, _LONGEST_WAIT, _SETTLED = 0.2, 5.0, 10.0
_STILLBORN, _HOPELESS = 4, 8
_PATIENCE = 15.0


class ProcessFailed(Exception):
    """A process died, or was not ready in time: the message ends with the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. ready: whether it can be used now, asked again and again; it never raises.

    done: the exit status with which it says that it has nothing to do any more: it is not started again, and is not missed.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    ready: Callable[[], bool] = lambda: True
    restart: bool = False
    done: int | None = None
    user: User | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL


@dataclass(slots=True)
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    starts: int = 1
    quick_deaths: int = 0
    wait: float = _FIRST_WAIT
    again_at: float | None = None
    wanted: bool = True


class Supervisor:
    """Runs programs until it is left: `with Supervisor(logs) as processes: processes.start(program)`.

    logs: a folder for one log a program; the logs of the run before are removed.
    tell: called with one line when a process dies; from the supervisor's own thread.
    """

    def __init__(self, logs: Path, tell: Callable[[str], None] = lambda _: None) -> None:
        self.logs = logs
        self._tell = tell
        self._jobs: queue.Queue[Callable[[], None]] = queue.Queue()
        self._running: dict[str, _Running] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._live, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        for log in self.logs.glob("*.log"):
            log.unlink()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._end.set()
        self._thread.join()

    def start(self, program: Program, seconds: float | None = None) -> None:
        """Start a program; with `seconds`, also wait that long until it is ready.

        Raises:
            ProcessFailed: it was not ready in time.
        """
        self._do(lambda: self._start(program))
        if seconds is not None:
            self.wait(program.name, seconds)

    def wait(self, name: str, seconds: float) -> None:
        """Wait until a started program is ready.

        Raises:
            ProcessFailed: it ended, or was not ready in time.
        """
        running = self._running[name]
        deadline = time.monotonic() + seconds
        while not running.program.ready():
            if running.process.poll() is not None and (not running.program.restart or running.quick_deaths >= _STILLBORN):
                raise ProcessFailed(f"{name} ended with {running.process.returncode}\n{self._tail(name)}")
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{name} was not ready within {seconds:g} s\n{self._tail(name)}")
            time.sleep(_LOOK)

    def check(self) -> None:
        """Make sure that everything started still runs, or is about to be started again.

        Raises:
            ProcessFailed: something that is not started again has ended, or died again and again soon after its start.
        """
        for name, running in list(self._running.items()):
            gone = running.wanted and running.process.poll() is not None
            if gone and (not running.program.restart or running.quick_deaths >= _HOPELESS):
                raise ProcessFailed(f"{name} ended with {running.process.returncode}\n{self._tail(name)}")

    def pids(self) -> dict[str, int]:
        """Return the id of every process that runs now."""
        return {name: running.process.pid for name, running in list(self._running.items()) if running.process.poll() is None}

    def names(self) -> tuple[str, ...]:
        """Return the names of all programs ever started, in that order."""
        return tuple(self._running)

    def log(self, name: str) -> str:
        """Return what a program has written since this run began."""
        return self._log(name).read_text(errors="replace") if self._log(name).exists() else ""

    def starts(self, name: str) -> int:
        """Return how often a program has been started."""
        return self._running[name].starts

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send one process a signal (SIGKILL to see it started again)."""
        self._running[name].process.send_signal(number)

    def stop(self, *names: str) -> None:
        """Stop the named programs at once, or all, the last started first: ask, wait up to 15 s, then kill."""
        if names:
            self._do(lambda: self._stop(names))
        else:
            for name in reversed(list(self._running)):
                self._do(lambda name=name: self._stop((name,)))

    def _do(self, job: Callable[[], None]) -> None:
        outcome: Future[None] = Future()

        def run() -> None:
            try:
                outcome.set_result(job())
            except BaseException as error:  # noqa: BLE001  (it is raised again where it was asked for)
                outcome.set_exception(error)

        self._jobs.put(run)
        outcome.result()

    def _live(self) -> None:
        while not self._end.is_set():
            with contextlib.suppress(queue.Empty):
                self._jobs.get(timeout=_LOOK)()
            for running in self._running.values():
                self._look_after(running)

    def _look_after(self, running: _Running) -> None:
        if running.process.poll() is None or not running.wanted or not running.program.restart:
            return
        if running.program.done is not None and running.process.returncode == running.program.done:
            running.wanted = False
            self._tell(f"{running.program.name} has nothing to do any more")
            return
        now = time.monotonic()
        if running.again_at is None:
            settled = now - running.started > _SETTLED
            running.wait = _FIRST_WAIT if settled else min(running.wait * 2, _LONGEST_WAIT)
            running.quick_deaths = 0 if settled else running.quick_deaths + 1
            running.again_at = now + running.wait
            self._tell(f"{running.program.name} ended with {running.process.returncode}; starting it again")
        elif now >= running.again_at:
            running.process = self._open(running.program)
            running.started, running.again_at = now, None
            running.starts += 1

    def _start(self, program: Program) -> None:
        assert program.name not in self._running or self._running[program.name].process.poll() is not None
        self._running.pop(program.name, None)
        self._running[program.name] = _Running(program, self._open(program), time.monotonic())

    def _open(self, program: Program) -> subprocess.Popen[bytes]:
        parent = os.getpid()

        def on_the_leash() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(program.orphan_signal))
            if os.getppid() != parent:
                os._exit(1)

        with self._log(program.name).open("ab") as log:
            return subprocess.Popen(
                command_of(program.command, program.user),
                env={**os.environ, **program.environment},
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=on_the_leash,  # noqa: PLW1509  (one system call; no lock is taken)
                **account_of(program.user),
            )

    def _stop(self, names: tuple[str, ...]) -> None:
        for name in names:
            running = self._running[name]
            running.wanted = False
            running.process.send_signal(running.program.stop_signal)
        for name in names:
            process = self._running[name].process
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._tell(f"{name} did not stop within {_PATIENCE:g} s; killing it")
                process.kill()
                process.wait()

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _tail(self, name: str) -> str:
        lines = self.log(name).splitlines()[-15:]
        return "\n".join([f"  last lines of {self._log(name)}:", *(f"  | {line}" for line in lines)])
