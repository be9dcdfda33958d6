"""ID tokens: RS256 with the OP's one key, which Lastcall was given too."""

import base64
import hashlib
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

ID_TOKEN_SECONDS = 300


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class SigningKey:
    def __init__(self, path, kid):
        with open(path, "rb") as file:
            self.key = serialization.load_pem_private_key(file.read(), None)
        self.kid = kid

    def jwks(self):
        """The set that RPs verify ID tokens with, and logout tokens: Lastcall signs with the same key and kid."""
        numbers = self.key.public_key().public_numbers()
        n = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        e = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
                          "n": encoded(n), "e": encoded(e)}]}

    def sign(self, claims):
        header = {"alg": "RS256", "kid": self.kid, "typ": "JWT"}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        return text + "." + encoded(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))

    def verified(self, token):
        """The claims of an ID token of ours, however old: what an `id_token_hint` needs. None if it is not ours."""
        try:
            text, _, signature = token.rpartition(".")
            self.key.public_key().verify(decoded(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
            return json.loads(decoded(text.partition(".")[2]))
        except (InvalidSignature, ValueError):
            return None


def sid(session_id, client_id):
    """The name of the session at one RP. Each RP gets one of its own, so that they cannot compare notes."""
    return encoded(hashlib.sha256(f"{session_id} {client_id}".encode()).digest()[:16])


def id_token(key, issuer, session, code):
    now = int(time.time())
    claims = {"iss": issuer, "sub": session["sub"], "aud": code["client_id"], "iat": now,
              "exp": now + ID_TOKEN_SECONDS, "auth_time": session["auth_time"],
              "sid": sid(session["id"], code["client_id"])}
    if code["nonce"]:
        claims["nonce"] = code["nonce"]
    return key.sign(claims)
