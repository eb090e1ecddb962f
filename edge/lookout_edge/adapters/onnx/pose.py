"""How a person holds themselves, with a pose model of the zoo."""

from collections.abc import Sequence

import numpy as np

from lookout_edge.adapters.onnx.heads.pose import open_pose_decoder
from lookout_edge.adapters.onnx.letterbox import InputMaker
from lookout_edge.adapters.onnx.session import DEFAULT_PROVIDERS, OnnxSession
from lookout_edge.adapters.zoo import ZooEntry
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.pose import Joint, Pose

#: The box is widened by this share of its size: hands and feet stick out of it, and models were trained so.
_MARGIN = 0.125


class OnnxPoseEstimator:
    """A :class:`lookout_edge.ports.PoseEstimator`; one instance serves all cameras and threads."""

    def __init__(self, entry: ZooEntry, providers: Sequence[str] = DEFAULT_PROVIDERS, threads: int = 1) -> None:
        self.name, self.sha256 = entry.name, entry.sha256
        self._decoder = open_pose_decoder(entry.spec)
        self._maker = InputMaker(entry.spec.input)
        self._canvas = (entry.spec.input.width, entry.spec.input.height)
        self._session = OnnxSession(entry.name, entry.weights(), providers, threads)

    def estimate(self, image: Image, box: Box) -> Pose | None:
        """See ``PoseEstimator``. Raises ModelError when the runtime fails."""
        height, width = image.shape[:2]
        around = box.grown(_MARGIN, (0.0, 0.0)).clipped()
        left, top = int(around.x1 * width), int(around.y1 * height)
        right, bottom = max(left + 1, round(around.x2 * width)), max(top + 1, round(around.y2 * height))
        part = image[top:bottom, left:right]
        if part.size == 0:
            return None
        batch, placement = self._maker.make(part)
        outputs = {name: value[0] for name, value in self._session.run(batch).items()}
        joints = self._decoder.decode(outputs, self._canvas)
        if joints is None:
            return None
        inside = placement.to_fractions(joints[:, :2])
        size = np.array([part.shape[1] / width, part.shape[0] / height])
        places = inside * size + np.array([left / width, top / height])
        return tuple(Joint(float(x), float(y), float(s)) for (x, y), s in zip(places, joints[:, 2], strict=True))
