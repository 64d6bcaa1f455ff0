"""`gatehouse dev` as a person runs it: starting, stopping, and what can be wrong with the place it runs in."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from tests.e2e.support import accounts, grpcurl, known_secrets, scratch
from tests.e2e.support.client import CallError, Client, refuses_calls
from tests.e2e.support.exit_codes import EXIT_ADDRESS_IN_USE, EXIT_FAILED, EXIT_NO_DATABASE, EXIT_USAGE
from tests.e2e.support.gatehouse import BINARY, ENDLESS_CALLS, Gatehouse, environment, run
from tests.e2e.support.http_client import get
from tests.e2e.support.postgres import TableLock
from tests.e2e.support.processes import free_address, is_listening, postgres_of
from tests.e2e.support.server_case import check_postgres_log
from tests.e2e.support.waiting import DEADLINE_S, until

PLAIN_USER = "nobody"


class DevTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The first run, whose database the other tests copy: initdb takes seconds.
        cls.made = scratch.make_folder(cls) + "/data"
        server = Gatehouse.dev(cls.made)
        cls.first_output = server.stdout
        cls.first_exit = server.stop()
        server.discard()

    def setUp(self):
        self.folder = scratch.make_folder(self)
        self.data_dir = self.folder + "/data"

    def use_made(self):
        return scratch.copy(self.made, self.data_dir)

    def start(self, *arguments, **options):
        server = Gatehouse.dev(self.data_dir, *arguments, **options)
        self.addCleanup(server.discard)
        return server

    def fails(self, *arguments, code=EXIT_NO_DATABASE, **options):
        """Starts one that must not come up; what it says on standard error."""
        server = self.start(*arguments, wait=False, **options)
        self.assertEqual(server.wait_exit(), code, server.stdout + server.stderr)
        self.assertNotIn("READY", server.stdout)
        self.assertEqual(postgres_of(self.data_dir), [])
        return server.stderr

    def login(self, server):
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        client.login("admin", known_secrets.DEMO_PASSWORD)
        return client

    def test_first_run_tells_what_it_does_and_how_to_try_it(self):
        self.assertEqual(self.first_exit, 0)
        lines = self.first_output.splitlines()
        ready = [number for number, line in enumerate(lines) if line.startswith("READY")]
        self.assertEqual(len(ready), 1, self.first_output)
        self.assertGreater(ready[0], 0, "no progress is shown before READY")
        for word in ("admin", "analyst", "viewer", known_secrets.DEMO_PASSWORD):
            self.assertIn(word, self.first_output)

    def test_what_it_tells_to_try_works_wherever_it_listens(self):
        self.use_made()
        for address, reached_at in (
            ("127.0.0.1:0", "127.0.0.1:{port}"),
            # Another address of the loopback interface: nothing answers at 127.0.0.1 then.
            ("127.0.0.2:0", "127.0.0.2:{port}"),
            ("0.0.0.0:0", "127.0.0.1:{port}"),
        ):
            with self.subTest(address):
                server = self.start(f"--grpc-address={address}")
                port = server.grpc_address.rpartition(":")[2]
                command = re.search(r"To try it:\n +(grpcurl .+)\n", server.stdout).group(1)
                self.assertIn(" " + reached_at.format(port=port) + " ", command)
                done = subprocess.run(
                    ["sh", "-c", command],
                    env={"PATH": os.path.dirname(grpcurl.PROGRAM) + ":/usr/bin:/bin"},
                    capture_output=True,
                    text=True,
                    timeout=2 * DEADLINE_S,
                    check=False,
                )
                self.assertEqual(done.returncode, 0, done.stderr)
                answer = json.loads(done.stdout)
                known_secrets.remember_fields(answer)
                self.assertIn("accessToken", answer["tokens"])
                self.assertEqual(server.stop(), 0, server.stderr)

    def test_takes_no_call_before_its_users_are_there(self):
        address = free_address()
        self.start(f"--grpc-address={address}", wait=False)
        give_up = time.monotonic() + DEADLINE_S
        while not is_listening(address) and time.monotonic() < give_up:
            pass
        with Client(address) as client:
            # Made last of the three.
            client.login("viewer", known_secrets.DEMO_PASSWORD)

    def test_second_run_keeps_what_the_first_one_made(self):
        first = self.start()
        client = self.login(first)
        user = client.CreateUser(user={"username": "kept"}).user
        # A demo user is one like others: what was changed is not changed back.
        analyst = client.GetUser(username="analyst").user.id
        client.UpdateUser(user_id=analyst, user={"email": "other@example.com"}, update_mask={"paths": ["email"]})
        keys = get(first.http_address, "/.well-known/jwks.json")
        self.assertEqual(first.stop(), 0)
        second = self.start()
        client = self.login(second)
        self.assertEqual(client.GetUser(username="kept").user.id, user.id)
        self.assertEqual(client.GetUser(username="analyst").user.email, "other@example.com")
        self.assertEqual(get(second.http_address, "/.well-known/jwks.json"), keys)
        self.assertEqual(second.stop(), 0)
        check_postgres_log(self.data_dir)

    def test_a_demo_user_that_was_renamed_or_deleted_does_not_come_back(self):
        self.use_made()
        first = self.start()
        client = self.login(first)
        admin = client.GetUser(username="admin").user.id
        client.DeleteUser(user_id=client.GetUser(username="viewer").user.id)
        client.UpdateUser(user_id=admin, user={"username": "boss"}, update_mask={"paths": ["username"]})
        self.assertEqual(first.stop(), 0)
        server = self.start()
        with Client(server.grpc_address) as client:
            client.login("boss", known_secrets.DEMO_PASSWORD)
            for gone in ("admin", "viewer"):
                with self.subTest(gone), self.assertRaises(CallError) as raised:
                    client.GetUser(username=gone)
                self.assertEqual(raised.exception.reason, "USER_NOT_FOUND")
        self.assertEqual(server.stop(), 0)

    def test_its_database_is_its_own_whatever_the_environment_names(self):
        self.use_made()
        # Each by itself kept it from starting, or had it talk to another server.
        elsewhere = {"PGHOSTADDR": "192.0.2.1", "PGPORT": "none", "PGSERVICE": "none", "PGTARGETSESSIONATTRS": "standby"}
        server = self.start(env=environment(**elsewhere))
        self.login(server)
        self.assertEqual(server.stop(), 0, server.stderr)

    def test_sigterm_and_ctrl_c_stop_server_and_database(self):
        self.use_made()
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                server = self.start()
                self.assertEqual(len(postgres_of(self.data_dir)), 1)
                self.assertEqual(server.stop(number), 0, server.stderr)
                self.assertEqual(postgres_of(self.data_dir), [])
                self.assertFalse(is_listening(server.grpc_address))
                self.assertFalse(is_listening(server.http_address))

    def test_http_tells_health_keys_and_metrics(self):
        self.use_made()
        address = self.start().http_address
        for path in ("/healthz", "/readyz"):
            self.assertEqual(get(address, path)[0], 200, path)
        status, text = get(address, "/metrics")
        self.assertEqual(status, 200)
        self.assertRegex(text, r"(?m)^gatehouse_\w+")
        self.assertEqual(get(address, "/nothing-here")[0], 404)

    def test_port_in_use(self):
        self.use_made()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for flag in ("--grpc-address", "--http-address"):
                with self.subTest(flag):
                    message = self.fails(f"{flag}={address}", code=EXIT_ADDRESS_IN_USE)
                    self.assertIn(address, message)
                    self.assertIn("in use", message)
        # Kept for documentation (RFC 5737): no machine has it.
        message = self.fails("--grpc-address=192.0.2.1:0", code=EXIT_ADDRESS_IN_USE)
        self.assertIn("192.0.2.1:0", message)
        for nonsense in ("nonsense", "127.0.0.1:65536"):
            self.assertIn("--grpc-address: must be", self.fails(f"--grpc-address={nonsense}", code=EXIT_USAGE))

    def test_data_dir_in_use_by_another_server(self):
        self.use_made()
        first = self.start()
        second = Gatehouse.dev(self.data_dir, wait=False)
        self.addCleanup(second.discard)
        self.assertEqual(second.wait_exit(), EXIT_NO_DATABASE)
        self.assertIn("in use by another gatehouse server", second.stderr)
        self.assertIn(str(first.pid), second.stderr)
        # The first one did not notice.
        self.login(first)

    def test_data_dir_of_a_newer_version(self):
        self.use_made()
        path = self.data_dir + "/FORMAT"
        with open(path, encoding="utf-8") as file:
            newer = re.sub(r"\d+", "9999", file.read())
        with open(path, "w", encoding="utf-8") as file:
            file.write(newer)
        self.assertIn("newer", self.fails())
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), newer)

    def test_data_dir_that_is_not_ours(self):
        os.mkdir(self.data_dir)
        precious = self.data_dir + "/thesis.txt"
        scratch.write_private(precious, "years of work")
        self.assertIn(self.data_dir, self.fails())
        self.assertEqual(os.listdir(self.data_dir), ["thesis.txt"])

    def test_postgres_not_installed(self):
        prefix = accounts.hiding_prefix("/usr/lib/postgresql")
        if prefix is None:
            self.skipTest("the kernel does not allow a mount namespace here")
        message = self.fails(prefix=prefix)
        self.assertIn("postgresql-15", message)

    def test_no_disk_space(self):
        os.mkdir(self.data_dir)
        prefix = accounts.hiding_prefix(self.data_dir, size="6m")
        if prefix is None:
            self.skipTest("the kernel does not allow a mount namespace here")
        self.assertIn("no disk space", self.fails(prefix=prefix, code=EXIT_FAILED).lower())

    def test_runs_as_a_plain_user(self):
        prefix = accounts.prefix_of(PLAIN_USER)
        binary = BINARY
        if accounts.can_become(PLAIN_USER):
            # Root's build folder is closed to others.
            binary = shutil.copy(BINARY, self.folder + "/gatehouse")
            accounts.give(self.folder, PLAIN_USER)
        if subprocess.run([*prefix, binary, "version"], capture_output=True, check=False).returncode != 0:
            self.skipTest(f"cannot run as {PLAIN_USER} here")
        server = self.start(prefix=prefix, binary=binary, env=environment(home=self.folder))
        self.login(server)
        self.assertEqual(server.stop(), 0, server.stderr)
        self.assertEqual(postgres_of(self.data_dir), [])

    def test_data_dir_of_another_user_is_told(self):
        if not accounts.can_become(PLAIN_USER):
            self.skipTest("needs two users")
        self.use_made()
        binary = shutil.copy(BINARY, self.folder + "/gatehouse")
        message = self.fails(prefix=accounts.prefix_of(PLAIN_USER), binary=binary, env=environment(home=self.folder))
        self.assertIn(self.data_dir, message)

    def test_bad_settings_are_usage_errors(self):
        for words, expected in (
            (["dev", "--no-such-flag"], "no-such-flag"),
            (["dev", "--grpc-loops=many"], "--grpc-loops: "),
            (["dev", "--auth-access-token-ttl-s=1"], "--auth-access-token-ttl-s: "),
            (["no-such-command"], "no-such-command"),
        ):
            with self.subTest(words):
                done = run(*words, *([f"--data-dir={self.data_dir}"] if words[0] == "dev" else []))
                self.assertEqual(done.returncode, EXIT_USAGE, done.stderr)
                self.assertIn(expected, done.stdout + done.stderr)
        self.assertFalse(os.path.exists(self.data_dir))

    # It holds a signal back while every thread waits in a library that it does not see into: here, for ever.
    @unittest.skipIf("TSAN_OPTIONS" in os.environ, "ThreadSanitizer delivers no second signal")
    def test_second_signal_ends_at_once(self):
        self.use_made()
        server = self.start("--grpc-drain-grace-ms=600000", *ENDLESS_CALLS)
        client = self.login(server)
        with TableLock(f"host={self.data_dir}/run user=gatehouse dbname=gatehouse", "gatehouse.user_account") as lock:
            call = client.start("GetUser", username="admin")
            until(lock.has_waiter, "a call is in flight")
            server.send(signal.SIGTERM)
            until(lambda: refuses_calls(server.grpc_address), "it drains")
            self.assertIsNone(server.exit_code)
            server.send(signal.SIGTERM)
            self.assertEqual(server.wait_exit(), 128 + signal.SIGTERM)
            self.assertIsNotNone(call.exception(60))
        until(lambda: not postgres_of(self.data_dir), "the database stopped with the server")
