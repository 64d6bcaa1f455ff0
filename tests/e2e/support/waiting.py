"""Waiting for another process: by asking, since it announces nothing."""

import time

# Nobody waits this long on a healthy machine; under a full parallel run some steps take seconds.
DEADLINE_S = 60


def until(condition, what, timeout=DEADLINE_S, interval=0.02):
    """Returns the first true result of `condition`; fails with `what` after `timeout` seconds."""
    give_up = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > give_up:
            raise AssertionError(f"not within {timeout} s: {what() if callable(what) else what}")
        time.sleep(interval)
