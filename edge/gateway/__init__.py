"""The gateway in a home: listen, window, watch, keep, send."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Products of small matrices are no work for two threads: the second waits for the first, and spins. Read when numpy is first imported."""
