"""The commands around the server: seed, tenant, config, migrate, version."""

import base64
import json
import os
import secrets
import stat
import subprocess
import unittest

from tests.e2e.support import known_secrets, scratch
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.exit_codes import EXIT_FAILED, EXIT_NO_DATABASE, EXIT_SCHEMA_MISMATCH, EXIT_USAGE
from tests.e2e.support.gatehouse import environment, run
from tests.e2e.support.http_client import get
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.waiting import until


class SeedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def setUp(self):
        self.deployment = Deployment(self, self.postgres)
        self.password = known_secrets.remember(secrets.token_urlsafe(24))
        self.key_file = os.path.join(self.deployment.folder, "billing-key")
        self.secret_file = os.path.join(self.deployment.folder, "crm-secret")
        self.receiver = Receiver(self)
        self.seed = {
            "roles": [{"name": "support", "permissions": ["users.read"]}],
            "users": [
                {
                    "username": "ada",
                    "email": "ada@example.com",
                    "role": "admin",
                    "first_name": "Ada",
                    "password_file": self.deployment.write("ada-password", self.password + "\n"),
                },
                {"username": "sue", "role": "support"},
            ],
            "api_keys": [
                {"display_name": "billing", "permissions": ["sessions.verify"], "key_file": self.key_file},
            ],
            "endpoints": [
                {
                    "url": self.receiver.url,
                    "event_types": ["user.*"],
                    "description": "CRM",
                    "secret_file": self.secret_file,
                }
            ],
        }
        self.deployment.env["GATEHOUSE_WEBHOOK_ALLOW_HTTP"] = "true"
        self.deployment.env["GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS"] = "127.0.0.0/8"

    def run_seed(self, *flags, code=0):
        path = self.deployment.write("seed.json", json.dumps(self.seed))
        return self.deployment.run("seed", path, *flags, code=code)

    def contents(self):
        """Everything that a seed may change, as text."""
        # The first command on a database makes the signing key, whatever it does.
        events = "(SELECT * FROM gatehouse.event WHERE type NOT LIKE 'gatehouse.%')"
        tables = ("gatehouse.role", "gatehouse.user_account", "gatehouse.api_key", "gatehouse.endpoint", events)
        return [
            self.deployment.sql(f"SELECT coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM {table} t")
            for table in tables
        ]

    def test_what_it_names_exists_and_works(self):
        self.run_seed()
        for path in (self.key_file, self.secret_file):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
        server = self.deployment.serve()
        with open(self.key_file, encoding="utf-8") as file:
            key = known_secrets.remember(file.read().strip())
        with open(self.secret_file, encoding="utf-8") as file:
            secret = known_secrets.remember(file.read().strip())
        with Client(server.grpc_address) as ada, Client(server.grpc_address, key) as billing:
            ada.login("ada", self.password)
            self.assertEqual(ada.GetUser(username="ada").user.first_name, "Ada")
            self.assertTrue(billing.VerifySession(token=ada.token).active)
            ada.CreateUser(user={"username": "bob"})
            self.receiver.wait_for(lambda r: r.json["type"] == "user.created").verify(secret)
            # What the seed did stands in the log like every other change.
            types = until(lambda: {e.type for e in ada.ListEvents(page_size=1000).events}, "events")
            self.assertLessEqual({"role.created", "user.created", "api_key.created", "endpoint.created"}, types)

    def test_a_second_run_changes_nothing(self):
        self.run_seed()
        before = self.contents()
        self.run_seed()
        self.assertEqual(self.contents(), before)

    def test_what_is_stored_in_another_form_is_no_change(self):
        decomposed = "zoe\u0308"
        self.seed["users"] = [
            {"username": "zoe", "email": f"{decomposed}@example.com", "role": "support"},
            {"username": "kim", "email": "kim@xn--mller-kva.example"},
        ]
        self.run_seed()
        emails = self.deployment.sql("SELECT email FROM gatehouse.user_account ORDER BY email")
        self.assertEqual(emails, "kim@m\u00fcller.example\nzo\u00eb@example.com")
        before = self.contents()
        for flags in (["--dry-run"], []):
            self.assertEqual(self.run_seed(*flags)[0], "", flags)
        self.seed["users"][0]["username"] = "ZOE"
        self.assertEqual(self.run_seed()[0], "")
        self.assertEqual(self.contents(), before)
        # One that differs is told of, also by a role that is not there yet.
        self.seed["roles"].append({"name": "helper", "permissions": ["users.read"]})
        self.seed["users"][0]["role"] = "helper"
        out, _ = self.run_seed("--dry-run")
        self.assertEqual(out.splitlines(), ["would be created: role helper", "would be updated: user ZOE"])
        out, _ = self.run_seed()
        self.assertEqual(out.splitlines(), ["created: role helper", "updated: user ZOE"])

    def test_a_changed_file_changes_what_it_names_and_leaves_the_rest(self):
        self.run_seed()
        self.seed["users"][0]["first_name"] = "Augusta Ada"
        self.seed["users"].append({"username": "bob", "role": "viewer"})
        del self.seed["api_keys"]
        self.run_seed()
        names = self.deployment.sql("SELECT username, first_name FROM gatehouse.user_account ORDER BY username")
        self.assertEqual(names, "ada|Augusta Ada\nbob|\nsue|")
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.api_key WHERE revoke_time IS NULL"), "1")

    def test_roles_and_endpoints_follow_the_file(self):
        self.run_seed()
        self.seed["roles"][0]["permissions"] = ["sessions.read", "users.read"]
        self.seed["endpoints"][0].update(event_types=["session.*", "user.*"], description="CRM, new")
        out, _ = self.run_seed("--dry-run")
        self.assertIn("would be updated: role support", out)
        self.assertIn(f"would be updated: endpoint {self.receiver.url}", out)
        role = "SELECT array_to_string(permissions, ' ') FROM gatehouse.role WHERE name = 'support'"
        self.assertEqual(self.deployment.sql(role), "users.read")
        out, _ = self.run_seed()
        self.assertIn("updated: role support", out)
        self.assertIn("sessions.read", self.deployment.sql(role))
        self.assertEqual(self.deployment.sql("SELECT description FROM gatehouse.endpoint"), "CRM, new")
        self.assertEqual(self.run_seed()[0], "", "nothing is left to do")

    def test_an_endpoint_may_have_a_secret_that_is_there(self):
        secret = known_secrets.remember("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
        self.deployment.write(os.path.basename(self.secret_file), secret + "\n")
        out, _ = self.run_seed("--dry-run")
        self.assertIn(f"would be created: endpoint {self.receiver.url}", out)
        self.run_seed()
        server = self.deployment.serve()
        with Client(server.grpc_address) as ada:
            ada.login("ada", self.password)
            ada.CreateUser(user={"username": "bob"})
        self.receiver.wait_for(lambda r: r.json["type"] == "user.created").verify(secret)
        self.deployment.write(os.path.basename(self.secret_file), "none\n")
        self.seed["endpoints"][0]["url"] = self.receiver.url + "other"
        self.assertIn("secret", self.fails()[1])

    def test_permissions_of_a_key_do_not_change(self):
        self.run_seed()
        self.seed["api_keys"][0]["permissions"] = ["users.read"]
        _, problem = self.run_seed(code=EXIT_USAGE)
        self.assertIn("API key billing: permissions: differ from those of the key of that name; revoke it first", problem)

    def test_a_dry_run_changes_nothing_and_tells_what_it_would_do(self):
        before = self.contents()
        out, _ = self.run_seed("--dry-run")
        for name in ("support", "ada", "sue", "billing", self.receiver.url):
            self.assertIn(name, out)
        self.assertEqual(self.contents(), before)
        self.assertFalse(os.path.exists(self.key_file))
        self.assertFalse(os.path.exists(self.secret_file))

    def test_a_dry_run_refuses_what_the_run_would(self):
        self.deployment.write(os.path.basename(self.key_file), "of somebody else")
        for flags in (["--dry-run"], []):
            _, err = self.run_seed(*flags, code=EXIT_USAGE)
            self.assertIn("API key billing", err)
            self.assertIn(self.key_file, err)

    def test_a_file_of_the_wrong_form_is_refused_as_a_whole(self):
        before = self.contents()
        self.assert_errors(
            {
                "users[0].role": lambda seed: seed["users"][0].update(role=7),
                "users[0].colour": lambda seed: seed["users"][0].update(colour="red"),
                "users[2]": lambda seed: seed["users"].append(dict(seed["users"][0])),
                "api_keys[0].permissions": lambda seed: seed["api_keys"][0].update(permissions=[]),
                "endpoints[0].url": lambda seed: seed["endpoints"][0].pop("url"),
                "tenants": lambda seed: seed.update(tenants=[]),
            }
        )
        self.assertEqual(self.contents(), before)

    def test_an_entry_that_cannot_be_made_is_named(self):
        empty = self.deployment.write("empty", "\n")
        self.assert_errors(
            {
                "role admin: name": lambda seed: seed["roles"][0].update(name="admin"),
                "role Sup port: name": lambda seed: seed["roles"][0].update(name="Sup port"),
                "role support: permissions[1]": lambda seed: seed["roles"][0]["permissions"].append("all"),
                "user ada: user.role": lambda seed: seed["users"][0].update(role="emperor"),
                "user ada: password_file": lambda seed: seed["users"][0].update(password_file="/nonexistent"),
                "password_file: cannot read /tmp": lambda seed: seed["users"][0].update(password_file="/tmp"),
                f"password_file: {empty} is empty": lambda seed: seed["users"][0].update(password_file=empty),
                "API key billing: api_key.permissions[0]": lambda seed: seed["api_keys"][0].update(permissions=["all"]),
                "endpoint ftp://example.com": lambda seed: seed["endpoints"][0].update(url="ftp://example.com"),
            }
        )
        # Once it is mended, the rest is made.
        self.run_seed()
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.endpoint"), "1")

    def assert_errors(self, spoilers):
        good = json.dumps(self.seed)
        for expected, spoil in spoilers.items():
            with self.subTest(expected):
                self.seed = json.loads(good)
                spoil(self.seed)
                self.assertIn(expected, self.fails()[1])
        self.seed = json.loads(good)

    def test_a_file_that_is_not_json(self):
        path = self.deployment.write("seed.json", "users:\n  - ada\n")
        self.assertIn("JSON", run("seed", path, env=self.deployment.env).stderr)
        missing = run("seed", "/nonexistent.json", env=self.deployment.env)
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("/nonexistent.json", missing.stderr)

    def test_without_a_dsn(self):
        path = self.deployment.write("seed.json", json.dumps(self.seed))
        done = run("seed", path, env={**self.deployment.env, "GATEHOUSE_DATABASE_DSN": ""})
        self.assertEqual(done.returncode, EXIT_USAGE, done.stderr)
        self.assertIn("database.dsn", done.stderr)

    def fails(self):
        path = self.deployment.write("seed.json", json.dumps(self.seed))
        done = run("seed", path, env=self.deployment.env)
        self.assertIn(done.returncode, (EXIT_FAILED, EXIT_USAGE), done.stderr)
        return done.stdout, done.stderr


class BulkTest(unittest.TestCase):
    """Users in and out: import, export, and the list of stolen passwords."""

    # "correct horse battery".
    BCRYPT = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS"

    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def setUp(self):
        self.deployment = Deployment(self, self.postgres)

    def write_users(self, *users):
        return self.deployment.write("users.jsonl", "".join(json.dumps(user) + "\n" for user in users))

    def run_import(self, *arguments, code=0):
        out, err = self.deployment.run("import", *arguments, code=code)
        return [json.loads(line) for line in out.splitlines()], err

    def test_users_log_in_with_what_they_had(self):
        file = self.write_users(
            {"user": {"username": "ada", "email": "ada@example.com"}, "passwordHash": self.BCRYPT}, {"user": {"username": "bob"}}
        )
        checked, _ = self.run_import(file, "--validate-only")
        self.assertEqual((checked[-1]["type"], checked[-1]["created"]), ("done", 2))
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.user_account"), "0")
        done, _ = self.run_import(file)
        self.assertEqual((done[-1]["created"], done[-1]["failed"]), (2, 0))
        server = self.deployment.serve()
        with Client(server.grpc_address) as client:
            client.login("ada@example.com", "correct horse battery")
        # Again: all of it is done.
        again, _ = self.run_import(file)
        self.assertEqual((again[-1]["created"], again[-1]["skipped"], again[-1]["failed"]), (0, 2, 0))

    def test_lines_that_are_not_taken_are_named(self):
        file = self.write_users({"user": {"username": "ada"}}, {"user": {"username": ""}}, {"user": {"username": "ADA"}}, {"what": 1})
        lines, err = self.run_import(file, code=EXIT_FAILED)
        failures = [(line["line"], line["failure"]["reason"]) for line in lines if line["type"] == "failure"]
        self.assertEqual(failures, [(2, "INVALID_FIELD"), (3, "USERNAME_TAKEN"), (4, "MALFORMED_REQUEST")])
        self.assertEqual((lines[-1]["created"], lines[-1]["failed"]), (1, 3))
        self.assertIn("some lines were not taken", err)
        self.assertIn("cannot be read", run("import", "/nonexistent", env=self.deployment.env).stderr)

    def test_export_prints_what_is_held(self):
        self.run_import(self.write_users({"user": {"username": "ada", "email": "ada@example.com"}, "passwordHash": self.BCRYPT}))
        out, _ = self.deployment.run("export", "ada@example.com")
        records = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(records[0]["user"]["username"], "ada")
        self.assertNotIn("$2b$", out)
        self.assertIn("no such user", run("export", "nobody", env=self.deployment.env).stderr)

    def test_nobody_gets_a_stolen_password(self):
        stolen = self.deployment.write("stolen", "football2024\nqwertyuiop\n")
        file = os.path.join(self.deployment.folder, "breached")
        out, _ = self.deployment.run("breached", "build", stolen, file)
        self.assertIn("2 passwords", out)
        self.deployment.env["GATEHOUSE_AUTH_BREACHED_PASSWORDS_FILE"] = file
        password = self.deployment.seed_admin()
        server = self.deployment.serve()
        with Client(server.grpc_address) as root:
            root.login("root", password)
            with self.assertRaisesRegex(Exception, "stolen elsewhere"):
                root.CreateUser(user={"username": "eve"}, password="football2024")
        self.deployment.env["GATEHOUSE_AUTH_BREACHED_PASSWORDS_FILE"] = stolen
        refused = run("serve", env=self.deployment.env)
        self.assertEqual(refused.returncode, EXIT_USAGE)
        self.assertIn("auth.breached_passwords_file", refused.stderr)
        missing = run("breached", "build", "/nonexistent", file, env=self.deployment.env)
        self.assertEqual(missing.returncode, EXIT_FAILED)


class MigrateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def test_up_status_verify_down(self):
        deployment = Deployment(self, self.postgres, migrate=False)
        deployment.run("migrate", "status", "--check", code=EXIT_SCHEMA_MISMATCH)
        deployment.run("migrate", "up")
        deployment.run("migrate", "status", "--check")
        deployment.run("migrate", "verify")
        self.assertIn("nothing to do", deployment.run("migrate", "up")[0])
        deployment.run("migrate", "to", "0")
        deployment.run("migrate", "status", "--check", code=EXIT_SCHEMA_MISMATCH)

    def test_no_database(self):
        done = run("migrate", "up", env=environment(GATEHOUSE_DATABASE_DSN="host=/nonexistent"))
        self.assertEqual(done.returncode, EXIT_NO_DATABASE, done.stderr)


class LogTest(unittest.TestCase):
    def test_reset_lets_a_restored_log_go_on(self):
        deployment = Deployment(self, pg.Postgres(self))
        password = deployment.seed_admin()
        # What a dump holds that comes from a cluster with far higher transaction ids.
        deployment.sql(
            "UPDATE gatehouse.event SET xid = '5000000000';"
            "UPDATE gatehouse.sequencer SET snapshot = '5000000100:5000000100:'"
        )
        server = deployment.serve()
        until(lambda: halted(server), "the log stands still")
        with Client(server.grpc_address) as client:
            client.login("root", password)
            user = client.CreateUser(user={"username": "bob"}).user
            self.assertRegex(deployment.run("log", "reset")[0], r"place now: [1-9]")
            found = until(lambda: client.ListEvents(filter='type = "user.created"').events, "the log goes on")
            self.assertIn(user.id, {target.id for event in found for target in event.targets})
        until(lambda: not halted(server), "the servers go on by themselves")
        # At any other time it does no harm.
        deployment.run("log", "reset")

    def test_reset_without_a_database(self):
        done = run("log", "reset", env=environment(GATEHOUSE_DATABASE_DSN="host=/nonexistent"))
        self.assertEqual(done.returncode, EXIT_NO_DATABASE, done.stderr)
        self.assertEqual(run("log", "reset", env=environment()).returncode, EXIT_USAGE)


class TenantTest(unittest.TestCase):
    def test_a_tenant_is_made_reached_by_its_host_frozen_and_seeded(self):
        deployment = Deployment(self, pg.Postgres(self))
        deployment.seed_admin()
        server = deployment.serve()
        options = ("--host", "login.acme.example", "--admin", "root")
        made = json.loads(deployment.run("tenant", "create", "acme", *options)[0])
        self.assertEqual((made["name"], made["host_names"]), ("acme", ["login.acme.example"]))
        token = known_secrets.remember(made["admin_token"])
        names = [json.loads(line)["name"] for line in deployment.run("tenant", "list")[0].splitlines()]
        self.assertEqual(names, ["acme", "default"])

        password = known_secrets.remember(secrets.token_urlsafe(24))
        host = [("grpc.default_authority", "login.acme.example")]
        with Client(server.grpc_address, options=host) as root, Client(server.grpc_address) as elsewhere:
            root.FinishPasswordReset(token=token, password=password)
            # The running server learns of it by the log.
            until(lambda: self.reason_of(lambda: root.login("root", password)) is None, "the server knows the host")
            with self.assertRaises(CallError) as refused:
                elsewhere.login("root", password)
            self.assertEqual(refused.exception.reason, "LOGIN_FAILED")
            status, keys = get(server.http_address, "/t/acme/.well-known/jwks.json")[:2]
            self.assertEqual(status, 200)
            self.assertNotEqual(keys, get(server.http_address, "/.well-known/jwks.json")[1])

            seed = deployment.write("seed.json", json.dumps({"users": [{"username": "sue"}]}))
            deployment.run("seed", seed, "--tenant", "acme")
            self.assertEqual({user.username for user in root.ListUsers().users}, {"root", "sue"})

            self.assertEqual(json.loads(deployment.run("tenant", "freeze", "acme")[0])["state"], "frozen")
            until(lambda: self.reason_of(root.ListUsers) == "TENANT_FROZEN", "the server knows that it is frozen")
            deployment.run("tenant", "activate", "acme")
            until(lambda: self.reason_of(root.ListUsers) is None, "it goes on")
        deployment.run("tenant", "freeze", "nobody", code=EXIT_FAILED)
        deployment.run("tenant", "create", "Acme", code=EXIT_USAGE)
        deployment.run("seed", seed, "--tenant", "nobody", code=EXIT_USAGE)

    @staticmethod
    def reason_of(call):
        try:
            call()
        except CallError as error:
            return error.reason
        return None


def halted(server):
    return "\ngatehouse_sequencer_halted 1\n" in get(server.http_address, "/metrics")[1]


class ConfigTest(unittest.TestCase):
    def test_print_masks_secrets(self):
        dsn = "host=db.example password=correct-horse-battery"
        done = run("config", "print", env=environment(GATEHOUSE_DATABASE_DSN=dsn))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("correct-horse", done.stdout + done.stderr)
        self.assertIn("********", done.stdout)
        self.assertIn("[grpc]", done.stdout)

    def test_flags_beat_the_environment_beats_the_file(self):
        path = "/tmp/gatehouse-e2e-" + secrets.token_hex(8) + ".toml"
        self.addCleanup(lambda: os.path.exists(path) and os.remove(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write('[log]\nlevel = "error"\n[grpc]\nloops = 2\n[database]\nlanes = 5\n')
        env = environment(GATEHOUSE_LOG_LEVEL="warning", GATEHOUSE_GRPC_LOOPS="3", GATEHOUSE_CONFIG=path)
        printed = run("config", "print", "--log-level=debug", env=env).stdout
        self.assertIn('level = "debug"', printed)
        self.assertIn("loops = 3", printed)
        self.assertIn("lanes = 5", printed)

    def test_what_it_prints_it_reads(self):
        path = "/tmp/gatehouse-e2e-" + secrets.token_hex(8) + ".toml"
        self.addCleanup(lambda: os.path.exists(path) and os.remove(path))
        awkward = environment(GATEHOUSE_AUTH_ISSUER="a\"b\\c#d\té", GATEHOUSE_AUTH_AUDIENCE="1")
        printed = run("config", "print", "--log-level=debug", env=awkward).stdout
        with open(path, "w", encoding="utf-8") as file:
            file.write(printed)
        self.assertIn('issuer = "a\\"b\\\\c#d\\té"', printed)
        self.assertEqual(run("config", "print", f"--config={path}").stdout, printed)

    def complete(self):
        """An environment that lacks nothing but a database, and flags for TLS."""
        folder = scratch.make_folder(self)
        files = {name: os.path.join(folder, name) for name in ("master_key", "token_pepper", "tls_key", "tls_certificate")}
        for name in ("master_key", "token_pepper"):
            scratch.write_private(files[name], known_secrets.remember(secrets.token_hex(32)) + "\n")
        request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
        request += ["-subj", "/CN=localhost", "-keyout", files["tls_key"], "-out", files["tls_certificate"]]
        subprocess.run(request, check=True, capture_output=True)
        env = environment(
            GATEHOUSE_DATABASE_DSN="host=/nonexistent",
            GATEHOUSE_AUTH_MASTER_KEY_FILE=files["master_key"],
            GATEHOUSE_AUTH_TOKEN_PEPPER_FILE=files["token_pepper"],
        )
        return env, [f"--grpc-tls-certificate-file={files['tls_certificate']}", f"--grpc-tls-key-file={files['tls_key']}"]

    def test_the_example_is_good(self):
        env, tls = self.complete()
        done = run("config", "check", "--config", "deploy/gatehouse.toml", *tls, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_check_and_serve_refuse_the_same(self):
        env, tls = self.complete()
        self.assertEqual(run("config", "check", *tls, env=env).returncode, 0)
        self.assertEqual(run("serve", *tls, env=env).returncode, EXIT_NO_DATABASE)
        secret = known_secrets.remember(secrets.token_hex(8))
        for flag, changes, expected in (
            ("--webhook-allowed-networks=10.0.0.0/99", {}, "webhook.allowed_networks"),
            ("--webhook-ca-file=/nonexistent.pem", {}, "/nonexistent.pem"),
            ("--webhook-proxy-url=socks5://proxy:1080", {}, "webhook.proxy_url"),
            ("--webhook-proxy-credentials-file=/nonexistent", {}, "webhook.proxy_credentials_file"),
            ("--auth-master-key-file=/nonexistent", {}, "auth.master_key_file"),
            ("--log-level=info", {"GATEHOUSE_AUTH_TOKEN_PEPPER_FILE": ""}, "auth.token_pepper_file"),
            ("--database-password-file=/nonexistent", {}, "/nonexistent"),
            ("--grpc-tls-certificate-file=/nonexistent.pem", {}, "/nonexistent.pem"),
            (tls[0], {}, "grpc.tls_key_file"),
            (tls[1], {}, "grpc.tls_certificate_file"),
            ("--log-level=info", {"GATEHOUSE_DATABASE_DSN": ""}, "database.dsn"),
            ("--log-level=info", {"GATEHOUSE_DATABASE_DSN": f"host=db password=x {secret}"}, "dsn: missing"),
            ("--log-level=info", {"GATEHOUSE_DATABASE_DSN": f"postgres://ada:{secret}/x@db/x"}, "dsn: its port"),
        ):
            for command in (["config", "check"], ["serve"]):
                with self.subTest(command=command, flag=flag, changes=changes.keys()):
                    done = run(*command, flag, env={**env, **changes})
                    self.assertEqual(done.returncode, EXIT_USAGE, done.stderr)
                    self.assertIn(expected, done.stderr)

    def test_check_tells_all_that_is_wrong(self):
        done = run("config", "check", "--webhook-allowed-networks=x")
        self.assertEqual(done.returncode, EXIT_USAGE)
        for setting in ("auth.master_key_file", "auth.token_pepper_file", "database.dsn", "webhook.allowed_networks"):
            self.assertIn(f"gatehouse: {setting}", done.stderr)

    def test_what_is_not_known_is_an_error(self):
        path = "/tmp/gatehouse-e2e-" + secrets.token_hex(8) + ".toml"
        self.addCleanup(lambda: os.path.exists(path) and os.remove(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write("[grpc]\nadress = 1\n")
        quoted = "/tmp/gatehouse-e2e-" + secrets.token_hex(8) + ".toml"
        self.addCleanup(lambda: os.path.exists(quoted) and os.remove(quoted))
        with open(quoted, "w", encoding="utf-8") as file:
            file.write('[grpc]\nloops = "1"\n')
        for words, env, expected in (
            (["config", "check", "--no-such-flag=1"], {}, "no-such-flag"),
            (["config", "check"], {"GATEHOUSE_GRPC_ADRESS": "x"}, "GATEHOUSE_GRPC_ADRESS"),
            (["config", "check", f"--config={path}"], {}, f"grpc.adress: is not a setting or section (in {path}: line 2)"),
            (["config", "check", f"--config={quoted}"], {}, f"must be a whole number, without quotes (in {quoted}: line 2)"),
            (["config", "check", "--config=/nonexistent.toml"], {}, "/nonexistent.toml"),
            (["config", "check", "--config=/tmp"], {}, "cannot read /tmp"),
            (["config", "check", "--log-level=loud"], {}, "--log-level: "),
            (["config", "check", "--grpc-address=127.0.0.1:99999"], {}, "--grpc-address: "),
            (["config"], {}, "subcommand"),
            (["nope"], {}, '"nope"'),
            (["config", "nope"], {}, '"nope"'),
            (["migrate", "nope"], {}, '"nope"'),
            (["migrate", "down", "0"], {}, "not in range 1 to 2147483647"),
        ):
            with self.subTest(words=words, env=env):
                done = run(*words, env=environment(**env))
                self.assertEqual(done.returncode, EXIT_USAGE, done.stderr)
                self.assertIn(expected, done.stdout + done.stderr)

    def test_a_secret_is_not_taken_as_a_flag(self):
        done = run("config", "check", "--database-dsn=host=db password=correct-horse-battery")
        self.assertEqual(done.returncode, EXIT_USAGE)
        self.assertIn("GATEHOUSE_DATABASE_DSN", done.stderr)
        self.assertNotIn("correct-horse", done.stdout + done.stderr)

    def test_version(self):
        self.assertRegex(run("version").stdout, r"^gatehouse \d+\.\d+\.\d+")

    def test_the_reference_in_the_docs_is_fresh(self):
        with open("docs/operating/config.md", encoding="utf-8") as file:
            text = file.read()
        reference = run("config", "reference").stdout
        self.assertIn(reference.strip(), text, "run tools/config-doc")
