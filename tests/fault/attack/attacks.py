"""All attacks by name; docs/testing.md says what has to hold under each.

Run as a program it reads a plan from standard input (see attack.py), goes through with the attack it names and prints as JSON what
became of it, what had to and did not, and the processor time that it took.
"""

import json
import sys
import time

from tests.fault.attack import (
    connection_attacks,
    frame_floods,
    header_attacks,
    known_attacks,
    message_attacks,
    stream_attacks,
    webhook_attacks,
)
from tests.fault.attack.attacker import Attack

MODULES = (header_attacks, message_attacks, stream_attacks, known_attacks, connection_attacks, frame_floods, webhook_attacks)
ATTACKS = {one.__name__: one for module in MODULES for one in module.ATTACKS}


def main():
    plan = json.loads(sys.stdin.readline())
    under = Attack(plan)
    ATTACKS[plan["attack"]](under)
    print(json.dumps({"became": under.outcome(), "unmet": under.unmet, "cpu_s": time.process_time()}))


if __name__ == "__main__":
    main()
