#!/usr/bin/python3
"""Each check of rp.py refuses what it is there for."""

import base64
import json
import time
import unittest

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import rp

KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)


class Keys:
    def key(self, kid):
        if kid != "k1":
            raise rp.Invalid("the key is unknown")
        return KEY.public_key()


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header=None, key=KEY, without=(), **claims):
    now = int(time.time())
    header = {"alg": "RS256", "kid": "k1", "typ": "logout+jwt"} | (header or {})
    body = {"iss": "https://op.example.com", "aud": "wiki", "iat": now, "exp": now + 120, "jti": "j1", "sub": "alice",
            "sid": "s1", "events": {rp.EVENT: {}}} | claims
    for name in without:
        del body[name]
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, body))
    return text + "." + encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))


class RelyingPartyTests(unittest.TestCase):
    def setUp(self):
        self.tokens = rp.LogoutTokens("https://op.example.com", "wiki", Keys())

    def refuses(self, bad, because):
        with self.assertRaisesRegex(rp.Invalid, because):
            self.tokens.verified(bad)

    def test_takes_a_good_token_and_those_that_name_only_one_of_sub_and_sid(self):
        self.assertEqual(self.tokens.verified(token())["sid"], "s1")
        self.assertNotIn("sub", self.tokens.verified(token(jti="j2", without=["sub"])))
        self.assertNotIn("sid", self.tokens.verified(token(jti="j3", without=["sid"])))
        self.tokens.verified(token(jti="j4", aud=["shop", "wiki"]))

    def test_refuses_what_is_no_token(self):
        for text in ("", "a.b", "a.b.c", "....", "e30.e30", "W10.W10.x"):
            self.refuses(text, "not a signed JWT")

    def test_refuses_another_algorithm_key_or_signature(self):
        self.refuses(token({"alg": "none"}), "alg")
        self.refuses(token({"alg": "HS256"}), "alg")
        self.refuses(token({"typ": "at+jwt"}), "typ")
        self.refuses(token({"kid": "k2"}), "key is unknown")
        self.refuses(token(key=OTHER_KEY), "signature")
        header, _, signature = token().split(".")
        self.refuses(f"{header}.{token(sub='bob').split('.')[1]}.{signature}", "signature")

    def test_refuses_another_issuer_audience_or_time(self):
        now = int(time.time())
        self.refuses(token(iss="https://op.example.com/"), "iss")
        self.refuses(token(aud="shop"), "aud")
        self.refuses(token(aud=["shop"]), "aud")
        self.refuses(token(without=["aud"]), "aud")
        self.refuses(token(iat=now + 600), "iat")
        self.refuses(token(without=["iat"]), "iat")
        self.refuses(token(exp=now - 600), "exp")
        self.refuses(token(exp=True), "exp")

    def test_refuses_an_id_token(self):
        self.refuses(token(without=["events"]), "no logout token")
        self.refuses(token(events={}), "no logout token")
        self.refuses(token(events={rp.EVENT: "x"}), "no logout token")
        self.refuses(token(nonce="n"), "nonce")

    def test_refuses_one_that_names_nobody_or_has_no_id(self):
        self.refuses(token(without=["sub", "sid"]), "neither")
        self.refuses(token(sub="", without=["sid"]), "neither")
        self.refuses(token(without=["jti"]), "jti")

    def test_takes_a_token_once_and_remembers_only_good_ones(self):
        self.refuses(token(key=OTHER_KEY), "signature")
        self.assertEqual(self.tokens.seen, {})
        self.tokens.verified(token())
        self.refuses(token(), "used before")


if __name__ == "__main__":
    unittest.main()
