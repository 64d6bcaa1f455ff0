"""The database as docs/operating/database.md sets it up: an owner, a server that may do little, who makes backups."""

from tests.e2e.support import guide
from tests.e2e.support import postgres as pg
from tests.e2e.support.deployment import Deployment

PAGE = "docs/operating/database.md"
GRANTS = "deploy/postgres/grants.sql"
DATABASE = "gatehouse"


def dsn_of(postgres, role):
    return f"host={postgres.socket_dir} user={role} dbname={DATABASE}"


class RolesDeployment(Deployment):
    """As Deployment, by those roles: the program runs as gatehouse_server, `as_owner` is for what changes the schema.

    BACKUPS is `backups` to the commands of the page, else a folder of its own.
    """

    def __init__(self, test, postgres, backups=None):
        super().__init__(test, postgres, migrate=False)
        self._backups = backups or self.folder
        self.use(postgres)
        self.type_in("First time")

    def use(self, postgres):
        """From now on the database is in another cluster."""
        self.postgres = postgres
        self.owner_dsn = dsn_of(postgres, "gatehouse_owner")
        self.server_dsn = dsn_of(postgres, "gatehouse_server")
        # What tests ask past the server.
        self.dsn = postgres.dsn(DATABASE)
        self.env["GATEHOUSE_DATABASE_DSN"] = self.server_dsn

    def type_in(self, heading, page=PAGE):
        """Types the commands of a section of the page; what they print."""
        env = {**self.env, "PGHOST": self.postgres.socket_dir, "BACKUPS": self._backups}
        return guide.type_in(guide.commands(page, heading), self.folder, env)

    def as_owner(self, *arguments, code=0):
        """As `run`, by the role that owns the schema."""
        env, self.env = self.env, {**self.env, "GATEHOUSE_DATABASE_DSN": self.owner_dsn}
        try:
            return self.run(*arguments, code=code)
        finally:
            self.env = env

    def migrate(self, *arguments):
        self.as_owner("migrate", *arguments)
        pg.run_sql_file(self.owner_dsn, GRANTS)
