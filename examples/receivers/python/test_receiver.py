"""The signatures that every language is held to: python3 -m unittest, in this folder."""

import json
import os
import unittest

from receiver import key_of, verify

VECTORS = os.path.join(os.path.dirname(__file__), "../../../packages/protocol/vectors/standard-webhooks.json")


class Vectors(unittest.TestCase):
    def setUp(self):
        with open(VECTORS, encoding="utf-8") as file:
            self.vectors = json.load(file)

    def test_messages(self):
        for case in self.vectors["verify"]:
            with self.subTest(case["name"]):
                body = case["body"].encode()
                verdict = verify(
                    case["secrets"], case["id"], case["timestamp"], case["signature"], body, case["now"]
                )
                self.assertEqual(verdict, case["verdict"])

    def test_secrets(self):
        for case in self.vectors["secrets"]:
            with self.subTest(case["secret"]):
                if case["valid"]:
                    self.assertTrue(key_of(case["secret"]))
                else:
                    self.assertRaises(ValueError, key_of, case["secret"])


if __name__ == "__main__":
    unittest.main()
