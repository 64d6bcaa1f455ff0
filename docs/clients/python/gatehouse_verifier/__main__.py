"""python3 -m gatehouse_verifier ADDRESS: reads tokens, one a line, and says of each "ok SESSION", "refused", "unknown".

A token of a tenant that takes no calls is "refused TENANT_FROZEN" or "refused TENANT_MOVED".

GATEHOUSE_API_KEY has the key. GATEHOUSE_ISSUER, GATEHOUSE_AUDIENCE, GATEHOUSE_MAX_STALENESS_MS, GATEHOUSE_WHEN_STALE
(refuse or accept) are optional. Plain text: for a server on this machine.
"""

import os
import sys

from gatehouse_verifier import RevocationsUnknown, TenantClosed, TokenRefused, Verifier

_READY_S = 60


def main() -> int:
    verifier = Verifier(
        sys.argv[1],
        os.environ["GATEHOUSE_API_KEY"],
        issuer=os.environ.get("GATEHOUSE_ISSUER", "gatehouse"),
        audience=os.environ.get("GATEHOUSE_AUDIENCE", "gatehouse"),
        max_staleness_s=int(os.environ.get("GATEHOUSE_MAX_STALENESS_MS", "5000")) / 1000,
        accept_when_stale=os.environ.get("GATEHOUSE_WHEN_STALE") == "accept",
    )
    verifier.start()
    if not verifier.wait_until_ready(_READY_S):
        print(f"not ready: {verifier.last_error}", file=sys.stderr)
        return 1
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            print(f"ok {verifier.verify(line.strip()).session_id}", flush=True)
        except TenantClosed as closed:
            print(f"refused {closed.reason}", flush=True)
        except TokenRefused:
            print("refused", flush=True)
        except RevocationsUnknown:
            print("unknown", flush=True)
    verifier.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
