"""A client pulls events from a server that is killed, and goes on at the next one after what it has acknowledged."""

import queue
import unittest

import grpc

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import Client, struct
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.waiting import until

START = {"start": {"subscription": "orders", "event_types": ["order.*"]}}


class Pull:
    """One pull: next() is the next event, ack() acknowledges."""

    def __init__(self, client):
        self._requests = queue.Queue()
        self._requests.put(START)
        self._stream = client.open("PullEvents", iter(self._requests.get, None))
        assert next(self._stream).WhichOneof("payload") == "heartbeat_index"

    def next(self):
        while True:
            message = next(self._stream)
            if message.WhichOneof("payload") == "event":
                return message.event

    def ack(self, event):
        self._requests.put({"ack": {"index": event.index}})

    def end(self):
        self._requests.put(None)
        return [message.event for message in self._stream if message.WhichOneof("payload") == "event"]


class PullTest(unittest.TestCase):
    def setUp(self):
        self.deployment = Deployment(self, pg.Postgres(self))
        self.password = self.deployment.seed_admin()

    def client_of(self, server):
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        client.login("root", self.password)
        return client

    def position(self):
        return int(self.deployment.sql("SELECT position FROM gatehouse.pull_subscription"))

    def test_goes_on_after_a_kill(self):
        server = self.deployment.serve()
        client = self.client_of(server)
        pull = Pull(client)
        ids = [client.PublishEvent(type="order.paid", data=struct(n=n)).event_id for n in range(10)]
        events = [pull.next() for _ in ids]
        self.assertEqual([event.id for event in events], ids)
        self.assertEqual([event.index for event in events], sorted(event.index for event in events))
        pull.ack(events[3])
        until(lambda: self.position() == events[4].index - 1, "acknowledged")
        server.kill9()
        with self.assertRaises(grpc.RpcError):
            pull.next()
        client = self.client_of(self.deployment.serve())
        ids.append(client.PublishEvent(type="order.paid").event_id)
        pull = Pull(client)
        events = [pull.next() for _ in ids[4:]]
        self.assertEqual([event.id for event in events], ids[4:])
        pull.ack(events[-1])
        self.assertEqual(pull.end(), [])
        self.assertGreaterEqual(self.position(), events[-1].index)


if __name__ == "__main__":
    unittest.main()
