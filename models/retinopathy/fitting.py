"""Fitting the network: one loop for a fold and for the whole, on whichever device there is."""

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.retinopathy.network import RetinaNetwork, begin_from
from models.retinopathy.views import Labelled, plain, varied


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is fitted. side: px of a view. rate: the highest learning rate. lesions: the weight of the map of lesions."""

    size: str = "lite0"
    side: int = 512
    epochs: int = 60
    batch: int = 24
    rate: float = 1e-3
    decay: float = 0.02
    lesions: float = 0.3
    memory: float = 0.995
    seed: int = 0


def fit(data: Labelled, weights: Mapping[str, Tensor], plan: Plan) -> RetinaNetwork:
    """Return the network fitted to photographs: the moving mean of its weights."""
    device = data.pixels.device.type
    torch.manual_seed(plan.seed)
    dice = torch.Generator(device).manual_seed(plan.seed)
    network = RetinaNetwork(plan.size)
    begin_from(network, weights)
    network = network.to(device, memory_format=torch.channels_last)
    mean = deepcopy(network).eval()
    new = [parameter for name, parameter in network.named_parameters() if name.startswith(("grade", "fine", "coarse"))]
    old = [parameter for name, parameter in network.named_parameters() if not name.startswith(("grade", "fine", "coarse"))]
    optimizer = torch.optim.AdamW([{"params": old, "lr": plan.rate / 2}, {"params": new, "lr": plan.rate}], weight_decay=plan.decay)
    rates = [group["lr"] for group in optimizer.param_groups]
    each = max(1, len(data) // plan.batch)
    for epoch in range(plan.epochs):
        order = torch.randperm(len(data), generator=dice, device=device)
        for place in range(each):
            step = epoch * each + place
            part = min(1.0, (step + 1) / (2 * each)) * (1 + math.cos(math.pi * step / (plan.epochs * each))) / 2
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * part
            network.train()
            loss = loss_of(network, data.of(order[place * plan.batch : (place + 1) * plan.batch]), plan, dice)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            follow(mean, network, min(plan.memory, (step + 1) / (step + 10)))
    return mean


def loss_of(network: RetinaNetwork, batch: Labelled, plan: Plan, dice: torch.Generator) -> Tensor:
    """Return how far the network is from the labels, on views of some photographs."""
    pixels, lesions = varied(batch, plan.side, dice)
    with torch.autocast(pixels.device.type, torch.bfloat16, enabled=pixels.device.type == "cuda"):
        steps, drawn = network.forward(pixels.to(memory_format=torch.channels_last))
    loss = functional.binary_cross_entropy_with_logits(steps.float(), batch.steps)
    if plan.lesions and bool(batch.known.any()):
        weight = batch.known.float()[:, None, None, None].expand_as(lesions)
        told = functional.binary_cross_entropy_with_logits(drawn.float(), lesions, weight=weight * (1 + 4 * lesions), reduction="sum")
        loss = loss + plan.lesions * told / weight.sum().clamp(min=1) * 5
    return loss


@torch.no_grad()
def follow(mean: RetinaNetwork, network: RetinaNetwork, memory: float) -> None:
    """Move the mean towards a network."""
    theirs = network.state_dict()
    for name, ours in mean.state_dict().items():
        if ours.is_floating_point():
            ours.lerp_(theirs[name], 1 - memory)


@torch.no_grad()
def asked(network: RetinaNetwork, data: Labelled, side: int, batch: int = 32) -> Tensor:
    """Return the logits of photographs as they are, the mean of each and its mirror image, (n, STEPS_DR + STEPS_DME)."""
    found: list[Tensor] = []
    network.eval()
    for first in range(0, len(data), batch):
        pixels = plain(data.of(torch.arange(first, min(first + batch, len(data)), device=data.pixels.device)), side)
        found.append((network.forward(pixels)[0] + network.forward(pixels.flip(3))[0]).float().cpu() / 2)
    return torch.cat(found)
