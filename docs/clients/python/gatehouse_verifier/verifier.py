"""Keeps a TokenVerifier up to date: follows a server's keys and revocations in a thread of its own."""

from __future__ import annotations

import random
import threading
import time
from typing import Any, Iterator, Optional

import grpc
from gatehouse.v1 import session_pb2, session_pb2_grpc, session_revocation_pb2, tenant_pb2

from gatehouse_verifier.tokens import Claims, TokenVerifier

_KEYS_INTERVAL_S = 300
# Whoever sends tokens with made-up headers does not make this fetch keys all the time.
_KEYS_PAUSE_S = 2
# Shorter than _SILENCE_S: the stream is not read meanwhile.
_KEYS_TIMEOUT_S = 3
# After keys did not come that nobody said are other ones.
_KEYS_RETRY_S = 10
# Of a stream that has a heartbeat each second: then the connection is dead, known or not.
_SILENCE_S = 5
_DROP_INTERVAL_S = 60
# Messages in a row that are late, after which it is no stall that is over.
_MOST_LAGGING = 5


class _Freshness:
    """Until when revocations are known, on the watch of this process, although the server says it by its own clock.

    The smallest difference between the two that any message of a stream showed is that of the message that travelled
    fastest; measured by it one that lay in a buffer for long is as old as it is. When the server's clock is set back, or the
    two drift for days, all that comes looks late: then another stream measures anew.
    """

    def __init__(self, max_lag_s: float) -> None:
        self._max_lag_s = max_lag_s
        self._offset = float("inf")
        self._lagging = 0

    def heard(self, as_of: float, server_time: float, received: float) -> float:
        offset = received - server_time
        self._offset = min(self._offset, offset)
        self._lagging = self._lagging + 1 if offset - self._offset > self._max_lag_s else 0
        return as_of + self._offset

    def lags(self) -> bool:
        return self._lagging >= _MOST_LAGGING


class Verifier:
    """Verifies access tokens. `credentials` None: plain text. Other options are those of TokenVerifier. Thread-safe."""

    def __init__(
        self,
        address: str,
        api_key: str,
        *,
        credentials: Optional[grpc.ChannelCredentials] = None,
        min_backoff_s: float = 0.1,
        max_backoff_s: float = 5,
        **options: Any,
    ) -> None:
        self._tokens = TokenVerifier(**options)
        self._max_lag_s = self._tokens.max_staleness_s / 2
        # A connection of its own, that comes back as soon as this asks for it again.
        channel_options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", int(min_backoff_s * 1000)),
            ("grpc.min_reconnect_backoff_ms", int(min_backoff_s * 1000)),
            ("grpc.max_reconnect_backoff_ms", int(max_backoff_s * 1000)),
        ]
        if credentials:
            self._channel = grpc.secure_channel(address, credentials, channel_options)
        else:
            self._channel = grpc.insecure_channel(address, channel_options)
        self._stub = session_pb2_grpc.SessionServiceStub(self._channel)
        self._metadata = [("authorization", f"Bearer {api_key}")]
        self._min_backoff_s, self._max_backoff_s = min_backoff_s, max_backoff_s
        self._index = 0
        self._tenant_id = ""
        self._keys_due = self._keys_again = self._drop_due = 0.0
        self._heard_at = 0.0
        self._stream: Any = None
        self._ready, self._stopping = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._run, self._guard)]
        self.last_error: Optional[Exception] = None

    def start(self) -> None:
        """Begins to follow the server; does not wait for it."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._channel.close()
        for thread in self._threads:
            thread.join()

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Waits until revocations are known for the first time."""
        return self._ready.wait(timeout_s)

    def verify(self, token: str) -> Claims:
        """See TokenVerifier.verify."""
        return self._tokens.verify(token)

    def staleness_s(self) -> float:
        """How old what is known of revocations is; inf before the first time."""
        return self._tokens.staleness_s()

    def _run(self) -> None:
        backoff = self._min_backoff_s
        while not self._stopping.is_set():
            try:
                for _ in self._follow():
                    backoff = self._min_backoff_s
            except Exception as error:  # pylint: disable=broad-except
                # Whatever the server, or who stands between, has said: nobody else would go on.
                self.last_error = error
            # Those who lost one server do not come back at one moment.
            self._stopping.wait(backoff * random.uniform(0.5, 1))
            backoff = min(backoff * 2, self._max_backoff_s)

    def _follow(self) -> Iterator[None]:
        """One stream, until it breaks. Comes back after each message by which revocations are known."""
        freshness = _Freshness(self._max_lag_s)
        # The first message says whose keys they are.
        self._keys_due = 0.0
        request = session_revocation_pb2.WatchRevocationsRequest(resume_index=self._index)
        self._heard_at = time.monotonic()
        self._stream = stream = self._stub.WatchRevocations(request, metadata=self._metadata)
        for message in stream:
            self._heard_at = time.monotonic()
            self._apply(message, freshness, self._heard_at)
            if message.HasField("as_of"):
                yield
            if freshness.lags():
                stream.cancel()
                raise RuntimeError("messages come late, or the server's clock was set")

    def _apply(self, message: session_revocation_pb2.WatchRevocationsResponse, freshness: _Freshness, received: float) -> None:
        """Everything in it is applied before it counts as known."""
        self._tenant_id = message.tenant_id or self._tenant_id
        self._apply_state(message)
        for revocation in message.revocations:
            drop_after = _seconds(revocation.drop_after)
            if revocation.session_id:
                self._tokens.session_revoked(revocation.session_id, drop_after)
            elif revocation.user_id:
                self._tokens.user_revoked(revocation.user_id, revocation.min_user_epoch, drop_after)
            elif revocation.signing_key_id:
                self._tokens.key_removed(revocation.signing_key_id, drop_after)
            if revocation.signing_keys:
                self._keys_due = 0.0
        # Those of another tenant, perhaps, or not those that are known.
        needed = self._keys_due == 0
        wanted = needed or received >= self._keys_due or (received >= self._keys_again and self._tokens.take_keys_wanted())
        # A tenant that takes no calls gives no keys, and needs none.
        if wanted and not self._tokens.is_closed():
            try:
                self._fetch_keys()
            except Exception as error:  # pylint: disable=broad-except
                if needed:
                    raise
                self.last_error = error
                self._keys_due = self._keys_again = time.monotonic() + _KEYS_RETRY_S
        if received >= self._drop_due:
            self._tokens.drop_expired()
            self._drop_due = received + _DROP_INTERVAL_S
        self._index = message.index
        if message.HasField("as_of"):
            known = freshness.heard(_seconds(message.as_of), _seconds(message.server_time), received)
            self._tokens.revocations_known_until(known)
            self._ready.set()

    def _apply_state(self, message: session_revocation_pb2.WatchRevocationsResponse) -> None:
        if message.tenant_state == tenant_pb2.TENANT_STATE_UNSPECIFIED:
            return
        if message.tenant_state == tenant_pb2.TENANT_STATE_ACTIVE:
            self._tokens.tenant_opened()
        elif message.tenant_state == tenant_pb2.TENANT_STATE_MOVED:
            self._tokens.tenant_closed("TENANT_MOVED", message.moved_to)
        else:
            # Also what a later release calls it that is not ACTIVE.
            self._tokens.tenant_closed("TENANT_FROZEN")

    def _fetch_keys(self) -> None:
        # Keys are no secret: no credential is looked at, so the tenant is named.
        metadata = [("x-gatehouse-tenant", self._tenant_id)]
        response = self._stub.GetJwks(session_pb2.GetJwksRequest(), timeout=_KEYS_TIMEOUT_S, metadata=metadata)
        self._tokens.set_keys(response.jwks_json)
        now = time.monotonic()
        self._keys_due, self._keys_again = now + _KEYS_INTERVAL_S, now + _KEYS_PAUSE_S

    def _guard(self) -> None:
        """Ends a stream that is silent, which reading from it would not notice."""
        while not self._stopping.wait(1):
            stream = self._stream
            if stream is not None and time.monotonic() - self._heard_at > _SILENCE_S:
                stream.cancel()


def _seconds(timestamp: Any) -> float:
    return timestamp.seconds + timestamp.nanos / 1e9
