"""Programs that are run for their figure: ours and pgbench."""

import contextlib
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

    def run(self, method, request, seconds, in_flight=64, unique=""):
        """{"rate", "p50_us", "p99_us", ...}; an error of any call fails the run. In each call `unique` is another text."""
        words = [
            *self._words,
            f"--method={method}",
            f"--request={json.dumps(request)}",
            f"--token={self._token}",
            f"--seconds={seconds}",
            f"--in_flight={in_flight}",
        ]
        return _run_json(words + ([f"--unique={unique}"] if unique else []))


class H2load:
    """Debian's load generator, whose cost per call is small: one thread, four connections."""

    def __init__(self, address, token, warm_up_s, folder):
        self._address = address
        self._folder = folder
        self._warm_up_s = warm_up_s
        self._headers = ["content-type: application/grpc", "te: trailers", f"authorization: Bearer {token}"]

    def run(self, method, request, seconds, in_flight=64):
        """Calls per second. `request` is a message; a call without an answer fails the run."""
        connections = min(in_flight, 4)
        out = self._run(method, request, connections, in_flight // connections, *self._for_seconds(seconds))
        return float(re.search(r"finished in [^,]+, ([\d.]+) req/s", out).group(1))

    def latencies(self, method, request, seconds):
        """(p50, p99) in microseconds of one call in flight."""
        log = os.path.join(self._folder, "h2load.log")
        if os.path.exists(log):
            os.remove(log)
        self._run(method, request, 1, 1, *self._for_seconds(seconds), f"--log-file={log}")
        with open(log, encoding="utf-8") as file:
            times = sorted(int(line.split("\t")[2]) for line in file)
        return times[len(times) // 2], times[int(0.99 * len(times))]

    def calls(self, method, request, count):
        """So many calls, 64 in flight."""
        self._run(method, request, 4, 16, "-n", str(count))

    def _words(self, method, request, connections, streams, *more):
        body = write_requests(os.path.join(self._folder, "h2load.body"), [request])
        words = ["h2load", "-t", "1", "-c", str(connections), "-m", str(streams), "-d", body, *more]
        for header in self._headers:
            words += ["-H", header]
        return [*words, f"http://{self._address}/{method}"]

    def _for_seconds(self, seconds):
        return "-D", str(seconds), f"--warm-up-time={round(self._warm_up_s * 1000)}ms"

    def _run(self, method, request, connections, streams, *more):
        out = _run(self._words(method, request, connections, streams, *more)).stdout
        calls = int(re.search(r"(\d+) succeeded, 0 failed, 0 errored", out).group(1))
        data = int(re.search(r"\((\d+)\) data$", out, re.MULTILINE).group(1))
        # A call that fails has no message in its answer, not even the five bytes before an empty one.
        if not calls or data < 5 * calls:
            raise RuntimeError(f"calls of {method} failed:\n{out}")
        return out


class RequestClient:
    """tests/bench/request_client against one server: for what h2load is not able to do, at as little cost."""

    def __init__(self, program, address, token, warm_up_s):
        self._words = [program, f"--address={address}"] + ([f"--token={token}"] if token else [])
        self._warm_up_s = warm_up_s

    def run(self, method, requests, seconds, in_flight=64, refresh=False):
        """{"rate", "p50_us", "p99_us", ...}: each call has the next request of a file. An error of any call fails the run."""
        words = [
            *self._words,
            f"--method={method}",
            f"--requests={requests}",
            f"--in_flight={in_flight}",
            f"--seconds={seconds}",
            f"--warm_up_seconds={self._warm_up_s}",
        ]
        run = _run_json(words + (["--refresh"] if refresh else []))
        if run["refused"] or not run["rate"]:
            raise RuntimeError(f"{run['refused']} calls of {method} failed, the first one with {run['first_refused_status']}")
        return run

    @contextlib.contextmanager
    def flood(self, method, requests, per_second, connections=4):
        """Calls at that rate, evenly spaced, whatever is answered, for as long as the context lasts; what came of them is in the
        dictionary at its end."""
        words = [*self._words, f"--method={method}", f"--requests={requests}", f"--rate={per_second}"]
        process = start([*words, f"--connections={connections}", "--seconds=3600"])
        came = {}
        try:
            yield came
        except BaseException:
            process.kill()
            process.communicate()
            raise
        process.terminate()
        came.update(finish(process))
        if came["begun"] < 0.9 * per_second * came["seconds"]:
            raise RuntimeError(f"the flood was no more than {came['begun']} calls in {came['seconds']} s")


class EchoServer:
    """What nghttp2 alone can do on one thread: tests/bench/echo_server.cc."""

    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = f"127.0.0.1:{int(self._process.stdout.readline().split()[1])}"
        self.pid = self._process.pid

    def stop(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def write_requests(path, requests):
    """Messages as they go over the wire, one after the other; the path."""
    with open(path, "wb") as file:
        for request in requests:
            body = request.SerializeToString()
            file.write(b"\0" + len(body).to_bytes(4, "big") + body)
    return path


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


def start(words, env=None):
    """Starts a program that prints JSON; `finish` waits for it."""
    return subprocess.Popen(words, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


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
