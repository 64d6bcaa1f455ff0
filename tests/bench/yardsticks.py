"""Programs that are run for their figure: ours and pgbench."""

import json
import os
import re
import subprocess

from tests.e2e.support import postgres as pg

# As in the measurements of other systems that ours are compared with.
PGBENCH_CLIENTS = 32
TABLE_ROWS = 10_000


class LoadClient:
    """tests/bench/load_client against one server."""

    def __init__(self, program, address, token, warm_up_s):
        self._words = [program, f"--address={address}", f"--warm_up_seconds={warm_up_s}"]
        self._token = token

    def run(self, method, request, seconds, in_flight=64):
        """{"rate", "p50_us", "p99_us", ...}; an error of any call fails the run."""
        words = [
            *self._words,
            f"--method={method}",
            f"--request={json.dumps(request)}",
            f"--token={self._token}",
            f"--seconds={seconds}",
            f"--in_flight={in_flight}",
        ]
        return _run_json(words)


def raw_argon2id(program, config, threads, seconds, *words):
    """Hashes per second of libargon2 in a loop; with "--own", of the server's own function."""
    command = [
        program,
        *words,
        f"--memory_kib={config['argon2_memory_kib']}",
        f"--passes={config['argon2_iterations']}",
        f"--lanes={config['argon2_parallelism']}",
        f"--threads={threads}",
        f"--seconds={seconds}",
    ]
    return _run_json(command)["rate"]


class Pgbench:
    """A table of its own beside the server's, in the same cluster."""

    def __init__(self, deployment):
        self._dsn = deployment.dsn
        self._scripts = {
            "insert": deployment.write("insert.sql", "INSERT INTO public.bench_row (body) VALUES ('a hundred bytes' || repeat('.', 85));\n"),
            "select": deployment.write(
                "select.sql", f"\\set id random(1, {TABLE_ROWS})\nSELECT body FROM public.bench_row WHERE id = :id;\n"
            ),
        }
        deployment.sql(
            "CREATE TABLE public.bench_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL);"
            f"INSERT INTO public.bench_row (body) SELECT repeat('.', 100) FROM generate_series(1, {TABLE_ROWS})"
        )
        deployment.sql("VACUUM ANALYZE public.bench_row")

    def run(self, script, seconds):
        """Transactions per second."""
        words = ["-n", "-M", "prepared", "-c", str(PGBENCH_CLIENTS), "-j", "2", "-T", str(seconds)]
        done = _run([f"{pg.bin_dir()}/pgbench", *words, "-f", self._scripts[script], self._dsn])
        return float(re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE).group(1))


def machine():
    """A line about what the figures were taken on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    version = _run([f"{pg.bin_dir()}/postgres", "--version"]).stdout.split()[2]
    load = os.getloadavg()[0]
    return (
        f"{len(os.sched_getaffinity(0))} cores ({model.group(1) if model else os.uname().machine}), {memory:.0f} GiB, "
        f"Linux {os.uname().release}, Postgres {version}, load before {load:.1f}"
    )


def start(words):
    """Starts a program that prints JSON; `finish` waits for it."""
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    """What the program printed, once it has ended well."""
    out, err = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{os.path.basename(process.args[0])} failed: {out}{err}")
    return json.loads(out)


def _run_json(words):
    return finish(start(words))


def _run(words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{os.path.basename(words[0])} failed: {done.stdout}{done.stderr}")
    return done
