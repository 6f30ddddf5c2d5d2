"""What each training was, in MLflow's form, in a local folder: what went in, what was measured, the card and the artefact. Training only.

`mlflow ui --backend-store-uri sqlite:///FOLDER/mlflow.db` shows them side by side.
"""

import logging
import re
from argparse import ArgumentParser
from hashlib import sha256
from math import isnan
from pathlib import Path

from mlflow.tracking import MlflowClient

from models.catalogue import Card, Layer, open_model
from models.layers import lines

log = logging.getLogger("models.tracking")
DATABASE = "mlflow.db"
_OTHER = re.compile(r"[^\w\-./: ]")
"""What MLflow allows in no name."""


def add_arguments(parser: ArgumentParser, here: Path) -> None:
    """Add what every training is told: its seed, where the result goes (`here` unless it is said otherwise), and where it is noted."""
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=here, help="folder for card.toml and artefacts/ (default: this package)")
    parser.add_argument("--tracking", type=Path, default=Path(".mlflow"), help="folder of what trainings were (default: .mlflow)")


def keep(out: Path, name: str, artefact: bytes, card: str, layers: tuple[Layer, ...], tracking: Path) -> None:
    """Write an artefact and its card, at whose end stands what int8 cost each layer, and note the training."""
    out.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
    out.joinpath(name).write_bytes(artefact)
    out.joinpath("card.toml").write_text("\n".join([card.rstrip("\n"), *lines(layers), ""]), "utf-8")
    log.info("%s: %d bytes, SHA-256 %s, noted as %s", name, len(artefact), sha256(artefact).hexdigest(), track(out, tracking))


def track(model: Path, folder: Path) -> str:
    """Note the training whose card and artefact lie in a model's folder; return the name of the run.

    Raises:
        ModelRefused: there is no card, or the artefact is not the one that it describes.
    """
    opened = open_model(model)
    card = opened.card
    folder.mkdir(parents=True, exist_ok=True)
    client = MlflowClient(tracking_uri=f"sqlite:///{(folder / DATABASE).resolve()}")
    found = client.get_experiment_by_name(card.name)
    experiment = (
        found.experiment_id if found else client.create_experiment(card.name, (folder / "artefacts" / card.name).resolve().as_uri())
    )
    run = client.create_run(experiment, run_name=f"{card.name} {card.version} {card.sha256[:8]}").info.run_id
    for name, value in {**card.training, "version": card.version, "sha256": card.sha256}.items():
        client.log_param(run, name, value)
    for name, value in measured(card).items():
        client.log_metric(run, name, value)
    for path in (model / "card.toml", model / card.artefact):
        client.log_artifact(run, str(path))
    client.set_terminated(run)
    return run


def measured(card: Card) -> dict[str, float]:
    """Return the figures of a card by names that MLflow allows, with both ends of each interval."""
    figures: dict[str, float] = {}
    for figure in card.figures:
        name = _OTHER.sub("", f"{figure.name} - {figure.on}")
        for end, value in (("", figure.value), (" low", figure.low), (" high", figure.high)):
            if not isnan(value):  # MLflow keeps no NaN
                figures[f"{name}{end}"] = value
    return figures
