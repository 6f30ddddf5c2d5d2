"""What the detectors cost, each in a process of its own on one core: `make bench-models`; REPEATS=200 REPORT=.

Of each task, as a gateway does it, and of its network alone on each runtime that is here: milliseconds of the core at the median and the 99th percentile, how
many a second, the artefact's size, and the process's memory at its greatest; beside them what else can be installed (extra `peers`) and the layers in PyTorch, where
they are. How well they do it is what `mediassist evaluate` says; how near int8 is to float stands in each card.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np
from numpy.typing import NDArray

from benchmarks import evidence
from models.catalogue import HERE, open_model
from models.runner import Runner

WARM = 3
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
GOALS = {
    "heart_rhythm_minute_p50_ms": ("<", 5.0),
    "retinopathy_onnxruntime_p50_ms": ("<", 50.0),
    "retinopathy_photograph_p50_ms": ("<", 350.0),
    "retinopathy_photograph_rss_mb": ("<", 300.0),
}
SHAPES: Mapping[str, tuple[int, ...]] = {
    "heart_rhythm": (75, -1),
    "heart_rhythm/classes": (75, -1),
    "ppg": (77, -1),
    "glucose": (1, -1),
    "vital_anomaly": (1, -1),
    "vital_anomaly/trend": (1, -1),
    "retinopathy": (1, 3, 512, 512),
}
"""What a network is asked at once: the candidates, or beats, of a minute; the rates of a window; one row; one photograph. -1: as its card says."""
Work = Callable[[], object]


def tasks() -> dict[str, Callable[[], Work]]:
    """Return what is measured: name -> what makes it ready."""
    found: dict[str, Callable[[], Work]] = {
        "heart_rhythm_minute": _minute,
        "heart_rhythm_gqrs_minute": _gqrs,
        "heart_rhythm_sleepecg_minute": _sleepecg,
        "heart_rhythm_neurokit2_minute": _neurokit2,
        "ppg_neurokit2_window": _neurokit2_window,
        "heart_rhythm_strip": _strip,
        "ppg_window": _window,
        "glucose_row": _row,
        "retinopathy_photograph": _photograph,
    }
    for model in SHAPES:
        for runtime in ("numpy", "onnxruntime", "litert", "pytorch"):
            if model != "retinopathy" or runtime == "onnxruntime":
                found[f"{model.replace('/', '_')}_{runtime}"] = lambda model=model, runtime=runtime: _network(model, runtime)
    return found


def _network(model: str, runtime: str) -> Work:
    opened = open_model(HERE / model)
    shape = tuple(opened.card.inputs[0].shape[1] if size == -1 else size for size in SHAPES[model])
    asked = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
    runner = _runner(opened.artefact, shape[1], runtime)
    return lambda: runner.run(asked)


def _runner(artefact: bytes, features: int, runtime: str) -> Runner:
    """Open a network; each process loads what it measures."""
    match runtime:
        case "numpy":
            from models.perceptron_runner import PerceptronRunner  # noqa: PLC0415

            return PerceptronRunner(artefact)
        case "litert":
            from models.litert import from_onnx  # noqa: PLC0415
            from models.litert_runner import LitertRunner  # noqa: PLC0415

            return LitertRunner(from_onnx(artefact, features))
        case "pytorch":
            from benchmarks.torch_perceptron import TorchPerceptron  # noqa: PLC0415

            return TorchPerceptron(artefact)
        case _:
            from models.onnx_runner import OnnxRunner  # noqa: PLC0415

            return OnnxRunner(artefact)


def _lead(story: str, seconds: int) -> NDArray[np.float64]:
    from protocol.metrics import ECG  # noqa: PLC0415
    from simulators.physiology import ECG_RATE_HZ, STORIES, Physiology  # noqa: PLC0415

    body = Physiology(STORIES[story], np.random.default_rng(0))
    rate = round(ECG_RATE_HZ)
    pieces = [body.samples(ECG.code, second * rate, rate) for second in range(seconds)]
    return np.concatenate(pieces).astype(np.float64) * 0.005


def _minute() -> Work:
    from models.heart_rhythm.peers import classify  # noqa: PLC0415

    lead = _lead("calm_day", 60)
    return lambda: classify(lead, 125.0)


def _gqrs() -> Work:
    from wfdb.processing import gqrs_detect  # noqa: PLC0415

    lead = _lead("calm_day", 60)
    return lambda: gqrs_detect(sig=lead, fs=125)


def _sleepecg() -> Work:
    from sleepecg import detect_heartbeats  # noqa: PLC0415

    lead = _lead("calm_day", 60)
    return lambda: detect_heartbeats(lead, 125)


def _neurokit2() -> Work:
    from neurokit2 import ecg_clean, ecg_peaks  # noqa: PLC0415

    lead = _lead("calm_day", 60)
    return lambda: ecg_peaks(ecg_clean(lead, 125), 125)


def _neurokit2_window() -> Work:
    from neurokit2 import ppg_findpeaks, rsp_clean, rsp_findpeaks  # noqa: PLC0415

    wave = _wave()
    return lambda: (ppg_findpeaks(wave, 125), rsp_findpeaks(rsp_clean(wave, 125, method="biosppy"), 125, method="biosppy"))


def _strip() -> Work:
    from models.heart_rhythm.verdict import SPAN_S, judge, opened  # noqa: PLC0415

    lead, networks = _lead("atrial_fibrillation", round(SPAN_S)), opened()
    return lambda: judge(lead, 125.0, networks)


def _window() -> Work:
    from models.ppg.monitor import measure, shipped  # noqa: PLC0415

    wave, runner = _wave(), shipped()
    return lambda: measure(wave, 125.0, runner)


def _wave() -> NDArray[np.float64]:
    """Return 32 s of a pulse wave that breathing moves."""
    at = np.arange(4000) / 125
    breath = np.sin(2 * np.pi * 0.25 * at)
    turn = np.mod(2 * np.pi * np.cumsum(1.25 * (1 + 0.03 * breath)) / 125, 2 * np.pi)
    return (1 + 0.1 * breath) * np.exp(-(((turn - 1.2) / 0.5) ** 2)) + 0.15 * breath


def _row() -> Work:
    from models.glucose.forecaster import forecast  # noqa: PLC0415
    from models.glucose.shipped import opened  # noqa: PLC0415

    history, runner = np.linspace(180, 90, 24), opened().runner
    return lambda: forecast(history, runner)


def _photograph() -> Work:
    """Make a JPEG of twelve megapixels: a lit disc with grain on black."""
    from io import BytesIO  # noqa: PLC0415

    from PIL import Image  # noqa: PLC0415

    from models.retinopathy.grader import picture_of, shipped  # noqa: PLC0415
    from models.retinopathy.photograph import Unusable, judged, quality, square  # noqa: PLC0415

    y, x = np.mgrid[:712, :1072]
    disc = np.hypot(y - 356, x - 536) < 350
    grain = np.random.default_rng(0).normal(1, 0.2, disc.shape)
    small = (np.stack([170 * grain, 85 * grain, 40 * grain], axis=2) * disc[:, :, None]).clip(0, 255).astype(np.uint8)
    held, grader = BytesIO(), shipped()
    Image.fromarray(small).resize((4288, 2848)).save(held, "JPEG", quality=92)

    def work() -> object:
        pixels = square(picture_of(held.getvalue()))
        if isinstance(pixels, Unusable):
            raise TypeError(pixels)
        return judged(quality(pixels)), grader.ask(pixels)

    return work


def measured(name: str, repeats: int) -> dict[str, float]:
    """Measure one task in this process."""
    work = tasks()[name]()
    for _ in range(WARM):
        work()
    spent: list[float] = []
    until = time.monotonic() + 20
    for _ in range(repeats):
        began = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - began))
        if time.monotonic() > until:
            break
    rss = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return {
        f"{name}_p50_ms": float(np.median(spent)),
        f"{name}_p99_ms": float(np.quantile(spent, 0.99)),
        f"{name}_a_second": 1000 / max(1e-6, float(np.mean(spent))),
        f"{name}_rss_mb": rss,
    }


def main() -> int:
    """Measure all tasks, each in a process of its own, and report."""
    repeats, figures = int(os.environ.get("REPEATS", "200")), dict[str, float]()
    for name in tasks():
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.detectors", name, str(repeats)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **ONE_THREAD},
        )
        if done.returncode:
            print(f"{name}: not measured: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            continue
        figures |= json.loads(done.stdout)
        print(
            f"{name:34} {figures[f'{name}_p50_ms']:9.3f} ms  p99 {figures[f'{name}_p99_ms']:9.3f}  {figures[f'{name}_rss_mb']:6.0f} MB",
            file=sys.stderr,
        )
    for model in SHAPES:
        folder = HERE / model
        figures[f"{model.replace('/', '_')}_bytes"] = float(Path(folder, open_model(folder).card.artefact).stat().st_size)
    for model in SHAPES:
        key = model.replace("/", "_")
        if {f"{key}_numpy_p50_ms", f"{key}_onnxruntime_p50_ms"} <= figures.keys():
            for other in ("onnxruntime", "litert", "pytorch"):
                if f"{key}_{other}_p50_ms" in figures:
                    figures[f"{key}_times_{other}"] = figures[f"{key}_numpy_p50_ms"] / figures[f"{key}_{other}_p50_ms"]
    for task, unit in (("heart_rhythm", "minute"), ("ppg", "window")):
        for peer in ("gqrs", "sleepecg", "neurokit2"):
            ours, theirs = (figures.get(f"{name}_{unit}_p50_ms") for name in (task, f"{task}_{peer}"))
            if ours and theirs:
                figures[f"{task}_times_{peer}"] = ours / theirs
    return evidence.report(figures, GOALS, {"repeats": repeats, "threads": 1})


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
        sys.exit(0)
    sys.exit(main())
