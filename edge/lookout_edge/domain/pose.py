"""How a person holds themselves, from the joints that a pose model finds."""

from collections.abc import Sequence
from math import atan2, degrees, hypot
from typing import NamedTuple

#: Joints of a pose in the order of COCO's person keypoints (Lin et al. 2014, https://cocodataset.org/#keypoints-2020).
JOINTS = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
_SHOULDERS = (JOINTS.index("left_shoulder"), JOINTS.index("right_shoulder"))
_HIPS = (JOINTS.index("left_hip"), JOINTS.index("right_hip"))
#: Score from which on a joint counts as seen.
_SEEN = 0.3
#: A torso that looks shorter than this share of the shoulders' width points at the camera: it may stand or lie.
_FORESHORTENED = 0.5


class Joint(NamedTuple):
    """Where a joint is, as fractions of the picture, and how sure the model is of it, 0..1."""

    x: float
    y: float
    score: float


Pose = tuple[Joint, ...]
"""All ``JOINTS``, in their order."""


def torso_tilt(pose: Pose, aspect: float) -> float | None:
    """Degrees between upright and the way from the hips to the shoulders, 0 (upright) to 180 (head down).

    ``aspect`` is the picture's width by its height in pixels. None when shoulders or hips are not seen, or when the
    torso points at the camera.
    """
    shoulders = [pose[index] for index in _SHOULDERS if pose[index].score >= _SEEN]
    hips = [pose[index] for index in _HIPS if pose[index].score >= _SEEN]
    if not shoulders or not hips:
        return None
    (top_x, top_y), (low_x, low_y) = _middle(shoulders), _middle(hips)
    across, up = (top_x - low_x) * aspect, low_y - top_y
    left, right = shoulders[0], shoulders[-1]
    breadth = hypot((left.x - right.x) * aspect, left.y - right.y)
    length = hypot(across, up)
    if length < max(1e-6, _FORESHORTENED * breadth):
        return None
    return degrees(abs(atan2(across, up)))


def _middle(joints: Sequence[Joint]) -> tuple[float, float]:
    return sum(joint.x for joint in joints) / len(joints), sum(joint.y for joint in joints) / len(joints)
