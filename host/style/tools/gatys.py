"""The same optimisation as `postern stylize --preset course`, in PyTorch, for comparison.

Needs torch, numpy, onnx and pillow. Weights come from the ONNX file that
`cargo xtask setup --style` fetches.
"""

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from PIL import Image

MEAN = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
BLOCKS = [2, 2, 3, 3, 1]
STYLE = {"conv1_1": 0.2, "conv2_1": 0.2, "conv3_1": 0.2, "conv4_1": 0.2, "conv5_1": 0.2}
CONTENT = {"conv4_2": 1.0}
ALPHA, BETA = 10.0, 40.0


def picture(path):
    """RGB 0 to 255, 1x3xHxW."""
    pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]


class Vgg(torch.nn.Module):
    """conv1_1 to conv5_1."""

    def __init__(self, path):
        super().__init__()
        graph = onnx.load(path).graph
        constants = {tensor.name: tensor for tensor in graph.initializer}
        convolutions = [node for node in graph.node if node.op_type == "Conv"]
        self.weights = [
            [torch.from_numpy(numpy_helper.to_array(constants[name]).copy()) for name in node.input[1:3]]
            for node in convolutions[: sum(BLOCKS)]
        ]

    def forward(self, rgb, wanted):
        x = rgb.flip(1) - MEAN
        layers, number = {}, 0
        for block, count in enumerate(BLOCKS):
            for layer in range(count):
                weight, bias = self.weights[number]
                x = torch.relu_(torch.nn.functional.conv2d(x, weight, bias, padding=1))
                name = f"conv{block + 1}_{layer + 1}"
                if name in wanted:
                    layers[name] = x
                number += 1
            if block + 1 < len(BLOCKS):
                x = torch.nn.functional.max_pool2d(x, 2)
        return layers


def content_cost(content, generated):
    """1 / (4 nH nW nC) * sum (a_C - a_G)^2"""
    return ((content - generated) ** 2).sum() / (4 * generated.numel())


def gram(values):
    """The Gram matrix divided by the number of pixels."""
    flat = values[0].flatten(1)
    return flat @ flat.T / flat.shape[1]


def style_cost(style, generated):
    """1 / (4 nC^2 (nH nW)^2) * sum (G_S - G_G)^2, with Gram matrices divided by their pixels"""
    return ((gram(style) - gram(generated)) ** 2).sum() / (4 * generated.shape[1] ** 2)


def total_variation(picture):
    """The mean over all values of the squared differences to the right and lower neighbour."""
    across = ((picture[..., :, 1:] - picture[..., :, :-1]) ** 2).sum()
    down = ((picture[..., 1:, :] - picture[..., :-1, :]) ** 2).sum()
    return (across + down) / picture.numel()


class Objective:
    """J = alpha J_content + beta J_style"""

    def __init__(self, network, content, style):
        self.network = network
        with torch.no_grad():
            self.content = {name: x.clone() for name, x in network(content, CONTENT).items()}
            self.grams = {name: gram(x) for name, x in network(style, STYLE).items()}

    def __call__(self, picture):
        layers = self.network(picture, STYLE | CONTENT)
        content = sum(weight * content_cost(self.content[name], layers[name]) for name, weight in CONTENT.items())
        style = 0
        for name, weight in STYLE.items():
            values = layers[name]
            apart = ((self.grams[name] - gram(values)) ** 2).sum()
            style = style + weight * apart / (4 * values.shape[1] ** 2)
        return ALPHA * content + BETA * style
