"""Training: views keep their lesions in place, weights begin where they should, and what is exported is what was fitted."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")

from models.onnx_runner import OnnxRunner  # noqa: E402
from models.quantization import quantize_convolutions  # noqa: E402
from models.retinopathy import train  # noqa: E402
from models.retinopathy.artefact import EXACT, INPUT, exported  # noqa: E402
from models.retinopathy.fitting import Plan, fit, loss_of  # noqa: E402
from models.retinopathy.network import LESIONS, STEPS_DME, STEPS_DR, RetinaNetwork, begin_from  # noqa: E402
from models.retinopathy.photograph import SIDE, normalised, square  # noqa: E402
from models.retinopathy.photographs import Photograph  # noqa: E402
from models.retinopathy.views import Labelled, steps_of, varied  # noqa: E402
from tests.models.retinopathy.eyes import retina  # noqa: E402

SMALL = Plan(size="lite0", side=64, epochs=1, batch=2)


def some(count: int = 4, side: int = 96) -> Labelled:
    pixels = torch.zeros(count, 3, side, side, dtype=torch.uint8)
    pixels[:, :, 20:40, 30:50] = 200
    lesions = torch.zeros(count, LESIONS, side, side, dtype=torch.bool)
    lesions[:, 2, 20:40, 30:50] = True
    return Labelled(pixels, steps_of(torch.arange(count) % 5, torch.arange(count) % 3), lesions, torch.tensor([True] * count))


def weights() -> dict[str, "torch.Tensor"]:
    """Return a state as the package of first weights has it: other names, the same order, a last layer of its own."""
    state = RetinaNetwork("lite0").state_dict()
    trunk = [value for name, value in state.items() if name.startswith(("stem", "stages", "head")) and value.is_floating_point()]
    return {**{f"_{place}": value for place, value in enumerate(trunk)}, "_fc.weight": torch.zeros(1000, 1280)}


def test_steps_are_reached_up_to_the_grade() -> None:
    assert steps_of(torch.tensor([0, 3, 4]), torch.tensor([2, 0, 1])).tolist() == [
        [0, 0, 0, 0, 1, 1],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 1, 0],
    ]


def test_a_view_turns_a_picture_and_its_lesions_alike() -> None:
    pixels, lesions = varied(some(8), 96, torch.Generator().manual_seed(1))
    assert pixels.shape == (8, 3, 96, 96)
    assert lesions.shape == (8, LESIONS, 12, 12)
    bright = torch.nn.functional.max_pool2d(pixels.mean(1, keepdim=True), 8)[:, 0]
    for place in range(8):
        marked = lesions[place, 2] > 0.9
        assert marked.any()
        assert bright[place][marked].mean() > bright[place][lesions[place, 2] < 0.05].mean() + 0.3


def test_first_weights_are_taken_by_order_and_others_are_refused() -> None:
    network, given = RetinaNetwork("lite0"), weights()
    begin_from(network, given)
    assert torch.equal(network.stem[1].weight, given["_0"])
    with pytest.raises(ValueError, match="another network"):
        begin_from(RetinaNetwork("lite2"), given)


def test_a_step_of_fitting_learns_and_repeats_itself() -> None:
    plan, data = SMALL, some()
    first, second = fit(data, weights_of := weights(), plan), fit(data, weights_of, plan)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True))
    assert loss_of(first, data, plan, torch.Generator().manual_seed(0)).item() > 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_what_is_exported_is_what_was_fitted_and_int8_is_near_it() -> None:
    torch.manual_seed(0)
    network = RetinaNetwork("lite0").eval()
    pixels = square(retina())
    assert isinstance(pixels, np.ndarray)
    picture = normalised(pixels)[np.newaxis]
    with torch.no_grad():
        steps, lesions = network(torch.from_numpy(picture))
    said = OnnxRunner(exact := exported(network)).run(picture)
    assert said.shape == (1, STEPS_DR + STEPS_DME + LESIONS * (SIDE // 8) ** 2)
    assert np.allclose(said[:, :6], steps.numpy(), atol=1e-3)
    assert np.allclose(said[:, 6:], lesions.flatten(1).numpy(), atol=1e-3)
    small = quantize_convolutions(exact, INPUT, picture, EXACT)
    assert len(small) < len(exact) / 3
    assert np.abs(OnnxRunner(small).run(picture)[:, :6] - said[:, :6]).max() < 0.3 * np.abs(said[:, :6]).max() + 0.1


def test_the_same_picture_with_two_grades_has_the_mean_of_both(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        Image.fromarray(retina(seed=seed)).save(tmp_path / f"{name}.png")
    known = [Photograph(tmp_path / f"{name}.png", grade, 0) for name, grade in (("a", 1), ("b", 3), ("c", 2))]
    steps = train.labelled(known, tmp_path / "none").steps
    assert steps[:, :4].tolist() == [[1, 0.5, 0.5, 0], [1, 0.5, 0.5, 0], [1, 1, 0, 0]]


def test_temperatures_calm_what_is_too_sure() -> None:
    told = [
        (Photograph(Path("x"), grade, 0), np.array([8.0, sign * 8.0, -8, -8, -8, -8])) for grade, sign in ((2, 1), (2, 1), (1, 1), (1, -1))
    ]
    found = train.temperatures_of(told)
    assert found["grade 2"] > 2
    assert found["grade 1"] == 0.5
    assert [each.told for each in train.answers(told, found)] == [2, 2, 2, 1]
