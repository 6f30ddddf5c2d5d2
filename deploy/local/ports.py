"""A free port of the loopback address, kept in the state folder so that the next run has the same address."""

import socket
from pathlib import Path


def free_port(kept: Path, preferred: int | None = None) -> int:
    """Return the port kept in a file if it is free, else the preferred one if free, else any; keep it."""
    kept_port = int(kept.read_text()) if kept.exists() else None
    port = next((port for port in (kept_port, preferred) if port and is_free(port)), None) or _any_free()
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(str(port))
    return port


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Return whether something accepts connections on the port."""
    with socket.socket() as caller:
        caller.settimeout(1)
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _any_free() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
