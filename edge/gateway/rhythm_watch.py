"""When does the heart's rhythm, as an ECG lead shows it, deserve a finding? The last minutes of each lead are judged every few seconds of its own time.

When to judge follows from the samples' own numbers, and what is judged is the strip that goes out as evidence: the same samples give the same finding,
however they were cut into pieces, here and at whoever computes it again. A process that begins anew has of a lead what the spool still holds; what went out
already is not judged again, and strips are short for two minutes.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from edge.gateway.watch_finding import WatchFinding, finding_id
from models.heart_rhythm.lead import UnusableLead
from models.heart_rhythm.verdict import SPAN_S, STEP_S, THRESHOLDS, Networks, Telling, judge
from protocol.findings import Detector
from protocol.metrics import ECG
from protocol.samples import WaveformPiece, joined

AGAIN_MS = 600_000
"""A rhythm that was found is over when it has not been found for so long; only then is it said again."""
SHORTEST_S = 30.0
"""A strip is judged from this length on."""
NAME, VERSION = "heart_rhythm", "0"


@dataclass(frozen=True, slots=True)
class Memory:
    """All that the watch remembers, besides the samples: when (ms UTC) each kind was found last, by "wearable kind"."""

    found: Mapping[str, int] = field(default_factory=dict[str, int])

    def as_text(self) -> str:
        """Write it down, to be kept with the samples it follows from."""
        return json.dumps(dict(self.found))


def memory_from_text(text: str) -> Memory:
    """Read what `Memory.as_text` wrote.

    Raises:
        ValueError, TypeError, AttributeError: not written by it.
    """
    return Memory({name: int(at) for name, at in json.loads(text).items()})


class RhythmWatch:
    """The rhythm of one patient, by all ECG leads that are worn."""

    def __init__(self, patient: UUID, networks: Networks, memory: Memory | None = None) -> None:
        """Watch `patient`; `memory` is what an earlier process wrote down."""
        self._patient = patient
        self._networks = networks
        self._detector = Detector(NAME, VERSION, networks.sha256)
        self._leads: dict[UUID, deque[WaveformPiece]] = {}
        self.memory = memory or Memory()

    def recall(self, piece: WaveformPiece) -> None:
        """Take a piece that was judged in an earlier process."""
        if piece.metric == ECG.code:
            self._keep(piece)

    def look(self, piece: WaveformPiece) -> tuple[WatchFinding, ...]:
        """Take a new piece; return what is to be raised (usually nothing)."""
        if piece.metric != ECG.code:
            return ()
        before, pieces = self._keep(piece)
        found: list[WatchFinding] = []
        step = round(STEP_S * piece.rate_hz)
        for due in range((before // step + 1) * step, _end(piece) + 1, step):
            found += self._judged(strip_before(pieces, due), piece)
        return tuple(found)

    def _keep(self, piece: WaveformPiece) -> tuple[int, Sequence[WaveformPiece]]:
        """Keep a piece with the last minutes of its lead; return up to which sample they were there before, and all that is kept."""
        kept = self._leads.get(piece.wearable)
        newest = kept[-1] if kept else None
        if kept and newest is not None and _end(newest) >= _end(piece) and newest.first_sample >> 32 == piece.first_sample >> 32:
            return _end(newest), kept  # a repeat
        continues = newest is not None and (
            (newest.rate_hz, newest.gain) == (piece.rate_hz, piece.gain)
            and _end(newest) <= piece.first_sample <= _end(newest) + SPAN_S * piece.rate_hz
        )
        if kept is None or newest is None or not continues:
            self._leads[piece.wearable] = deque([piece])
            return piece.first_sample, [piece]
        kept.append(piece)
        while _end(kept[0]) <= piece.first_sample - (SPAN_S + STEP_S) * piece.rate_hz:
            kept.popleft()
        return _end(newest), kept

    def _judged(self, strip: Sequence[WaveformPiece], trigger: WaveformPiece) -> list[WatchFinding]:
        signal, rate_hz = lead_of(strip), trigger.rate_hz
        if len(signal) < SHORTEST_S * rate_hz:
            return []
        try:
            told = judge(signal, rate_hz, self._networks)
        except UnusableLead:
            return []
        newest = {each.kind: each for each in told}  # of several of a kind the last
        found: list[WatchFinding] = []
        for telling in newest.values():
            name, at = f"{trigger.wearable} {telling.kind}", strip[0].at + round(1000 * len(signal) / rate_hz)
            last = self.memory.found.get(name)
            self.memory = replace(self.memory, found={**self.memory.found, name: at})
            if last is None or abs(at - last) >= AGAIN_MS:
                found.append(self._finding(telling, strip, trigger, at, float(np.isfinite(signal).mean())))
        return found

    def _finding(self, telling: Telling, strip: Sequence[WaveformPiece], trigger: WaveformPiece, at: int, measured: float) -> WatchFinding:
        return WatchFinding(
            id=finding_id(self._patient, telling.kind, trigger, at),
            patient=self._patient,
            kind=telling.kind,
            priority=telling.priority,
            at=at,
            window_from=strip[0].at,
            window_to=at,
            score=telling.score,
            score_low=telling.score,
            score_high=telling.score,
            explanation=telling.explanation,
            detector=self._detector,
            thresholds=THRESHOLDS[telling.kind],
            coverage={ECG.name: measured},
            trigger=trigger,
            evidence=(),
            strips=tuple(strip),
        )


def strip_before(pieces: Sequence[WaveformPiece], due: int) -> list[WaveformPiece]:
    """Return what of some pieces of one lead lies in the SPAN_S before sample `due`, cut there, joined where they continue each other."""
    first = due - round(SPAN_S * pieces[-1].rate_hz)
    cut = [_cut(each, first, due) for each in pieces if _end(each) > first and each.first_sample < due]
    return joined(cut)


def lead_of(strip: Sequence[WaveformPiece]) -> NDArray[np.float64]:
    """Return the pieces of one lead as one signal, mV, NaN between them; shape (n,)."""
    if not strip:
        return np.zeros(0)
    start = strip[0].first_sample
    lead = np.full(_end(strip[-1]) - start, np.nan)
    for each in strip:
        lead[each.first_sample - start : _end(each) - start] = each.samples * each.gain
    return lead


def score_again(kind: str, strip: Sequence[WaveformPiece], networks: Networks) -> float:
    """Return the score from a finding's evidence alone: with the same networks the number the finding holds, bit for bit; NaN: it is not found."""
    if not strip:
        return float("nan")
    told = {each.kind: each.score for each in judge(lead_of(strip), strip[0].rate_hz, networks)}
    return next((score for name, score in told.items() if name == kind), float("nan"))


def _end(piece: WaveformPiece) -> int:
    return piece.first_sample + len(piece.samples)


def _cut(piece: WaveformPiece, first: int, last: int) -> WaveformPiece:
    """Return the samples of a piece from number `first` to before `last`."""
    start = max(0, first - piece.first_sample)
    stop = min(len(piece.samples), last - piece.first_sample)
    if (start, stop) == (0, len(piece.samples)):
        return piece
    moved = round(1000 * start / piece.rate_hz)
    return replace(piece, at=piece.at + moved, first_sample=piece.first_sample + start, samples=piece.samples[start:stop])
