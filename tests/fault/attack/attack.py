"""What an honest client notices of each attack, and what the server holds for it. Started by tools/attack."""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import unittest

from tests.fault.attack.attacks import ATTACKS

# What must hold under every one of them.
MAX_P99_RATIO = 3
MAX_RESIDENT_MIB = 256
# Below this two figures differ by what else the machine does.
NOISE_MS = 2.0


class Victim:
    """`gatehouse serve` as released, on a private Postgres; a fresh one for each attack."""

    def __init__(self, case, tls):
        # Imported here, since it reads GATEHOUSE_BINARY.
        from tests.conformance.support.certificates import make_certificates
        from tests.e2e.support import deployment, postgres
        from tests.e2e.support.client import Client

        made = deployment.Deployment(case, postgres.Postgres(case))
        self.password = made.seed_admin()
        key_file = os.path.join(made.folder, "key")
        seed = {"api_keys": [{"display_name": "honest", "permissions": ["sessions.verify"], "key_file": key_file}]}
        made.run("seed", made.write("key.json", json.dumps(seed)))
        with open(key_file, encoding="utf-8") as file:
            self.key = file.read().strip()
        self.tls = tls
        self._deployment = made
        self._env = {"GATEHOUSE_AUTH_ACCESS_TOKEN_TTL_S": "86400", "GATEHOUSE_LOG_LEVEL": "error"}
        self.start()
        with Client(self.server.grpc_address) as client:
            self.token = client.login("root", self.password).tokens.access_token
        self.server.discard()
        if tls:
            files = make_certificates(made.folder)
            self._env["GATEHOUSE_GRPC_TLS_CERTIFICATE_FILE"] = files.certificate
            self._env["GATEHOUSE_GRPC_TLS_KEY_FILE"] = files.key

    def start(self):
        self.server = self._deployment.serve(env=self._env)

    def resident_mib(self, of="VmRSS"):
        with open(f"/proc/{self.server.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(of + ":")) / 1024

    def forget_peak(self):
        with open(f"/proc/{self.server.pid}/clear_refs", "w", encoding="utf-8") as file:
            file.write("5")


def start(module, plan, nice=0):
    process = subprocess.Popen(
        ["nice", f"-n{nice}", sys.executable, "-m", f"tests.fault.attack.{module}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    return process


def finish(process):
    out, _ = process.communicate(timeout=120)
    if process.returncode != 0:
        raise RuntimeError(f"{process.args[-1]} failed")
    return out.splitlines()[-1]


def listen(victim, seconds):
    """Starts the honest client; it has made its first call when this returns."""
    plan = {"address": victim.server.grpc_address, "tls": victim.tls, "token": victim.token, "key": victim.key}
    process = start("honest", {**plan, "seconds": seconds})
    process.stdout.readline()
    return process


def run(victim, name, seconds):
    """One line of the table."""
    victim.start()
    idle = json.loads(finish(listen(victim, seconds)))
    before = victim.resident_mib()
    victim.forget_peak()
    honest = listen(victim, seconds)
    plan = {"attack": name, "address": victim.server.grpc_address, "http": victim.server.http_address}
    # As if it came from another machine: the processor is the server's and the honest client's first.
    attacker = start("attacks", {**plan, "seconds": seconds, "password": victim.password}, nice=10)
    under = json.loads(finish(honest))
    outcome = json.loads(finish(attacker))
    peak = victim.resident_mib("VmHWM")
    time.sleep(1)
    after = victim.resident_mib()
    victim.server.discard()
    ratio = under["p99"] / max(idle["p99"], NOISE_MS)
    holds = ratio <= MAX_P99_RATIO and peak <= MAX_RESIDENT_MIB and under["failed"] == 0 and outcome["harmless"]
    cells = (
        name,
        f"{idle['p50']:.1f} / {idle['p99']:.1f}",
        f"{under['p50']:.1f} / {under['p99']:.1f} / {under['max']:.0f}",
        f"{ratio:.1f}",
        f"{under['failed']} of {under['calls']}",
        f"{before:.0f} / {peak:.0f} / {after:.0f}",
        "holds" if holds else "BROKEN",
        outcome["became"],
    )
    print("| " + " | ".join(cells) + " |", flush=True)
    return holds


def main():
    parser = argparse.ArgumentParser(prog="tools/attack")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help=", ".join(ATTACKS))
    options = parser.parse_args()
    unknown = set(options.attacks) - set(ATTACKS)
    if unknown:
        parser.error(f"no such attack: {', '.join(sorted(unknown))}")
    os.environ["GATEHOUSE_BINARY"] = os.path.join(options.bin, "service/main/gatehouse")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    chosen = options.attacks or list(ATTACKS)
    print("| attack | idle p50 / p99 ms | under it p50 / p99 / max ms | p99 ratio | failed | MiB before / peak / after | | attacker |")
    print("|---|---|---|---|---|---|---|---|")
    held = []
    for tls in (False, True):
        names = [name for name in chosen if name.startswith("tls_") == tls]
        if not names:
            continue
        case = unittest.TestCase()
        try:
            victim = Victim(case, tls)
            held += [run(victim, name, options.seconds) for name in names]
        finally:
            case.doCleanups()
    broken = held.count(False)
    print(f"{len(held) - broken} held, {broken} broken")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
