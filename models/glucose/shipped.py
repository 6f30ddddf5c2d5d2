"""The network of forecasts that ships."""

from models.catalogue import open_model
from models.glucose.forecaster import Forecaster
from models.perceptron_runner import PerceptronRunner


def opened() -> Forecaster:
    """Open the network that ships.

    Raises:
        ModelRefused: it is not the one that its card describes.
    """
    model = open_model("glucose")
    return Forecaster(PerceptronRunner(model.artefact), model.card.sha256)
