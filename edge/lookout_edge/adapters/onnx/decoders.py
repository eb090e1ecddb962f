"""The decoder that a model's description asks for."""

from lookout_edge.adapters.onnx.heads.candidates import Decoder
from lookout_edge.adapters.onnx.heads.free_of_nms import DetrDecoder, EndToEndDecoder
from lookout_edge.adapters.onnx.heads.nanodet import NanodetDecoder
from lookout_edge.adapters.onnx.heads.ssd import SsdDecoder
from lookout_edge.adapters.onnx.heads.yolo import YoloDecoder, YoloxDecoder
from lookout_edge.adapters.zoo import ModelSpec
from lookout_edge.adapters.zoo_heads import DetrHead, EndToEndHead, NanodetHead, SsdHead, YoloHead, YoloxHead
from lookout_edge.errors import ModelError


def open_decoder(spec: ModelSpec) -> Decoder:
    """The decoder for the head of ``spec``; ModelError when it is no detector's."""
    match spec.head:
        case NanodetHead(strides=strides, bins=bins):
            return NanodetDecoder(strides, bins)
        case YoloHead():
            return YoloDecoder()
        case YoloxHead(strides=strides, decoded=decoded):
            return YoloxDecoder(strides, decoded=decoded)
        case EndToEndHead():
            return EndToEndDecoder(spec.head)
        case DetrHead():
            return DetrDecoder(spec.head)
        case SsdHead():
            return SsdDecoder(spec.input.width, spec.input.height, spec.head)
        case _:
            raise ModelError(f"model '{spec.name}' does not detect objects; choose another one as detector")
