"""The SQL of docs/coming-from.md, on tables as the systems make them that it is about: its lines are imported, and old passwords work."""

import pathlib
import re
import unittest

from tests.e2e.support import known_secrets
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment

PAGE = "docs/coming-from.md"

# Of all of them.
PASSWORD = known_secrets.remember("what it always was")
BCRYPT = "$2b$06$abcdefghijklmnopqrstuuCwJrbIPhhJkxf5VcxDAQsh8WdFf2ACW"
SHA_CRYPT = (
    "$sha512-crypt$rounds=1000$saltsalt$"
    "FHHPpGFGBX6O6YjQt1Ip4faO89xScqZGhPeAWFDiRMQhFXtpTo1RFTRgHJKV/3fVet2j36W0jTGJHZYqgvrjL."
)
DJANGO = "pbkdf2_sha256$1000$salt$A4z+CIb11y7Ize50djlVDhUtBLeHQDd8ishU2w6V7+M="

# The tables as the migrations of these systems leave them, as far as they matter here, with their own types and defaults.
TABLES = {
    "From Ory Kratos": f"""
        CREATE TABLE identities (
          id uuid PRIMARY KEY, nid uuid, schema_id varchar(2048) NOT NULL, traits jsonb NOT NULL, created_at timestamp NOT NULL,
          updated_at timestamp NOT NULL, state varchar(255) NOT NULL DEFAULT 'active', metadata_public jsonb, metadata_admin jsonb);
        CREATE TABLE identity_credential_types (id uuid PRIMARY KEY, name varchar(32) NOT NULL);
        CREATE TABLE identity_credentials (
          id uuid PRIMARY KEY, config jsonb NOT NULL, identity_credential_type_id uuid NOT NULL, identity_id uuid NOT NULL);
        CREATE TABLE identity_verifiable_addresses (
          id uuid PRIMARY KEY, status varchar(16) NOT NULL, via varchar(16) NOT NULL, verified bool NOT NULL,
          value varchar(400) NOT NULL, verified_at timestamp, identity_id uuid NOT NULL);
        INSERT INTO identity_credential_types VALUES (md5('p')::uuid, 'password'), (md5('t')::uuid, 'totp');
        INSERT INTO identities (id, schema_id, traits, created_at, updated_at, state, metadata_public) VALUES
          (md5('1')::uuid, 'default', '{{"email": "ada@example.com", "name": {{"first": "Ada", "last": "Lovelace"}}}}',
           '2023-01-01 10:00:00.5', now(), 'active', '{{"plan": "gold"}}'),
          (md5('2')::uuid, 'default', '{{"email": "bob@example.com", "username": "bob"}}', '2023-01-02', now(), 'active', NULL),
          (md5('3')::uuid, 'default', '{{"email": "eve@example.com"}}', '2023-01-03', now(), 'inactive', NULL);
        INSERT INTO identity_credentials VALUES
          (md5('1')::uuid, '{{"hashed_password": "{BCRYPT}"}}', md5('p')::uuid, md5('1')::uuid),
          (md5('2')::uuid, '{{"totp_url": "otpauth://totp/"}}', md5('t')::uuid, md5('1')::uuid),
          (md5('3')::uuid, '{{"hashed_password": "{SHA_CRYPT}"}}', md5('p')::uuid, md5('2')::uuid);
        INSERT INTO identity_verifiable_addresses VALUES
          (md5('1')::uuid, 'completed', 'email', true, 'ada@example.com', '2023-01-05 08:00:00', md5('1')::uuid),
          (md5('2')::uuid, 'sent', 'email', false, 'bob@example.com', NULL, md5('2')::uuid);
        """,
    "From SuperTokens": f"""
        CREATE TABLE emailpassword_users (
          app_id varchar(64) DEFAULT 'public', user_id char(36) NOT NULL, email varchar(256) NOT NULL,
          password_hash varchar(256) NOT NULL, time_joined bigint NOT NULL, PRIMARY KEY (app_id, user_id));
        CREATE TABLE emailverification_verified_emails (
          app_id varchar(64) DEFAULT 'public', user_id varchar(128) NOT NULL, email varchar(256) NOT NULL);
        CREATE TABLE user_metadata (app_id varchar(64) DEFAULT 'public', user_id varchar(128) NOT NULL, user_metadata text NOT NULL);
        CREATE TABLE user_roles (
          app_id varchar(64) DEFAULT 'public', tenant_id varchar(64) DEFAULT 'public', user_id varchar(128) NOT NULL,
          role varchar(255) NOT NULL);
        INSERT INTO emailpassword_users (user_id, email, password_hash, time_joined) VALUES
          (md5('1')::uuid::text, 'ada@example.com', '{BCRYPT}', 1672567200500),
          (md5('2')::uuid::text, 'bob@example.com', '{BCRYPT}', 1672617600000);
        INSERT INTO emailverification_verified_emails (user_id, email) VALUES (md5('1')::uuid::text, 'ada@example.com');
        INSERT INTO user_metadata (user_id, user_metadata) VALUES (md5('1')::uuid::text, '{{"plan": "gold"}}');
        INSERT INTO user_roles (user_id, role) VALUES (md5('1')::uuid::text, 'analyst');
        """,
    "From a table of your own": f"""
        CREATE TABLE users (
          id serial PRIMARY KEY, login text NOT NULL, email text, is_active boolean NOT NULL DEFAULT true, password text,
          created_at timestamptz NOT NULL);
        INSERT INTO users (login, email, is_active, password, created_at) VALUES
          ('ada', 'ada@example.com', true, '{BCRYPT.replace("$2b$", "$2y$")}', '2023-01-01 11:00:00+01'),
          ('bob', NULL, true, '{BCRYPT}', '2023-01-02'), ('eve', NULL, false, '{BCRYPT}', '2023-01-03');
        """,
    "From Django": f"""
        CREATE TABLE auth_user (
          id integer PRIMARY KEY, password varchar(128) NOT NULL, last_login timestamptz, is_superuser boolean NOT NULL,
          username varchar(150) NOT NULL, first_name varchar(150) NOT NULL, last_name varchar(150) NOT NULL,
          email varchar(254) NOT NULL, is_staff boolean NOT NULL, is_active boolean NOT NULL, date_joined timestamptz NOT NULL);
        INSERT INTO auth_user VALUES
          (1, '{DJANGO}', '2024-01-01', false, 'ada', 'Ada', 'Lovelace', 'ada@example.com', false, true, '2023-01-01 11:00:00+01'),
          (2, '!unusable', NULL, false, 'bob', '', '', '', false, true, '2023-01-02'),
          (3, '{DJANGO}', NULL, false, 'eve', '', '', '', false, false, '2023-01-03');
        """,
}


def queries():
    """The SQL of each section."""
    text = pathlib.Path(PAGE).read_text(encoding="utf-8")
    sections = re.findall(r"^### (.*?)\n(.*?)(?=^##+ |\Z)", text, re.MULTILINE | re.DOTALL)
    return {heading: re.findall(r"^```sql\n(.*?)^```$", body, re.MULTILINE | re.DOTALL) for heading, body in sections}


class ComingFromTest(unittest.TestCase):
    def setUp(self):
        self.postgres = pg.Postgres(self)

    def import_from(self, heading):
        """A client of a server that has the users of that section."""
        found = queries()[heading]
        self.assertEqual(len(found), 1, heading)
        source = self.postgres.create_database()
        self.postgres.sql(TABLES[heading], source)
        rows = self.postgres.sql(found[0], source)
        deployment = Deployment(self, self.postgres)
        password = deployment.seed_admin()
        path = deployment.write("users.jsonl", rows + "\n")
        deployment.run("import", path, "--validate-only")
        deployment.run("import", path)
        self.address = deployment.serve().grpc_address
        client = Client(self.address)
        self.addCleanup(client.close)
        client.login("root", password)
        return client

    def check_login(self, name):
        with Client(self.address) as other:
            self.assertTrue(other.login(name, PASSWORD).HasField("session"))

    def check_no_login(self, name):
        with Client(self.address) as other, self.assertRaises(CallError) as raised:
            other.login(name, PASSWORD)
        self.assertEqual(raised.exception.reason, "LOGIN_FAILED")

    def check_times(self, user, created, verified=""):
        self.assertEqual(user.create_time.ToJsonString(), created)
        self.assertEqual(user.email_verified_time.ToJsonString() if verified else "", verified)

    def test_every_section_has_tables(self):
        self.assertEqual(set(queries()), set(TABLES))

    def test_kratos(self):
        client = self.import_from("From Ory Kratos")
        ada = client.GetUser(username="ada@example.com").user
        self.assertEqual((ada.email, ada.first_name, ada.last_name), ("ada@example.com", "Ada", "Lovelace"))
        self.check_times(ada, "2023-01-01T10:00:00Z", "2023-01-05T08:00:00Z")
        self.assertEqual(ada.metadata["public"]["plan"], "gold")
        self.assertEqual(ada.metadata["kratos_id"], self.postgres.sql("SELECT md5('1')::uuid"))
        self.check_login("ada@example.com")
        bob = client.GetUser(username="bob").user
        self.assertFalse(bob.HasField("email_verified_time"))
        self.check_login("bob")
        self.check_no_login("eve@example.com")

    def test_supertokens(self):
        client = self.import_from("From SuperTokens")
        ada = client.GetUser(username="ada@example.com").user
        self.assertEqual(ada.role, "analyst")
        self.check_times(ada, "2023-01-01T10:00:00Z", "2023-01-01T10:00:00Z")
        self.assertEqual(ada.metadata["supertokens"]["plan"], "gold")
        self.check_login("ada@example.com")
        self.check_login("bob@example.com")

    def test_a_table_of_your_own(self):
        client = self.import_from("From a table of your own")
        self.check_times(client.GetUser(username="ada").user, "2023-01-01T10:00:00Z")
        self.check_login("ada")
        self.check_login("bob")
        self.check_no_login("eve")

    def test_django(self):
        client = self.import_from("From Django")
        ada = client.GetUser(username="ada").user
        self.assertEqual((ada.first_name, ada.last_login_time.ToJsonString()), ("Ada", "2024-01-01T00:00:00Z"))
        self.check_login("ada")
        self.check_no_login("bob")
        self.check_no_login("eve")


if __name__ == "__main__":
    unittest.main()
