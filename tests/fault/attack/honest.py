"""The client beside an attack: one VerifySession after the other, and how long each takes.

Reads {"address", "tls", "token", "key", "seconds"} from standard input, says "begun", and prints as JSON the milliseconds of each call
and how many failed.
"""

import json
import sys
import time

from tests.support.http2 import wire

METHOD = "gatehouse.v1.SessionService/VerifySession"
# Between calls: a machine that is busy with measuring would be measured.
PAUSE_S = 0.004
# After as many calls a connection is a new one: servers must not forget those who come now.
CALLS_PER_CONNECTION = 50
GIVE_UP_S = 10


class Caller:
    def __init__(self, plan):
        self._plan = plan
        self._headers = wire.call_headers(METHOD, plan["key"])
        token = plan["token"].encode()
        # VerifySessionRequest.token, whose length takes two bytes.
        self._message = wire.message(b"\x0a" + bytes((len(token) % 128 + 128, len(token) // 128)) + token)
        self._connection = None
        self._stream = 1

    def call(self):
        """Whether there was an answer."""
        try:
            if self._connection is None:
                self._connection = wire.Connection(self._plan["address"], tls=self._plan["tls"])
                self._connection.send(wire.frame(wire.WINDOW_UPDATE, 0, 0, (1 << 30).to_bytes(4, "big")))
                self._stream = 1
            answered = self._ask(self._stream)
        except OSError:
            answered = False
        self._stream += 2
        if not answered or self._stream > 2 * CALLS_PER_CONNECTION:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
        return answered

    def _ask(self, stream):
        self._connection.send(
            wire.frame(wire.HEADERS, wire.END_HEADERS, stream, self._headers)
            + wire.frame(wire.DATA, wire.END_STREAM, stream, self._message)
        )
        # Only an answer with status OK has a message.
        got_message = False
        until = time.monotonic() + GIVE_UP_S
        while not self._connection.closed and time.monotonic() < until:
            for one in self._connection.look(wait=0.1):
                if one.stream != stream:
                    continue
                got_message = got_message or (one.type == wire.DATA and len(one.payload) > 5)
                if one.type == wire.RESET or one.flags & wire.END_STREAM:
                    return got_message
        return False


def main():
    plan = json.loads(sys.stdin.readline())
    caller = Caller(plan)
    # The verdict into the cache.
    caller.call()
    print("begun", flush=True)
    times, failed = [], 0
    until = time.monotonic() + plan["seconds"]
    while time.monotonic() < until:
        begin = time.monotonic()
        if not caller.call():
            failed += 1
        times.append((time.monotonic() - begin) * 1000)
        time.sleep(PAUSE_S)
    print(json.dumps({"times": [round(taken, 3) for taken in times], "failed": failed}))


if __name__ == "__main__":
    main()
