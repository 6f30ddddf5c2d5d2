"""What a fleet sends: vitals of every gateway in turn, ECG of some, and findings now and then, each at its time.

Every reading carries its wearable's record number, so that what was stored can be counted against what was made.
"""

import heapq
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from protocol.envelope import MessageClass
from protocol.findings import Detector, Finding, Priority, encode_evidence
from protocol.message import Waveforms, encode_body
from protocol.metrics import ECG, HEART_RATE
from protocol.samples import Reading, WaveformPiece
from simulators.fleet_gateway import METRICS, SECONDS, FleetGateway, patient_of, wearable_of

ECG_HZ = 130
STRIP_SAMPLES = ECG_HZ * SECONDS
_LOOKS = 64
_STRIP_GAIN = 0.005

Item = tuple[float, int, MessageClass, Callable[[FleetGateway], bytes]]


@dataclass(frozen=True, slots=True)
class Load:
    """How much for how long. rate: messages of 30 readings a second over the whole fleet. strips: gateways with an ECG.

    findings: a second. seconds: > 0.
    """

    rate: float
    seconds: float
    strips: int = 0
    findings: float = 0.0


class Sender:
    """Makes the bodies of a fleet of `count` gateways. start: of the first readings, ms UTC. session: of every wearable, 1..2^31-1."""

    def __init__(self, count: int, start: int, session: int, dice: np.random.Generator) -> None:
        self._count, self._start, self._session = count, start, session
        self._dice = dice
        self._values = [_values(dice) for _ in range(_LOOKS)]
        self._strips = [_ecg(dice) for _ in range(_LOOKS)]
        self._next = 0
        self._strip_numbers: dict[UUID, int] = {}

    @property
    def strips(self) -> int:
        """Return how many strips were made."""
        return sum(self._strip_numbers.values())

    def items(self, load: Load) -> Iterator[Item]:
        """Yield what is to be sent, in order, due so many seconds after the beginning."""
        return heapq.merge(self._all_vitals(load), self._all_strips(load), self._findings(load), key=lambda item: item[0])

    def backlog(self, rate: float, most: int) -> Iterator[Item]:
        """Yield what gateways send that were away for different times: each another number of messages, at most `most`, `rate` a second.

        Whoever has been measured for another time has filled another part of a page of an index. A fleet whose members are all of one age
        fills, and splits, all pages at once, as no real fleet does.
        """
        ages = self._dice.integers(0, most + 1, self._count)
        places = (place for turn in range(most) for place in np.flatnonzero(ages > turn).tolist())
        for number, place in enumerate(places):
            yield number / rate, place, MessageClass.VITAL, self._vitals

    def _all_vitals(self, load: Load) -> Iterator[Item]:
        for number in range(int(load.rate * load.seconds)):
            place, self._next = self._next, (self._next + 1) % self._count
            yield number / load.rate, place, MessageClass.VITAL, self._vitals

    def _vitals(self, gateway: FleetGateway) -> bytes:
        number = gateway.records
        gateway.records += SECONDS
        return gateway.body.at(self._start + number * 1000, self._session, number, self._values[number // SECONDS % _LOOKS])

    def _all_strips(self, load: Load) -> Iterator[Item]:
        each = load.strips / SECONDS
        for number in range(int(each * load.seconds)):
            yield number / each, number % load.strips, MessageClass.WAVEFORM, self._strip

    def _strip(self, gateway: FleetGateway) -> bytes:
        number = self._strip_numbers.get(gateway.id, 0)
        self._strip_numbers[gateway.id] = number + 1
        first = self._session << 32 | number * STRIP_SAMPLES
        samples = self._strips[number % _LOOKS]
        piece = WaveformPiece(
            wearable_of(gateway.id), ECG.code, self._start + number * SECONDS * 1000, float(ECG_HZ), _STRIP_GAIN, first, samples
        )
        return encode_body(Waveforms((piece,)))

    def _findings(self, load: Load) -> Iterator[Item]:
        for number in range(int(load.findings * load.seconds)):
            yield number / load.findings, number * 7919 % self._count, MessageClass.FINDING, self._finding

    def _finding(self, gateway: FleetGateway) -> bytes:
        wearable, at = wearable_of(gateway.id), self._start + gateway.records * 1000
        evidence = encode_evidence([Reading(wearable, HEART_RATE.code, at - 1000 * ago, 130.0, ago) for ago in range(60)])
        return encode_body(
            Finding(
                id=UUID(bytes=os.urandom(16), version=4),
                patient=patient_of(gateway.id),
                kind="early_warning",
                priority=Priority.MEDIUM,
                at=at,
                window_from=at - 60_000,
                window_to=at,
                score=5.0,
                explanation="heart rate 130 /min for a minute",
                detector=Detector("early_warning", "1", "0" * 64),
                thresholds={"medium": 5.0},
                coverage={"heart_rate": 1.0},
                trigger_wearable=wearable,
                trigger_record=0,
                evidence=evidence,
            )
        )


def _values(dice: np.random.Generator) -> bytes:
    about = np.array([[72.0, 97.0, 15.0]] * SECONDS)
    spread = np.array([4.0, 0.7, 1.0])
    values = np.clip(about + dice.normal(size=about.shape) * spread, 1.0, [200.0, 100.0, 60.0])
    assert values.shape == (SECONDS, len(METRICS))
    return np.round(values).astype("<f8").tobytes()


def _ecg(dice: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Return ten seconds of beats with noise, shape (1300,), in steps of 5 uV."""
    seconds = np.arange(STRIP_SAMPLES) / ECG_HZ
    phase = (seconds * dice.uniform(1.0, 1.5)) % 1.0
    beats = 200 * np.exp(-(((phase - 0.4) / 0.012) ** 2)) + 40 * np.exp(-(((phase - 0.65) / 0.05) ** 2))
    return (beats + dice.normal(scale=2.0, size=len(seconds))).astype(np.int16)
