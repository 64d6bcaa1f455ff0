"""The commands by which an operator looks after an installation: retention, user, keys, doctor."""

import datetime
import json
import secrets
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.support import known_secrets, terminal
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.exit_codes import EXIT_FAILED, EXIT_NO_DATABASE, EXIT_USAGE
from tests.e2e.support.gatehouse import BINARY, environment, run
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.waiting import DEADLINE_S, until

POLICIES = ["events", "attempts", "ended_sessions", "requests", "one_time_tokens", "replays", "alerts", "messages", "deleted_users"]


def objects(text):
    """JSON lines, which is what programs get."""
    return [json.loads(line) for line in text.splitlines()]


class ToolsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def setUp(self):
        self.deployment = Deployment(self, self.postgres)

    def run_lines(self, *arguments, code=0):
        return objects(self.deployment.run(*arguments, code=code)[0])


class RetentionTest(ToolsTest):
    def add_requests(self, count, age):
        tenant = "00000000-0000-7000-8000-000000000001"
        self.deployment.sql(
            "INSERT INTO gatehouse.request SELECT "
            f"'{tenant}', gen_random_uuid(), gen_random_uuid(), 'm', '', '', now() - interval '{age}' "
            f"FROM generate_series(1, {count})"
        )

    def test_a_dry_run_tells_what_the_run_then_does(self):
        self.add_requests(7, "25 hours")
        self.add_requests(2, "23 hours")
        told = {line["policy"]: line for line in self.run_lines("retention", "run", "--dry-run")}
        self.assertEqual(list(told), POLICIES)
        self.assertEqual(told["requests"]["rows"], 7)
        self.assertTrue(all(line["dry_run"] for line in told.values()))
        self.assertTrue(told["messages"]["for_ever"])
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.request"), "9")
        done = {line["policy"]: line for line in self.run_lines("retention", "run")}
        self.assertEqual(done["requests"]["rows"], 7)
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.request"), "2")

    def test_settings_and_policies_are_taken_from_the_command_line(self):
        self.add_requests(3, "30 hours")
        lines = self.run_lines("retention", "run", "--policy=requests", "--retention-requests-hours=48")
        self.assertEqual([(line["policy"], line["rows"]) for line in lines], [("requests", 0)])
        text, _ = self.deployment.run("retention", "run", "--policy=requests", "--format=text")
        self.assertRegex(text, r"^requests: deleted 3 rows; nothing from before \S+ is needed\n$")
        _, problem = self.deployment.run("retention", "run", "--policy=nope", code=EXIT_USAGE)
        self.assertIn("must be one of events, attempts", problem)
        self.deployment.run("retention", "run", "--retention-events-days=6", code=EXIT_USAGE)
        self.deployment.run("retention", code=EXIT_USAGE)

    def test_without_a_database(self):
        done = run("retention", "run", env=environment(GATEHOUSE_DATABASE_DSN="host=/nonexistent"))
        self.assertEqual(done.returncode, EXIT_NO_DATABASE, done.stderr)


class CreateAdminTest(ToolsTest):
    def setUp(self):
        super().setUp()
        self.password = known_secrets.remember(secrets.token_urlsafe(24))

    def log_in(self, password):
        server = self.deployment.serve()
        with Client(server.grpc_address) as client:
            client.login("root", password)
            self.assertEqual(client.GetUser(username="root").user.role, "admin")

    def test_by_a_password_file(self):
        path = self.deployment.write("password", self.password + "\n")
        created = self.run_lines("user", "create-admin", "root", f"--password-file={path}", "--email=root@example.com")
        self.assertEqual((created[0]["username"], created[0]["created"]), ("root", True))
        self.log_in(self.password)
        self.assertEqual(self.deployment.sql("SELECT email FROM gatehouse.user_account"), "root@example.com")
        self.assertEqual(
            self.deployment.sql("SELECT actor_label FROM gatehouse.event WHERE type = 'user.created'"), "create_admin"
        )
        # A second time is a failure, unless nothing else is asked for than that there is one.
        self.deployment.run("user", "create-admin", "root", f"--password-file={path}", code=EXIT_FAILED)
        again = self.run_lines("user", "create-admin", "root", f"--password-file={path}", "--if-missing")
        self.assertFalse(again[0]["created"])

    def test_by_standard_input(self):
        done = subprocess.run(
            [BINARY, "user", "create-admin", "root", "--password-file=-"],
            env=self.deployment.env,
            input=self.password + "\n",
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(self.password, done.stdout + done.stderr)
        self.log_in(self.password)

    def ask_on_a_terminal(self, *answers):
        """What a user sees who is asked for a password; the exit code."""
        questions = ("root: ", "more: ")
        return terminal.run("user", "create-admin", "root", env=self.deployment.env, answers=list(zip(questions, answers)))

    def test_by_asking(self):
        seen, code = self.ask_on_a_terminal(self.password, self.password)
        self.assertEqual(code, 0, seen)
        self.assertNotIn(self.password, seen)
        self.assertIn("Created the administrator root.", seen)
        self.log_in(self.password)

    def test_by_asking_and_a_slip(self):
        seen, code = self.ask_on_a_terminal(self.password, self.password + "x")
        self.assertEqual(code, EXIT_USAGE, seen)
        self.assertIn("not the same", seen)
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.user_account"), "0")

    def test_without_a_terminal_a_file_is_needed(self):
        _, problem = self.deployment.run("user", "create-admin", "root", code=EXIT_USAGE)
        self.assertIn("--password-file", problem)

    def test_by_a_token(self):
        created = self.run_lines("user", "create-admin", "root", "--reset-token")
        token = known_secrets.remember(created[0]["reset_token"])
        server = self.deployment.serve()
        with Client(server.grpc_address) as client:
            client.FinishPasswordReset(token=token, password=self.password)
            client.login("root", self.password)

    def test_what_is_refused(self):
        path = self.deployment.write("password", "short\n")
        for code, arguments, expected in (
            (EXIT_FAILED, ["root", f"--password-file={path}"], "password"),
            (EXIT_USAGE, ["root", "--password-file=/nonexistent"], "/nonexistent"),
            (EXIT_USAGE, ["root", f"--password-file={path}", "--reset-token"], "--reset-token"),
            (EXIT_USAGE, ["a b\x01", "--reset-token"], "username"),
            (EXIT_USAGE, [], "USERNAME"),
        ):
            with self.subTest(arguments):
                _, problem = self.deployment.run("user", "create-admin", *arguments, code=code)
                self.assertIn(expected, problem)
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.user_account"), "0")


class KeysTest(ToolsTest):
    def test_list_and_rotate(self):
        self.assertEqual(self.run_lines("keys", "list"), [])
        server = self.deployment.serve()
        first = self.run_lines("keys", "list")
        self.assertEqual([key["state"] for key in first], ["signing"])
        would = self.run_lines("keys", "rotate", "--dry-run")
        self.assertEqual(would[0]["state"], "published")
        self.assertEqual(self.run_lines("keys", "list"), first)
        made = self.run_lines("keys", "rotate")
        listed = self.run_lines("keys", "list")
        self.assertEqual([key["state"] for key in listed], ["signing", "published"])
        self.assertEqual(listed[1]["key_id"], made[0]["key_id"])
        self.assertIn("retire_time", listed[0])
        self.assertEqual(self.run_lines("keys", "rotate"), [{"rotated": False}])
        self.assertEqual(server.stop(), 0)

    def test_in_an_emergency_a_running_server_trusts_no_former_token(self):
        password = self.deployment.seed_admin()
        server = self.deployment.serve()
        with Client(server.grpc_address) as client:
            client.login("root", password)
            client.GetUser(username="root")
            before = self.run_lines("keys", "list")
            lines = self.run_lines("keys", "rotate", "--emergency")
            self.assertEqual(lines[0]["state"], "signing")
            self.assertEqual(lines[1]["deleted"], [key["key_id"] for key in before])

            def is_refused():
                try:
                    client.GetUser(username="root")
                except CallError:
                    return True
                return False

            until(is_refused, "the token is refused")
            client.login("root", password)
            client.GetUser(username="root")

    def test_the_master_key_is_changed_while_servers_run(self):
        password = self.deployment.seed_admin()
        receiver = Receiver(self)
        self.deployment.env.update(
            GATEHOUSE_WEBHOOK_ALLOW_HTTP="true", GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8"
        )
        old = self.deployment.env["GATEHOUSE_AUTH_MASTER_KEY_FILE"]
        new = self.deployment.secret_file("new_master_key")
        first = self.deployment.serve(env={"GATEHOUSE_AUTH_ACCEPTED_MASTER_KEY_FILE": new})
        with Client(first.grpc_address) as client:
            client.login("root", password)
            endpoint = client.CreateEndpoint(endpoint={"url": receiver.url, "event_types": ["user.*"]})
            secret = known_secrets.remember(endpoint.secret)
        # A server that seals under the new key already, beside the one that does not.
        changed = {"GATEHOUSE_AUTH_MASTER_KEY_FILE": new, "GATEHOUSE_AUTH_ACCEPTED_MASTER_KEY_FILE": old}
        second = self.deployment.serve(env=changed)
        with Client(second.grpc_address) as client:
            client.login("root", password)
            user = client.CreateUser(user={"username": "ada"}).user
        receiver.wait_for(lambda request: request.json["type"] == "user.created").verify(secret)
        self.deployment.run("keys", "reseal", code=EXIT_USAGE)
        self.deployment.env.update(changed)
        lines = {line["secrets"]: line for line in self.run_lines("keys", "reseal") if line.get("done")}
        self.assertEqual(lines["signing keys"]["resealed"], 1)
        self.assertEqual(lines["endpoints"]["resealed"], 2, "its headers and its secret")
        self.assertEqual(lines["authenticator apps"]["looked_at"], 0)
        again = {line["secrets"]: line for line in self.run_lines("keys", "reseal") if line.get("done")}
        self.assertEqual({line["resealed"] for line in again.values()}, {0})
        self.assertEqual((first.stop(), second.stop()), (0, 0))
        # From now on the former key opens nothing, and nothing needs it.
        last = self.deployment.serve(env={"GATEHOUSE_AUTH_ACCEPTED_MASTER_KEY_FILE": ""})
        with Client(last.grpc_address) as client:
            client.login("root", password)
            client.DeleteUser(user_id=user.id)
        receiver.wait_for(lambda request: request.json["type"] == "user.deleted").verify(secret)
        self.assertEqual(last.stop(), 0)
        self.deployment.env.update(
            GATEHOUSE_AUTH_MASTER_KEY_FILE=old, GATEHOUSE_AUTH_ACCEPTED_MASTER_KEY_FILE=""
        )
        self.assertEqual(self.deployment.serve(wait=False).wait_exit(), EXIT_FAILED)

    def test_keys_are_of_the_algorithm_that_is_set(self):
        password = self.deployment.seed_admin()
        for algorithm in ("ES256", "EdDSA", "RS256"):
            with self.subTest(algorithm):
                self.deployment.env["GATEHOUSE_AUTH_SIGNING_ALGORITHM"] = algorithm
                self.run_lines("keys", "rotate", "--emergency")
                self.assertEqual([key["algorithm"] for key in self.run_lines("keys", "list")], [algorithm])
                server = self.deployment.serve()
                with Client(server.grpc_address) as client:
                    client.login("root", password)
                    self.assertEqual(client.GetUser(username="root").user.role, "admin")
                self.assertEqual(server.stop(), 0)

    def test_as_text(self):
        self.deployment.run("keys", "rotate")
        text, _ = self.deployment.run("keys", "list", "--format=text")
        self.assertRegex(text, r"^\S+  ES256  signing  from \d{4}-\d\d-\d\dT\S+Z\n$")


class DoctorTest(ToolsTest):
    def findings(self, *arguments, code=0):
        return {line["check"]: line for line in self.run_lines("doctor", *arguments, code=code)}

    def test_a_healthy_installation(self):
        server = self.deployment.serve()
        found = self.findings()
        self.assertGreaterEqual(
            found.keys(),
            {"config", "tls", "files", "memory", "database", "schema", "log", "partitions", "connections", "disk", "keys"},
        )
        self.assertEqual([line for line in found.values() if line["level"] == "FAIL"], [])
        self.assertEqual(found["keys"]["level"], "OK")
        self.assertEqual(found["partitions"]["level"], "OK")
        text, _ = self.deployment.run("doctor", "--format=text")
        self.assertIn("OK    schema: version ", text)
        self.assertEqual(server.stop(), 0)

    def test_what_is_wrong_is_named_with_what_to_do(self):
        found = self.findings(code=EXIT_FAILED)
        self.assertEqual(found["partitions"]["level"], "FAIL")
        self.assertIn("advice", found["partitions"])
        self.deployment.run("migrate", "down")
        found = self.findings(code=EXIT_FAILED)
        self.assertEqual(found["schema"]["level"], "FAIL")
        self.assertNotIn("keys", found, "nothing is looked for in a schema that is not known")

    def test_another_master_key(self):
        self.deployment.run("keys", "rotate")
        self.deployment.env["GATEHOUSE_AUTH_MASTER_KEY_FILE"] = self.deployment.secret_file("another")
        self.assertEqual(self.findings(code=EXIT_FAILED)["keys"]["level"], "FAIL")

    def test_without_a_database_it_tells_the_rest(self):
        self.deployment.env["GATEHOUSE_DATABASE_DSN"] = "host=/nonexistent"
        found = self.findings(code=EXIT_FAILED)
        self.assertEqual(found["config"]["level"], "OK")
        self.assertEqual(found["database"]["level"], "FAIL")

    def certificate(self, name, days):
        """The flags for a certificate that is valid for so many days from now, made long ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gatehouse.example")])
        now = datetime.datetime.now(datetime.timezone.utc)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=90))
            .not_valid_after(now + datetime.timedelta(days=days, hours=1))
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        certificate = self.deployment.write(f"{name}.pem", made.public_bytes(pem).decode())
        key_file = self.deployment.write(f"{name}.key", private.decode())
        return f"--grpc-tls-certificate-file={certificate}", f"--grpc-tls-key-file={key_file}"

    def test_certificates_that_end(self):
        server = self.deployment.serve()
        self.assertEqual(self.findings()["tls"], {"check": "tls", "level": "OK", "text": "calls come without TLS"})
        for days, level, code in ((60, "OK", 0), (13, "WARN", 0), (-2, "FAIL", EXIT_FAILED)):
            found = self.findings(*self.certificate(level, days), code=code)
            self.assertEqual(found["tls"]["level"], level)
            self.assertIn("CN=gatehouse.example", found["tls"]["text"])
            self.assertEqual(found["config"]["level"], "OK")
        self.assertEqual(server.stop(), 0)

    def test_a_configuration_that_serve_would_refuse(self):
        found = self.findings("--grpc-tls-key-file=/nonexistent.pem", code=EXIT_FAILED)
        self.assertEqual(found["config"]["level"], "FAIL")
        self.assertEqual(found["schema"]["level"], "OK")
