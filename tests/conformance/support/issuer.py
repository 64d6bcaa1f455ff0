"""`gatehouse serve` with an issuer's URL at which its keys are found, as those who know nothing else find them."""

import secrets

from tests.e2e.support import known_secrets
from tests.e2e.support import postgres as pg
from tests.e2e.support import processes
from tests.e2e.support.client import Client
from tests.e2e.support.deployment import Deployment


class Issuer:
    """Signs by `algorithm`. Further servers of it, which say something else in their tokens, have its keys."""

    def __init__(self, test, algorithm, url=None):
        self._test, self._algorithm = test, algorithm
        self._deployment = Deployment(test, pg.Postgres(test))
        self._password = self._deployment.seed_admin()
        self.http_address = processes.free_address()
        self.url = url or f"http://{self.http_address}"
        self.admin = self.client_of(self.serve(f"--http-address={self.http_address}"))

    def serve(self, *flags, url=None):
        return self._deployment.serve(f"--auth-issuer={url or self.url}", f"--auth-signing-algorithm={self._algorithm}", *flags)

    def client_of(self, server):
        """Logged in."""
        client = Client(server.grpc_address)
        self._test.addCleanup(client.close)
        self.user_id = client.login("root", self._password).session.user_id
        return client

    def token(self, *flags, url=None):
        """An access token of a server of its own."""
        return self.client_of(self.serve(*flags, url=url)).token

    def customer(self, name):
        """Another tenant, with a user who is logged in: its issuer, the user's id and an access token."""
        password = known_secrets.remember(secrets.token_urlsafe(24))
        made = self.admin.CreateTenant(tenant={"name": name}, admin={"username": "root", "password": password})
        login = self.admin.with_token(None)
        self._test.addCleanup(login.close)
        login.login("root", password, metadata=[("x-gatehouse-tenant", name)])
        return f"{self.url}/t/{made.tenant.id}", made.admin_user_id, login.token

    def rotate_in_time(self):
        """Has another key sign, which was published for long enough: ten minutes of waiting, without the waiting."""
        self.admin.RotateSigningKey()
        self._deployment.sql(
            "UPDATE gatehouse.signing_key SET active_from = active_from - interval '11 min',"
            " retired_at = retired_at - interval '11 min'"
        )
