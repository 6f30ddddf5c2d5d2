"""A nurse's browser without a screen: signed in, on the live feed, noting when each alert arrives."""

import json
import threading
import time
from types import TracebackType
from typing import Self

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from deploy.local.people import Login

_COOKIE = "mediassist_session"
_AGAIN = 0.2


class LiveWatch:
    """Watches with one log-in until it is left. seen: alert id -> wall clock of its arrival, Unix seconds."""

    def __init__(self, address: str, login: Login) -> None:
        self._address = address
        self._login = login
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"live watch {login.organisation}", daemon=True)
        self.seen: dict[str, float] = {}
        self.connected = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave.set()
        self._thread.join(10)

    def _watch(self) -> None:
        while not self._leave.is_set():
            try:
                self._listen(self._sign_in())
            except (httpx.HTTPError, WebSocketException, OSError, KeyError):
                self._leave.wait(_AGAIN)

    def _sign_in(self) -> str:
        body = {"email": self._login.email, "password": self._login.password}
        answer = httpx.post(f"{self._address}/api/session", json=body, headers={"Origin": self._address}, timeout=10)
        answer.raise_for_status()
        return answer.cookies[_COOKIE]

    def _listen(self, token: str) -> None:
        address = self._address.replace("http", "ws", 1) + "/api/live"
        with connect(address, additional_headers={"Cookie": f"{_COOKIE}={token}", "Origin": self._address}) as socket:
            self.connected.set()
            while not self._leave.is_set():
                try:
                    message = json.loads(socket.recv(timeout=_AGAIN))
                except TimeoutError:
                    continue
                if message["type"] == "alert":
                    self.seen.setdefault(str(message["alert"]["id"]), time.time())
