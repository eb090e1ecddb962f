"""Is this box's clock kept right, where there is nobody to compare it with?"""

import ctypes
from collections.abc import Callable

from lookout_edge.adapters.distrust import clock_says
from lookout_edge.domain.finding import Finding, Grade

#: What adjtimex(2) answers while nothing disciplines the clock (TIME_ERROR).
_UNSYNCHRONISED = 5
#: More than a ``struct timex`` takes on any machine.
_TIMEX_BYTES = 512


def kernel_says() -> int:
    """State of the clock by Linux; negative where it may not be asked."""
    ask = getattr(ctypes.CDLL(None), "adjtimex", None)
    # All zero: nothing is set.
    return -1 if ask is None else int(ask(ctypes.create_string_buffer(_TIMEX_BYTES)))


def check_clock(ask: Callable[[], int] = kernel_says) -> Finding:
    """Whether a time server keeps it, as far as the kernel knows."""
    state = ask()
    if state == _UNSYNCHRONISED:
        text = f"no time server keeps this box's clock: it says {clock_says()}"
        return Finding(
            Grade.WARN, "clock", text, "compare it, or switch on time synchronisation: timedatectl set-ntp true"
        )
    how = "the kernel cannot be asked who keeps it" if state < 0 else "a time server keeps it"
    return Finding(Grade.OK, "clock", f"{how}; it says {clock_says()}")
