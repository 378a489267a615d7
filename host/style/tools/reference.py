"""Writes the numbers of `tests/costs.rs`: each cost and its derivative as PyTorch has them.

    python3 host/style/tools/reference.py > host/style/tests/reference.txt

Inputs are sines, which both sides can make to the last digit that matters. Needs what `gatys.py` does.
"""

import torch

import gatys

HEIGHT, WIDTH, CHANNELS = 5, 7, 6


def sines(step, scale):
    """Values in the order of `style`: rows of pixels, channels together."""
    count = torch.arange(HEIGHT * WIDTH * CHANNELS, dtype=torch.float64)
    return (torch.sin(count * step) * scale).reshape(HEIGHT, WIDTH, CHANNELS).permute(2, 0, 1)[None]


def line(name, cost, generated):
    """A name, the cost, and the derivatives by the first values."""
    gradient = torch.autograd.grad(cost, generated)[0][0].permute(1, 2, 0).flatten()
    print(name, f"{cost.item():.9e}", *(f"{value:.9e}" for value in gradient[:8].tolist()))


def main():
    generated = sines(0.7, 3.0).requires_grad_()
    other = sines(1.1, 2.0)
    line("content", gatys.content_cost(other, generated), generated)
    line("style", gatys.style_cost(other, generated), generated)
    line("variation", gatys.total_variation(generated), generated)


main()
