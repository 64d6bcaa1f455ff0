"""A test case with a server of its own."""

import glob
import unittest

from tests.e2e.support import known_secrets, scratch
from tests.e2e.support.client import Client
from tests.e2e.support.gatehouse import Gatehouse


class DevServerCase(unittest.TestCase):
    """One `gatehouse dev` for all tests of the class; they share its database, so each makes users of its own."""

    # Further flags of the server.
    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.data_dir = scratch.make_folder(cls) + "/data"
        cls.server = Gatehouse.dev(cls.data_dir, *cls.flags)
        cls.addClassCleanup(cls._stop)

    @classmethod
    def _stop(cls):
        try:
            code = cls.server.stop()
        finally:
            cls.server.discard()
        if code != 0:
            raise AssertionError(f"SIGTERM: exit code {code}\n{cls.server.stderr}")
        check_postgres_log(cls.data_dir)

    def client(self, token=None):
        client = Client(self.server.grpc_address, token)
        self.addCleanup(client.close)
        return client

    def admin(self):
        client = self.client()
        client.login("admin", known_secrets.DEMO_PASSWORD)
        return client


def check_postgres_log(data_dir):
    """Parameters of failed statements, for instance, must not end up in the database's log."""
    for path in glob.glob(f"{data_dir}/log/*"):
        with open(path, encoding="utf-8", errors="replace") as file:
            if known_secrets.found_in(file.read()):
                raise AssertionError(f"{path} holds a secret")
