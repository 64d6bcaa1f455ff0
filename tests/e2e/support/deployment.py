"""What `gatehouse serve` needs around it: a migrated database and files with secrets."""

import json
import os
import secrets

from tests.e2e.support import known_secrets, scratch
from tests.e2e.support.gatehouse import Gatehouse, environment, run


class Deployment:
    """A database of its own in `postgres`, with secrets; `env` is what the program is started with."""

    def __init__(self, test, postgres, migrate=True):
        self._test = test
        self.postgres = postgres
        self.folder = scratch.make_folder(test)
        self.dsn = postgres.create_database()
        self.env = environment(
            home=self.folder,
            GATEHOUSE_DATABASE_DSN=self.dsn,
            GATEHOUSE_AUTH_MASTER_KEY_FILE=self.secret_file("master_key"),
            GATEHOUSE_AUTH_TOKEN_PEPPER_FILE=self.secret_file("token_pepper"),
        )
        if migrate:
            self.run("migrate", "up")

    def secret_file(self, name):
        return scratch.write_private(os.path.join(self.folder, name), known_secrets.remember(secrets.token_hex(32)) + "\n")

    def write(self, name, text):
        return scratch.write_private(os.path.join(self.folder, name), text)

    def run(self, *arguments, code=0):
        """Runs a command to its end and checks its exit code; (stdout, stderr)."""
        done = run(*arguments, env=self.env)
        self._test.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def seed_admin(self):
        """An administrator "root"; its password."""
        password = known_secrets.remember(secrets.token_urlsafe(24))
        path = self.write("root-password", password + "\n")
        seed = {"users": [{"username": "root", "role": "admin", "password_file": path}]}
        self.run("seed", self.write("admin.json", json.dumps(seed)))
        return password

    def serve(self, *arguments, env=None, **options):
        server = Gatehouse.serve({**self.env, **(env or {})}, *arguments, **options)
        self._test.addCleanup(server.discard)
        return server

    def sql(self, text):
        return self.postgres.sql(text, self.dsn)
