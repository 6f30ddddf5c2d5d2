"""Train the rivals and ship the better one: `python -m models.vital_anomaly.trend.train --data ../shared/data --seed 0`.

Each person is judged by networks that have not seen them (FOLDS folds by person); the one that ships has seen all, and its threshold is that at
which those had MOST_ALERTS alerts a patient-day on ordinary streams.
"""

import argparse
import logging
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import tracking
from models.evaluation import Agreement, compare
from models.layers import compared
from models.onnx_runner import OnnxRunner
from models.perceptron import INPUT
from models.perceptron_runner import PerceptronRunner
from models.quantization import quantize
from models.vital_anomaly.trend.card import ALONE, Trained, text_of
from models.vital_anomaly.trend.course import VITALS, vector
from models.vital_anomaly.trend.figures import (
    Network,
    Scorer,
    Watched,
    alerts_a_day,
    by_departure,
    by_early_warning,
    by_limits,
    by_network,
    watch,
    without,
)
from models.vital_anomaly.trend.network import LAST, ConvAutoencoder, LstmAutoencoder, again, fitted, standardised, write
from models.vital_anomaly.trend.recordings import Stream, courses, out_of_order, streams_in
from models.vital_anomaly.trend.strangeness import People

HERE = Path(__file__).parent
ARTEFACT = "artefacts/vital_trend.onnx"
FOLDS = 4
SHORT, AS_OFTEN = 100, 6
"""Streams of fewer steps count so many times, or the few minutes of intensive care would be drowned by hours of wristbands."""
MOST_ALERTS = 4.0
SHIPS = "convolutional, int8"
log = logging.getLogger("vital_trend.train")


def people_of(streams: Sequence[Stream]) -> People:
    """Measure what is usual for some people."""
    ordinary = [rows for stream in streams if len(rows := stream.ordinary()) > 3]
    medians = np.array([[np.nanmedian(column) if np.isfinite(column).any() else np.nan for column in rows.T] for rows in ordinary])
    spreads = np.array([[np.nanstd(column) if np.isfinite(column).any() else np.nan for column in rows.T] for rows in ordinary])
    parts = (np.nanmean(medians, axis=0), np.nanstd(medians, axis=0), np.nanmedian(spreads, axis=0))
    mean, between, within = (tuple(round(float(value), 4) for value in part) for part in parts)
    return People(mean, between, within)


def learnt_from(streams: Sequence[Stream]) -> NDArray[np.float32]:
    """Return the inputs of all ordinary courses, (n, FEATURES)."""
    rows: list[NDArray[np.float32]] = []
    for stream in streams:
        held = [vector(course) for course in courses(stream.values) if not out_of_order(course).any()]
        rows += held * (AS_OFTEN if len(stream.values) < SHORT else 1)
    return np.stack(rows)


def quantized(net: ConvAutoencoder, people: People, features: NDArray[np.float32]) -> tuple[bytes, bytes]:
    """Return the float network and the int8 one."""
    exact = write(net, people)
    return exact, quantize(exact, INPUT, features[:: max(1, len(features) // 2048)], LAST)


def rivals(streams: Sequence[Stream], seed: int) -> dict[str, Scorer]:
    """Return all that is compared, fitted to some people."""
    people, features = people_of(streams), learnt_from(streams)
    seen = standardised(features, people)
    conv, lstm = fitted(ConvAutoencoder, seen, seed), fitted(LstmAutoencoder, seen, seed)
    runner = PerceptronRunner(quantized(conv, people, features)[1])

    def lstm_says(asked: NDArray[np.float32]) -> NDArray[np.float32]:
        return again(lstm, standardised(asked, people))

    def conv_says(asked: NDArray[np.float32]) -> NDArray[np.float32]:
        return again(conv, standardised(asked, people))

    networks: dict[str, Network] = {"LSTM": lstm_says, "convolutional": conv_says, SHIPS: runner.run}
    ships = by_network(runner.run, people)
    return {
        "plain limits": by_limits,
        "NEWS2": by_early_warning,
        "departure from the usual alone": by_departure(people),
        **{f"{name} autoencoder alone": by_network(network, people, alone=True) for name, network in networks.items() if name != SHIPS},
        **{name: by_network(network, people) for name, network in networks.items()},
        **without(
            ships, {f"{ALONE}{metric.name}": [other for other in range(len(VITALS)) if other != v] for v, metric in enumerate(VITALS)}
        ),
    }


def out_of_fold(streams: Sequence[Stream], seed: int) -> dict[str, list[Watched]]:
    """Return each person as each rival saw them that was fitted to others."""
    fold = np.random.default_rng(seed).permutation(len(streams)) % FOLDS
    seen: dict[str, list[Watched]] = {}
    for held_out in range(FOLDS):
        learnt = [stream for place, stream in enumerate(streams) if fold[place] != held_out]
        people = people_of(learnt)
        for name, scorer in rivals(learnt, seed).items():
            seen.setdefault(name, []).extend(watch(stream, scorer, people) for i, stream in enumerate(streams) if fold[i] == held_out)
        log.info("fold %d of %d", held_out + 1, FOLDS)
    return seen


def chosen(seen: Sequence[Watched]) -> float:
    """Return the least threshold, in tenths, with at most MOST_ALERTS alerts a patient-day."""
    highest = max(float(person.calm.max()) for person in seen if len(person.calm))
    tenths = np.arange(1, int(highest * 10) + 3) / 10
    return next(float(each) for each in tenths if alerts_a_day(seen, float(each)) <= MOST_ALERTS)


def main() -> None:
    """Train, compare, quantize, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds vitals/bidmc and vitals/stress_predict_e4")
    tracking.add_arguments(parser, HERE)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    vitals = given.data / "vitals"
    streams = streams_in(vitals / "bidmc") + streams_in(vitals / "stress_predict_e4")
    seen = out_of_fold(streams, given.seed)
    people, features = people_of(streams), learnt_from(streams)
    conv = fitted(ConvAutoencoder, standardised(features, people), given.seed)
    exact, artefact = quantized(conv, people, features)
    agreement: Agreement = compare(OnnxRunner(exact), PerceptronRunner(artefact), features[::10], 0.0)
    raise_at = chosen(seen[SHIPS])
    card = text_of(Trained(sha256(artefact).hexdigest(), given.seed, people, raise_at, SHIPS, seen, agreement, len(features)))
    tracking.keep(
        given.out, ARTEFACT, artefact, card, compared(exact, artefact, INPUT, features[:: max(1, len(features) // 2048)]), given.tracking
    )


if __name__ == "__main__":
    main()
