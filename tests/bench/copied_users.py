"""Users by the hundred thousand, made by SQL from one that the server made: the same password, the same row but for id and name."""

# Users of one statement: psql gets a minute for it.
SLICE = 50_000
# The rest of the id is the user's number.
USERS = "019b0000-0000-7000-8000-"
SESSIONS = "019b0000-0000-7000-9000-"


def user_id(number):
    return f"{USERS}{number:012d}"


def username(number):
    return f"copy-{number:012d}"


def copy(deployment, model, rows):
    """One for each of `rows`, a SELECT of ids and names."""
    deployment.sql(f"""
        INSERT INTO gatehouse.user_account (tenant_id, user_id, username, username_key, email, email_key, first_name, last_name, bio,
          avatar_url, timezone, locale, metadata, role, state, password_hash, password_change_time, epoch, create_time, update_time,
          version)
        SELECT tenant_id, made.id, made.name, made.name, made.name || '@example.com', made.name || '@example.com', first_name,
          last_name, bio, avatar_url, timezone, locale, metadata, role, state, password_hash, password_change_time, epoch,
          create_time, update_time, version
        FROM gatehouse.user_account, ({rows}) AS made (id, name)
        WHERE username_key = '{model}'""")


def add(deployment, model, count, with_sessions=False):
    """So many, numbered from 1, and a session of each."""
    for first in range(1, count + 1, SLICE):
        last = min(first + SLICE - 1, count)
        digits = f"SELECT lpad(i::text, 12, '0') FROM generate_series({first}, {last}) AS i"
        copy(deployment, model, f"SELECT ('{USERS}' || digits)::uuid, 'copy-' || digits FROM ({digits}) AS numbers (digits)")
        if with_sessions:
            _add_sessions(deployment, first, last)
    deployment.sql("VACUUM ANALYZE gatehouse.user_account, gatehouse.session")


def _add_sessions(deployment, first, last):
    deployment.sql(f"""
        INSERT INTO gatehouse.session (tenant_id, session_id, user_id, generation, rotate_time, label, thread_id, context, ip_address,
          user_agent, amr, auth_time, create_time, update_time, last_used_time, idle_expire_time, expire_time, version, user_epoch)
        SELECT tenant_id, ('{SESSIONS}' || right(user_id::text, 12))::uuid, user_id, 1, now(), '', '', '{{}}', '', '', '{{pwd}}', now(),
          now(), now(), now(), now() + interval '14 days', now() + interval '90 days', 1, epoch
        FROM gatehouse.user_account
        WHERE user_id BETWEEN '{user_id(first)}' AND '{user_id(last)}'""")
