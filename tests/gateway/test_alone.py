"""A gateway's folder has one process at a time."""

import os
from pathlib import Path

import pytest

from edge.gateway.alone import AlreadyRunning, alone_in


def test_a_second_one_is_refused_and_a_later_one_is_not(tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(AlreadyRunning, match="stop it first"), alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        pass


def test_a_process_that_died_leaves_the_folder_free(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with alone_in(tmp_path):
            os._exit(0)
    os.waitpid(child, 0)
    with alone_in(tmp_path):
        pass
