"""From a checkpoint to the zoo's ONNX file: probabilities instead of logits, the calibration's temperature inside."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from lookout_models.training.plates.net import PlateNet
from lookout_models.training.plates.samples import HEIGHT, WIDTH

#: Outputs of the exported model: N × 64 × classes and N × colours, each summing to 1 along the last axis.
TEXT, COLOUR = "text", "colour"
_OPSET = 17


class Probabilities(nn.Module):
    """The net with its logits divided by a temperature and turned into probabilities."""

    def __init__(self, net: PlateNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        text, colour = self.net(x)
        return torch.softmax(text / self.temperature, 2), torch.softmax(colour, 1)


def export(net: PlateNet, path: Path, temperature: float = 1.0) -> None:
    """Write the model for any batch size; the file holds nothing of the machine that made it."""
    example = torch.zeros(1, 3, HEIGHT, WIDTH)
    with warnings.catch_warnings():
        # The exporter without extra dependencies announces its retirement on every call.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(  # pyright: ignore[reportUnknownMemberType]
            Probabilities(net.eval(), temperature).eval(),
            (example,),
            str(path),
            input_names=["image"],
            output_names=[TEXT, COLOUR],
            dynamic_axes={"image": {0: "batch"}, TEXT: {0: "batch"}, COLOUR: {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    model = onnx.load(path)  # pyright: ignore[reportUnknownMemberType]
    model.producer_version = ""
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)  # pyright: ignore[reportUnknownMemberType]
    onnx.save(model, path)  # pyright: ignore[reportUnknownMemberType]
