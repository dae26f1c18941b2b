"""What is set once for the whole process, so that no answer waits for the interpreter's housekeeping."""

import gc
import sys
from typing import Final

# A busy screen keeps the interpreter for so long at a time; the default of 5 ms would be felt in every answer.
_SWITCH_INTERVAL_S: Final = 0.0005
# Containers made and not freed again before the young ones are looked at. What a query leaves behind is freed by
# counting references; the default of 700 (2,000 since 3.12) has the collector look at every few queries in vain.
_YOUNG: Final = 50_000
# Up to 3.13: so many collections of one generation before the next older one is looked at too, 10 by default. From
# 3.14 on there is one old generation, of which each collection looks at a share that shrinks as the second number
# grows, and the third number is ignored. Either way old objects are looked at less often.
_MIDDLE: Final = 20
_OLD: Final = 20


def tune() -> None:
    """Have the interpreter take short turns; call once, when everything that lasts has been made.

    The modules and whatever else was made until now are left out of every later collection: looking at them takes
    tens of milliseconds during which nobody is answered, and frees nothing.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    # Not collected first: a start leaves next to no garbage behind (185 objects of 67,000), and the search takes
    # 30 ms that the first frame or the first answer would wait for.
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    gc.enable()  # the command line has it rest while it starts
