"""A port is kept for the next run, as long as nobody else has it."""

import socket
from pathlib import Path

from deploy.local import ports


def test_the_kept_port_is_used_again_until_it_is_taken(tmp_path: Path) -> None:
    kept = tmp_path / "port"
    port = ports.free_port(kept)
    assert ports.free_port(kept) == port
    with socket.create_server(("127.0.0.1", port)):
        assert ports.answers(port)
        assert ports.free_port(kept, preferred=port) != port
    assert not ports.answers(port)
