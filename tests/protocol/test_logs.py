"""Log lines hold ids, types and places; never what an exception says."""

import subprocess
import sys

PROGRAM = """
import logging, structlog
from protocol.logs import configure_logs
configure_logs()
log = structlog.stdlib.get_logger()
log.info("app.ready", gateway="4711")
try:
    raise ValueError("Ada Lovelace, heart rate 150")
except ValueError:
    logging.getLogger("uvicorn.error").exception("failed")
    log.exception("request.failed")
"""


def test_an_exception_says_its_type_and_places_only() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert '"event": "app.ready"' in lines[0]
    assert '"gateway": "4711"' in lines[0]
    for line in lines[1:]:
        assert '"error": "ValueError"' in line
        assert "<string>:8" in line
    assert "Ada" not in done.stderr
    assert "150" not in done.stderr
