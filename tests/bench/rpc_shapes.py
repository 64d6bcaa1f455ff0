#!/usr/bin/python3
"""Compares the shapes of rpc_shapes.cc: latency of one call in flight, rate at 64 and 256.

    bazel build --config=release //tests/bench:rpc_shapes //tests/bench:load_client
    tests/bench/rpc_shapes.py [--seconds 3] [--rounds 3]

The shapes take turns within each round, and the table shows the best round of each: what else the machine does meanwhile only
ever slows a round down. CPU is the server's alone, per call at 64 in flight (median); it hardly depends on the machine's load.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess

SHAPES = ["callback", "callback_loop", "typed_inline", "typed_loop", "generic_inline", "generic_loop", "bridge", "chain"]
BIN = pathlib.Path(__file__).resolve().parents[2] / "bazel-bin/tests/bench"


def cpu_seconds(pid):
    user, system = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure(shape, in_flight, seconds):
    server = subprocess.Popen([BIN / "rpc_shapes", f"--shape={shape}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip()
        cpu_before = cpu_seconds(server.pid)
        result = subprocess.run(
            [
                BIN / "load_client",
                f"--address=127.0.0.1:{port}",
                "--method=gatehouse.bench.v1.NoopService/Noop",
                '--request={"payload": "0123456789abcdef0123456789abcdef"}',
                f"--in_flight={in_flight}",
                f"--channels={min(in_flight, 4)}",
                f"--seconds={seconds}",
                "--warm_up_seconds=0",
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        row = json.loads(result.stdout)
        row["cpu_us"] = (cpu_seconds(server.pid) - cpu_before) / row["calls"] * 1e6
        return row
    finally:
        server.stdin.close()
        server.wait(timeout=20)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shapes", nargs="*", default=SHAPES)
    options = parser.parse_args()
    results = {}
    for _ in range(options.rounds):
        for in_flight in (1, 64, 256):
            for shape in options.shapes:
                results.setdefault((shape, in_flight), []).append(measure(shape, in_flight, options.seconds))

    print(f"{'shape':16}{'p50 us':>10}{'p99 us':>10}{'calls/s 64':>12}{'calls/s 256':>12}{'cpu us/call':>12}")
    for shape in options.shapes:
        one, many, most = (results[shape, in_flight] for in_flight in (1, 64, 256))
        print(
            f"{shape:16}{min(r['p50_us'] for r in one):10.0f}{min(r['p99_us'] for r in one):10.0f}"
            f"{max(r['rate'] for r in many):12.0f}{max(r['rate'] for r in most):12.0f}"
            f"{statistics.median(r['cpu_us'] for r in many):12.1f}"
        )


if __name__ == "__main__":
    main()
