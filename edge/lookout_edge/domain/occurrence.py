"""How occurrences of one scenario are held together over misses, restarts and flapping."""

from dataclasses import dataclass

from lookout_contract.events import EndReason, Scenario

#: ``severity_reason`` of what a camera's own analytics said: no rule of ours can see whether it is still so.
CAMERA_ANALYTICS = "camera_analytics"
#: ``severity_reason`` of a one-tap alarm.
BUTTON_PRESSED = "button_pressed"
#: Its stage, by which the dispatcher makes a case without a tap.
PANIC = "panic"
#: What no rule has told: rules neither go on with it nor end it.
NOT_BY_RULES = frozenset({CAMERA_ANALYTICS, BUTTON_PRESSED})
#: Their alarms, with their pictures, leave before all others and are given up last.
PRIORITY = frozenset({Scenario.FIRE_SMOKE, Scenario.KEY_AREA})


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceSettings:
    """Times in seconds of frame time."""

    #: Watched seconds for which a thing may be gone before its occurrence ends.
    hold_s: float = 3.0
    #: Least time between two updates that report nothing but the time going by.
    update_interval_s: float = 30.0
    #: Overlap (IoU) at which a thing under another number is taken for the same one.
    same_place_iou: float = 0.3
    #: For so long after a shutdown or blindness the same thing in the same place goes on under its old name.
    resume_s: float = 3600.0
    #: For so long after its end a thing that comes back to its place is the same occurrence again; 0 never.
    reopen_s: float = 0.0
    #: What it means when the thing is seen to be gone: ``cleared``, or ``removed`` for what somebody carried away.
    gone_as: EndReason = EndReason.CLEARED
