"""docs/operating/upgrade.md, typed while a server runs."""

import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import Client
from tests.e2e.support.exit_codes import EXIT_SCHEMA_MISMATCH
from tests.e2e.support.roles import RolesDeployment

PAGE = "docs/operating/upgrade.md"


class UpgradeTest(unittest.TestCase):
    def setUp(self):
        self.deployment = RolesDeployment(self, pg.Postgres(self))

    def type_in(self, heading):
        return self.deployment.type_in(heading, page=PAGE)

    def version(self):
        return int(self.deployment.sql("SELECT max(version) FROM gatehouse.schema_migration"))

    def test_up_and_back_and_up(self):
        newest = self.version()
        self.type_in("Back out")
        self.assertEqual(self.version(), newest - 1)
        refused = self.deployment.serve(wait=False)
        self.assertEqual(refused.wait_exit(), EXIT_SCHEMA_MISMATCH)
        self.assertIn(f"needs {newest}", refused.stderr)
        self.assertRegex(self.type_in("Before"), "CREATE|ALTER")
        self.assertEqual(self.version(), newest - 1, "what will run is only shown")
        self.type_in("The schema")
        self.assertEqual(self.version(), newest)
        self.deployment.run("config", "check")
        self.assertEqual(self.deployment.serve().stop(), 0)

    def test_a_server_that_runs_goes_on_while_the_schema_is_brought_up_to_date(self):
        password = self.deployment.seed_admin()
        server = self.deployment.serve()
        with Client(server.grpc_address) as client:
            client.login("root", password)
            # Again what is applied: as for the server of a release whose schema has not changed.
            self.type_in("The schema")
            client.CreateUser(user={"username": "ada"})
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("permission denied", server.stderr)


if __name__ == "__main__":
    unittest.main()
