"""The verifiers of the tests, against the example that the specification's libraries share."""

import importlib.machinery
import importlib.util
import time
import unittest

from tests.e2e.support import webhook_verifier

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TIME = 1614265330
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(TIME),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


class WebhookVerifierTest(unittest.TestCase):
    def assert_rejected(self, headers=None, body=BODY, now=TIME):
        with self.assertRaises(webhook_verifier.Rejected):
            webhook_verifier.verify(SECRET, headers or HEADERS, body, now)

    def test_accepts_the_example(self):
        webhook_verifier.verify(SECRET, HEADERS, BODY, TIME)

    def test_accepts_one_of_several_signatures(self):
        rotated = {**HEADERS, "webhook-signature": "v1,AAAA v1a,BBBB " + HEADERS["webhook-signature"]}
        webhook_verifier.verify(SECRET, rotated, BODY, TIME)

    def test_rejects_what_was_changed(self):
        self.assert_rejected(body=BODY + b" ")
        self.assert_rejected({**HEADERS, "webhook-id": "msg_other"})
        self.assert_rejected({**HEADERS, "webhook-timestamp": str(TIME + 1)})
        self.assert_rejected({**HEADERS, "webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v2,")})
        self.assert_rejected({name: value for name, value in HEADERS.items() if name != "webhook-signature"})

    def test_rejects_what_is_old(self):
        self.assert_rejected(now=TIME + webhook_verifier.TOLERANCE_S + 1)


class ReceiveWebhooksTest(unittest.TestCase):
    """tools/receive-webhooks, which the tour of README.md uses."""

    @classmethod
    def setUpClass(cls):
        loader = importlib.machinery.SourceFileLoader("receive_webhooks", "tools/receive-webhooks")
        cls.module = importlib.util.module_from_spec(importlib.util.spec_from_loader("receive_webhooks", loader))
        loader.exec_module(cls.module)
        # The example is from 2021.
        cls.module.TOLERANCE_S = time.time()

    def test_accepts_the_example_and_nothing_else(self):
        self.assertTrue(self.module.verify(SECRET, HEADERS, BODY))
        self.assertFalse(self.module.verify(SECRET, HEADERS, BODY + b" "))
        self.assertFalse(self.module.verify(SECRET, {**HEADERS, "webhook-signature": "v1,AAAA"}, BODY))
        self.assertFalse(self.module.verify(SECRET, {}, BODY))
