"""Compute an alert's score again from its evidence capsule: `mediassist replay CAPSULE...`.

The detector is the one installed here; it must be the very one that spoke, by the hash of its table or artefact. The score must be the same,
bit for bit. Exit status 0: it is; 1: it is not, or another detector is installed; 2: not a capsule.
"""

import argparse
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.gateway import anomaly_watch, glucose_watch, rhythm_watch, trend_watch
from models import baseline, early_warning, threshold
from models.catalogue import ModelRefused, open_model
from models.glucose import shipped as glucose
from models.heart_rhythm import verdict as heart_rhythm
from models.perceptron_runner import PerceptronRunner
from models.vital_anomaly.trend import verdict as vital_trend
from protocol.capsule import read_capsule
from protocol.errors import Malformed
from protocol.findings import Finding, decode_evidence, decode_strips

_SAME, _OTHER, _NOT_A_CAPSULE = 0, 1, 2


class CannotReplay(Exception):
    """The detector that spoke is not here: the message says which is."""


def replay(arguments: Sequence[str]) -> int:
    """Run `mediassist replay CAPSULE...`; the worst status of all."""
    parser = argparse.ArgumentParser(prog="mediassist replay")
    parser.add_argument("capsules", nargs="+", type=Path, metavar="CAPSULE")
    files: list[Path] = parser.parse_args(arguments).capsules
    return max(_one(file) for file in files)


def _one(file: Path) -> int:
    try:
        finding = read_capsule(file.read_bytes())
    except (OSError, Malformed) as error:
        print(f"{file}: not a capsule: {error}", file=sys.stderr)
        return _NOT_A_CAPSULE
    print(f"{file}: {finding.kind} by {finding.detector.name} {finding.detector.version}, {finding.detector.sha256[:16]}")
    try:
        again = score_again(finding)
    except CannotReplay as error:
        print(f"  cannot be computed again: {error}", file=sys.stderr)
        return _OTHER
    if struct.pack(">d", again) != struct.pack(">d", finding.score):
        print(f"  said {finding.score!r}, computed {again!r}: NOT the same", file=sys.stderr)
        return _OTHER
    print(f"  said {finding.score!r}, computed {again!r}: the same, bit for bit")
    return _SAME


def score_again(finding: Finding) -> float:
    """Return the score of a finding's evidence.

    Raises:
        CannotReplay: there is no such detector, or another version of it.
    """
    detectors: dict[str, Callable[[Finding], float]] = {
        "early_warning": _early_warning,
        "vital_anomaly": _vital_anomaly,
        "threshold": _threshold,
        "glucose": _glucose,
        "baseline": _baseline,
        trend_watch.KIND: _vital_trend,
        **dict.fromkeys(heart_rhythm.KINDS.values(), _heart_rhythm),
    }
    if finding.kind not in detectors:
        raise CannotReplay(f"no detector here says {finding.kind!r}")
    return detectors[finding.kind](finding)


def _check(finding: Finding, sha256: str) -> None:
    if finding.detector.sha256 != sha256:
        raise CannotReplay(f"the detector here is {sha256[:16]}: take the version that spoke")


def _early_warning(finding: Finding) -> float:
    _check(finding, early_warning.TABLE_SHA256)
    readings = decode_evidence(finding.evidence).readings()
    scale = int(finding.thresholds.get("spo2_scale", 1))
    return float(early_warning.score_again(readings, finding.at, scale)[0])


def _glucose(finding: Finding) -> float:
    try:
        opened = glucose.opened()
    except ModelRefused as error:
        raise CannotReplay(str(error)) from error
    _check(finding, glucose_watch.detector_of(opened).sha256)
    return glucose_watch.score_again(decode_evidence(finding.evidence).readings(), opened)


def _threshold(finding: Finding) -> float:
    _check(finding, threshold.DETECTOR.sha256)
    return threshold.score(threshold.limits_of(dict(finding.thresholds)), decode_evidence(finding.evidence).readings())


def _baseline(finding: Finding) -> float:
    _check(finding, baseline.DETECTOR.sha256)
    return baseline.score(baseline.baseline_of(dict(finding.thresholds)), decode_evidence(finding.evidence).readings())


def _heart_rhythm(finding: Finding) -> float:
    try:
        networks = heart_rhythm.opened()
    except ModelRefused as error:
        raise CannotReplay(str(error)) from error
    _check(finding, networks.sha256)
    return rhythm_watch.score_again(finding.kind, decode_strips(finding.evidence), networks)


def _vital_trend(finding: Finding) -> float:
    try:
        trend = vital_trend.opened()
    except ModelRefused as error:
        raise CannotReplay(str(error)) from error
    _check(finding, trend.sha256)
    try:
        return trend_watch.score_again(decode_evidence(finding.evidence).readings(), finding.at, finding.thresholds, trend)
    except KeyError as error:
        raise CannotReplay(f"the finding does not say what was usual: {error} is missing") from error


def _vital_anomaly(finding: Finding) -> float:
    try:
        model = open_model("vital_anomaly")
    except ModelRefused as error:
        raise CannotReplay(str(error)) from error
    _check(finding, model.card.sha256)
    runner = PerceptronRunner(model.artefact)

    def score(features: NDArray[np.float32]) -> float:
        return float(runner.run(features[np.newaxis, :])[0, 0])

    return anomaly_watch.score_again(decode_evidence(finding.evidence).readings(), score)
