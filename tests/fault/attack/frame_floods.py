"""Frames that carry nothing of a call, as fast as they go."""

from tests.fault.attack.attacker import REFLECTION, attack
from tests.support.http2 import wire

UNKNOWN = 0x42


def _flood(under, frames, begin=b""):
    def step(connection):
        connection.send(begin)
        while under.going_on() and connection.send(frames * 200):
            connection.look()

    under.repeat(step)
    under.expect_ended("control_frames", wire.ENHANCE_YOUR_CALM)


# A stream that takes data.
_STREAM = wire.frame(wire.HEADERS, wire.END_HEADERS, 1, wire.call_headers(REFLECTION))


@attack()
def ping_flood(under):
    """PING frames."""
    _flood(under, wire.frame(wire.PING, 0, 0, b"12345678"))


@attack()
def settings_flood(under):
    """SETTINGS frames."""
    _flood(under, wire.frame(wire.SETTINGS, 0, 0, b"\0\x04\0\0\xff\xff"))


@attack()
def window_update_flood(under):
    """WINDOW_UPDATE frames of one byte."""
    _flood(under, wire.frame(wire.WINDOW_UPDATE, 0, 0, b"\0\0\0\x01"))


@attack()
def priority_flood(under):
    """PRIORITY frames, which have had no meaning since RFC 9113."""
    _flood(under, wire.frame(wire.PRIORITY, 0, 1, b"\0\0\0\0\x10"))


@attack()
def unknown_frame_flood(under):
    """Frames of a type that nobody knows."""
    _flood(under, wire.frame(UNKNOWN, 0, 0, b"12345678"))


@attack()
def empty_data_flood(under):
    """DATA frames without data."""
    _flood(under, wire.frame(wire.DATA, 0, 1), begin=_STREAM)


@attack()
def padded_data_flood(under):
    """DATA frames that say that no padding follows, and hold nothing else."""
    _flood(under, wire.frame(wire.DATA, wire.PADDED, 1, b"\0"), begin=_STREAM)


ATTACKS = (ping_flood, settings_flood, window_update_flood, priority_flood, unknown_frame_flood, empty_data_flood, padded_data_flood)
