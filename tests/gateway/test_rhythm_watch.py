"""The rhythm of an ECG lead becomes a finding: once, with its strip, however the samples came, and again from the strip alone."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest

from edge.gateway.rhythm_watch import AGAIN_MS, RhythmWatch, lead_of, memory_from_text, score_again, strip_before
from edge.gateway.watch_finding import WatchFinding
from models.heart_rhythm.verdict import SPAN_S, opened
from protocol.findings import decode_strips, encode_evidence
from protocol.metrics import ECG, PLETHYSMOGRAM
from protocol.samples import WaveformPiece
from simulators.physiology import ECG_RATE_HZ, STORIES, Physiology

PATIENT, PATCH, NOON = UUID(int=1), UUID(int=2), 1_800_000_000_000
NETWORKS = opened()
RATE, GAIN = 125, 0.005


def told(story: str, seconds: int, seed: int = 0) -> np.ndarray:
    """Return the lead of a made person, int16."""
    body = Physiology(STORIES[story], np.random.default_rng(seed))
    return np.concatenate([body.samples(ECG.code, second * RATE, RATE) for second in range(seconds)])


def pieces(lead: np.ndarray, cuts: Iterable[int] = (), first: int = 7 << 32, metric: int = ECG.code) -> list[WaveformPiece]:
    edges = [0, *cuts, len(lead)] if cuts else [*range(0, len(lead), RATE), len(lead)]
    return [
        WaveformPiece(PATCH, metric, NOON + 1000 * a // RATE, float(RATE), GAIN, first + a, lead[a:b], number)
        for number, (a, b) in enumerate(pairwise(edges))
        if b > a
    ]


def watched(said: Iterable[WaveformPiece], watch: RhythmWatch | None = None) -> list[WatchFinding]:
    watch = watch or RhythmWatch(PATIENT, NETWORKS)
    return [finding for piece in said for finding in watch.look(piece)]


def essence(found: Sequence[WatchFinding]) -> list[tuple[object, ...]]:
    return [(each.kind, each.at, each.score, each.explanation) for each in found]


def test_fibrillation_is_found_once_with_its_strip() -> None:
    assert ECG_RATE_HZ == RATE
    found = watched(pieces(told("atrial_fibrillation", 240)))
    assert [each.kind for each in found] == ["atrial_fibrillation"]
    finding = found[0]
    assert finding.priority == "medium"
    assert 15 + 30 <= (finding.at - NOON) / 1000 <= 90
    assert finding.score > finding.thresholds["irregularity"]
    assert "atrial fibrillation" in finding.explanation
    assert finding.coverage == {"ecg": 1.0}
    assert finding.window_to - finding.window_from == round(1000 * len(lead_of(finding.strips)) / RATE)
    assert finding.detector.sha256 == NETWORKS.sha256


@pytest.mark.parametrize("seed", range(3))
def test_a_calm_day_and_noise_raise_nothing(seed: int) -> None:
    assert watched(pieces(told("calm_day", 300, seed))) == []
    hiss = np.random.default_rng(seed).normal(0, 40, 300 * RATE).astype(np.int16)
    assert watched(pieces(hiss)) == []
    assert watched(pieces(np.zeros(300 * RATE, dtype=np.int16))) == []


def test_what_is_found_does_not_depend_on_how_the_samples_came() -> None:
    lead = told("atrial_fibrillation", 200)
    cuts = np.sort(np.random.default_rng(3).choice(np.arange(1, len(lead)), 90, replace=False)).tolist()
    assert essence(watched(pieces(lead, cuts))) == essence(watched(pieces(lead)))


def test_the_score_comes_again_from_the_evidence_alone() -> None:
    finding = watched(pieces(told("atrial_fibrillation", 240)))[0]
    strips = decode_strips(encode_evidence(finding.evidence, finding.strips))
    assert score_again(finding.kind, strips, NETWORKS) == finding.score
    assert np.isnan(score_again("pause", strips, NETWORKS))
    assert np.isnan(score_again("pause", [], NETWORKS))


def test_it_is_said_again_only_after_a_rest() -> None:
    ill, well = told("atrial_fibrillation", 120), told("calm_day", AGAIN_MS // 1000 + 60)
    kinds = [each.kind for each in watched(pieces(np.concatenate([ill, well[: 120 * RATE], ill])))]
    assert kinds == ["atrial_fibrillation"]
    kinds = [each.kind for each in watched(pieces(np.concatenate([ill, well, ill])))]
    assert kinds == ["atrial_fibrillation"] * 2


def test_a_pause_is_found_and_a_gap_of_the_radio_is_none() -> None:
    lead = told("calm_day", 120)
    flat = np.concatenate([lead[: 80 * RATE], lead[80 * RATE : 80 * RATE + 1] + np.arange(4 * RATE, dtype=np.int16) % 2, lead[80 * RATE :]])
    found = watched(pieces(flat))
    assert [each.kind for each in found] == ["pause"]
    assert 4 <= found[0].score <= 6
    gap = [piece for piece in pieces(lead) if not 60 <= (piece.at - NOON) / 1000 < 65]
    assert watched(gap) == []


def test_after_a_crash_the_same_is_found_with_the_same_name() -> None:
    said = pieces(told("atrial_fibrillation", 240))
    whole = watched(said)
    for stop in (10, 40, 55, 90, 200):
        first = RhythmWatch(PATIENT, NETWORKS)
        before = watched(said[:stop], first)
        second = RhythmWatch(PATIENT, NETWORKS, memory_from_text(first.memory.as_text()))
        for piece in said[:stop]:
            second.recall(piece)
        assert [each.id for each in (*before, *watched(said[stop:], second))] == [each.id for each in whole]


def test_another_session_or_gain_begins_anew_and_repeats_change_nothing() -> None:
    lead = told("atrial_fibrillation", 240)
    restarted = [*pieces(lead[: 40 * RATE]), *pieces(lead[40 * RATE : 60 * RATE], first=8 << 32)]
    assert watched(restarted) == []
    said = pieces(lead)
    assert [each.id for each in watched(piece for each in said for piece in (each, each))] == [each.id for each in watched(said)]


def test_a_pulse_wave_and_a_lead_of_another_rate_are_left_alone() -> None:
    lead = told("atrial_fibrillation", 120)
    assert watched(pieces(lead, metric=PLETHYSMOGRAM.code)) == []
    slow = [WaveformPiece(PATCH, ECG.code, NOON + 1000 * n, 50.0, GAIN, n * 50, lead[n * 50 : n * 50 + 50], n) for n in range(200)]
    assert watched(slow) == []


def test_a_strip_is_cut_where_it_is_due() -> None:
    said = pieces(told("calm_day", 200))
    first = said[0].first_sample
    strip = strip_before(said, first + 190 * RATE + 50)
    assert len(lead_of(strip)) == SPAN_S * RATE
    assert strip[0].first_sample == first + 190 * RATE + 50 - SPAN_S * RATE
    assert strip[0].at == NOON + 40_400
    assert len(lead_of([])) == 0
