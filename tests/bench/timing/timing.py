"""Times calls about accounts of several kinds, in random order, and asks two-sample tests whether the kinds differ. Started by
tools/timing."""

import argparse
import gc
import json
import os
import random
import sys
import time
import unittest
import uuid

from tests.bench import copied_users
from tests.bench.timing import one_time_tokens, two_samples

# Of each kind of account that logs in: enough that what one of them has in memory decides nothing.
ACCOUNTS = 200
# First calls open connections, prepare statements and fill caches.
WARM_UP = 50
PASSWORD = "correct horse battery"
WRONG = "wrong horse battery"


class Accounts:
    """Users of each kind, and names that nobody has. Made by SQL from one that the server made: the same hash, the same row."""

    # What is otherwise than in the row of "known".
    KINDS = {
        "known": "",
        "disabled": "state = 2",
        "no_password": "password_hash = NULL",
        "deleted": "delete_time = now(), purge_time = now() + interval '30 days'",
        "no_address": "email = NULL, email_key = NULL",
    }

    def __init__(self, deployment, client, number):
        self._deployment = deployment
        with open(deployment.env["GATEHOUSE_AUTH_TOKEN_PEPPER_FILE"], encoding="ascii") as file:
            self._pepper = bytes.fromhex(file.read())
        client.CreateUser(user={"username": "model", "email": "model@example.com"}, password=PASSWORD)
        for kind, change in self.KINDS.items():
            numbers = f"SELECT lpad(i::text, 6, '0') FROM generate_series(1, {number}) AS i"
            copied_users.copy(deployment, "model", f"SELECT gen_random_uuid(), '{kind}-' || digits FROM ({numbers}) AS numbers (digits)")
            if change:
                deployment.sql(f"UPDATE gatehouse.user_account SET {change} WHERE username_key LIKE '{kind}-%'")
        deployment.sql("VACUUM ANALYZE gatehouse.user_account")
        self._tenant = uuid.UUID(deployment.sql("SELECT tenant_id FROM gatehouse.user_account WHERE username_key = 'model'"))
        rows = deployment.sql("SELECT username_key, user_id FROM gatehouse.user_account").splitlines()
        self._ids = {name: uuid.UUID(user_id) for name, user_id in (row.split("|") for row in rows)}
        self._check_tokens(client)

    def spent_token(self, purpose, name):
        """A token of the account, with the server's MAC, that is kept nowhere any more."""
        return one_time_tokens.make(self._pepper, purpose, self._tenant, self._ids.get(name) or uuid.uuid4())

    def _check_tokens(self, client):
        """That they are taken for the server's own: else the refusal of forged ones would be measured."""
        token = self.spent_token(one_time_tokens.VERIFICATION, "model")
        self._deployment.sql(f"""
            INSERT INTO gatehouse.one_time_token (tenant_id, user_id, purpose, token_hash, email, email_key, create_time,
              expire_time, role, former_email_key)
            SELECT tenant_id, user_id, {one_time_tokens.VERIFICATION}, sha256('{token}'), email, email_key, now(),
              now() + interval '1 hour', role, email_key
            FROM gatehouse.user_account
            WHERE username_key = 'model'""")
        client.FinishEmailVerification(token=token)


class Flow:
    """One method, and the kinds of accounts that it must not tell apart."""

    def __init__(self, method, kinds, baseline, request, address, accounts=None):
        self.method = method
        # By what they are called in the report: the kind of the account.
        self.kinds = kinds
        self.baseline = baseline
        # Of an account's name, and the accounts.
        self.request = request
        # "own": every call comes from another client. "account": always from the same one for an account. "one": all from one.
        self.address = address
        self.accounts = accounts


def login(kinds, address):
    return Flow(
        "SessionService/CreateSession",
        {kind: kind for kind in kinds},
        "unknown",
        lambda name, _: {"login": name, "password": WRONG},
        address,
        ACCOUNTS,
    )


def mail(method):
    return Flow(method, MAIL_KINDS, "unknown", lambda name, _: {"login": name + "@example.com"}, "own")


def spent_token(method, purpose, **others):
    return Flow(
        method,
        {kind: kind for kind in ("unknown", *Accounts.KINDS)},
        "unknown",
        lambda name, accounts: {"token": accounts.spent_token(purpose, name), **others},
        "own",
    )


LOGIN_KINDS = ("unknown", "known", "disabled", "no_password", "deleted")
MAIL_KINDS = {kind: kind for kind in ("unknown", "known", "disabled", "deleted", "no_address")}
FLOWS = {
    "login": login(LOGIN_KINDS, "own"),
    # Beyond the limit on failures of an address at an account.
    "login_locked": login(LOGIN_KINDS, "account"),
    # Whose failures are counted, not written one by one.
    "login_one_address": login(LOGIN_KINDS, "one"),
    "password_reset": mail("UserService/RequestPasswordReset"),
    "magic_link": mail("SessionService/RequestMagicLink"),
    # Of who has a token that was used, or has expired, and asks what became of its user.
    "spent_reset": spent_token("UserService/FinishPasswordReset", one_time_tokens.RESET, password=PASSWORD),
    # Proofs of an address, and changes of one.
    "spent_verification": spent_token("UserService/FinishEmailVerification", one_time_tokens.VERIFICATION),
    "spent_magic_link": spent_token("SessionService/FinishMagicLink", one_time_tokens.MAGIC_LINK),
}


class Caller:
    """One connection. What is sent is made beforehand, what comes back is not looked into."""

    def __init__(self, address):
        import grpc

        self._channel = grpc.insecure_channel(address)
        self._errors = grpc.RpcError

    def method(self, name):
        return self._channel.unary_unary(f"/gatehouse.v1.{name}", request_serializer=None, response_deserializer=None)

    def time(self, stub, request, metadata):
        """Nanoseconds, and the status."""
        begin = time.perf_counter_ns()
        try:
            stub(request, timeout=60, metadata=metadata)
            status = "OK"
        except self._errors as error:
            status = error.code().name
        return time.perf_counter_ns() - begin, status


def plan(flow, tries, source):
    """(kind, name, client) of every call, in random order."""
    calls = []
    for kind, account in flow.kinds.items():
        for i in range(tries):
            number = source.randrange(flow.accounts) + 1 if flow.accounts else i + 1
            calls.append((kind, f"{account}-{number:06d}"))
    source.shuffle(calls)
    planned = []
    clients = {}
    for i, (kind, name) in enumerate(calls):
        # As a proxy would say them; all as long.
        own = f"10.{100 + i // 10000 % 100}.{100 + i // 100 % 100}.{100 + i % 100}"
        client = {"own": own, "account": clients.setdefault(name, own), "one": "10.99.99.99"}[flow.address]
        planned.append((kind, name, client))
    return planned


def measure(caller, api_class, flow, tries, source, accounts):
    """Nanoseconds by kind, and the one status that all must have had."""
    stub = caller.method(flow.method)
    requests = []
    for kind, name, client in plan(flow, tries + WARM_UP, source):
        requests.append((kind, api_class(**flow.request(name, accounts)).SerializeToString(), (("x-forwarded-for", client),)))
    if flow.address == "account":
        # To the limit and beyond it; the baseline's as well as all others'.
        for _, request, metadata in requests:
            caller.time(stub, request, metadata)
    durations = {kind: [] for kind in flow.kinds}
    statuses = {}
    gc.collect()
    gc.disable()
    for kind, request, metadata in requests:
        nanoseconds, status = caller.time(stub, request, metadata)
        durations[kind].append(nanoseconds)
        statuses.setdefault(status, set()).add(kind)
    gc.enable()
    if len(statuses) != 1:
        raise SystemExit(f"{flow.method} answers in several ways: {statuses}")
    return {kind: values[WARM_UP:] for kind, values in durations.items()}, next(iter(statuses))


def report(name, flow, durations, status):
    """Prints a table; rows for --json."""
    base = durations[flow.baseline]
    others = [kind for kind in flow.kinds if kind != flow.baseline]
    comparisons = [two_samples.compare(base, durations[kind]) for kind in others]
    verdicts = two_samples.told(comparisons)
    seen = two_samples.smallest_told(base) / 1000
    median = two_samples.median(base) / 1000
    print(f"\n{name}: {flow.method}, {status}, {len(base):,} of each kind; median {median:,.1f} us, told from {seen:,.1f} us on\n")
    print(f"| {flow.baseline} and | difference of medians us | P(later) | Mann-Whitney p | Welch t | |")
    print("|---|---|---|---|---|---|")
    rows = []
    for kind, comparison, told in zip(others, comparisons, verdicts):
        difference = comparison.median_difference / 1000
        print(
            f"| {kind} | {difference:+,.1f} | {comparison.greater:.3f} | {comparison.p:.3g} | {comparison.t:+.2f} "
            f"| {'TOLD APART' if told else 'cannot tell'} |",
            flush=True,
        )
        rows.append({"flow": name, "kinds": [flow.baseline, kind], "tries": len(base), "told": told, "smallest_told_us": seen})
        rows[-1].update(comparison._asdict())
    return rows


def serve(deployment, failures_per_minute):
    env = {
        # What this asks of it is what these limits are for.
        "GATEHOUSE_AUTH_PUBLIC_REQUESTS_PER_SECOND": "0",
        "GATEHOUSE_AUTH_LOGIN_FAILURES_PER_MINUTE": str(failures_per_minute),
        "GATEHOUSE_AUTH_LOGIN_FAILURES_BURST": "1",
        "GATEHOUSE_GRPC_TRUSTED_NETWORKS": "127.0.0.1/32",
        "GATEHOUSE_LOG_LEVEL": "error",
        # Nobody takes them, which is of no interest: they are sent after the answer.
        "GATEHOUSE_MAIL_SERVER": "127.0.0.1:9",
        "GATEHOUSE_MAIL_TLS": "none",
        "GATEHOUSE_MAIL_FROM": "gatehouse@example.com",
        "GATEHOUSE_MAIL_PASSWORD_RESET_URL": "https://example.com/reset#{token}",
        "GATEHOUSE_MAIL_MAGIC_LINK_URL": "https://example.com/login#{token}",
    }
    return deployment.serve(env=env)


def run(case, tries, names, source):
    # Imported here, since they read GATEHOUSE_BINARY.
    from tests.e2e.support import api, client, deployment, postgres

    made = deployment.Deployment(case, postgres.Postgres(case))
    root = made.seed_admin()
    classes = {
        f"{service.name}/{method.name}": client._message_class(method.input_type)  # pylint: disable=protected-access
        for service in api.SERVICES
        for method in service.methods
    }
    rows = []
    accounts = None
    for limited in (True, False):
        chosen = [name for name in names if (FLOWS[name].address != "one") == limited]
        if not chosen:
            continue
        server = serve(made, 1 if limited else 0)
        if accounts is None:
            with client.Client(server.grpc_address) as admin:
                admin.login("root", root)
                accounts = Accounts(made, admin, max(ACCOUNTS, tries + WARM_UP))
        caller = Caller(server.grpc_address)
        for name in chosen:
            flow = FLOWS[name]
            rows += report(name, flow, *measure(caller, classes[flow.method], flow, tries, source, accounts))
        server.discard()
    return rows


def main():
    parser = argparse.ArgumentParser(prog="tools/timing")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--tries", type=int, default=10_000)
    parser.add_argument("--only", action="append", choices=FLOWS)
    parser.add_argument("--json")
    parser.add_argument("--seed", type=int, help="of the order of calls; told at the beginning")
    options = parser.parse_args()
    if options.tries < 20:
        parser.error("--tries: less than 20 tell nothing")
    os.environ["GATEHOUSE_BINARY"] = os.path.join(options.bin, "service/main/gatehouse")
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    case = unittest.TestCase()
    try:
        rows = run(case, options.tries, options.only or list(FLOWS), random.Random(seed))
    finally:
        case.doCleanups()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2)
    told = sum(row["told"] for row in rows)
    print(f"\n{len(rows) - told} cannot be told apart, {told} can")
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
