"""What the runbooks have an operator type first, typed beside a server."""

import glob
import os
import subprocess
import unittest

from tests.e2e.support import guide
from tests.e2e.support import postgres as pg
from tests.e2e.support.roles import RolesDeployment

RUNBOOKS = "docs/operating/runbooks"

# For what is the machine's own: systemd, its sockets.
_STUB = '#!/bin/sh\ncat "$LOG"\n'


class RunbooksTest(unittest.TestCase):
    def setUp(self):
        self.deployment = RolesDeployment(self, pg.Postgres(self))
        self.server = self.deployment.serve()
        self.bin = os.path.join(self.deployment.folder, "bin")
        os.mkdir(self.bin)
        for name in ("journalctl", "ss", "systemctl"):
            path = self.deployment.write(f"bin/{name}", _STUB)
            os.chmod(path, 0o700)
        path = "/usr/bin:/bin:/usr/sbin:/sbin"
        self.env = {
            **self.deployment.env,
            "PATH": f"{self.bin}:{pg.bin_dir()}:{path}",
            "PGHOST": self.deployment.postgres.socket_dir,
            "HTTP": self.server.http_address,
            "LOG": self.deployment.write("log", self.server.stderr + '{"level":"error","msg":"the sequencer"}\n'),
        }

    def test_the_first_look_of_each(self):
        pages = sorted(glob.glob(f"{RUNBOOKS}/*.md"))
        self.assertGreater(len(pages), 10)
        for page in pages:
            for command in guide.commands(page, "First look"):
                with self.subTest(page=page, command=command):
                    self.assert_works(command)

    def assert_works(self, command):
        done = subprocess.run(
            ["/bin/bash", "-c", command], env=self.env, capture_output=True, text=True, timeout=60, check=False
        )
        # 1 is grep's, where there is nothing to see.
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(done.stderr, "")
        if command.startswith(("psql", "curl")) and "{" not in command and "errors_total" not in command:
            self.assertTrue(done.stdout)


if __name__ == "__main__":
    unittest.main()
