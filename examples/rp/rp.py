#!/usr/bin/python3
"""The part of a relying party that takes logout tokens: every check of docs/integrate/relying-parties.md, in order."""

import base64
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.request
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SKEW = 120  # seconds that the OP's clock and this one may differ


class Invalid(Exception):
    """The request is answered with 400, and this text."""


class KeySet:
    """The OP's JWK Set, fetched again where a token names a key that is not in it, but not at any caller's pace."""

    def __init__(self, url, context=None):
        self.url, self.context = url, context
        self.keys, self.fetched = {}, 0
        self.lock = threading.Lock()

    def key(self, kid):
        with self.lock:
            if kid not in self.keys and time.monotonic() - self.fetched > (5 if self.keys else 0):
                with urllib.request.urlopen(self.url, timeout=5, context=self.context) as answer:
                    keys = json.load(answer)["keys"]
                self.keys = {key["kid"]: key for key in keys if key["kty"] == "RSA"}
                self.fetched = time.monotonic()
            if kid not in self.keys:
                raise Invalid("the key is unknown")
            key = self.keys[kid]
        e, n = (int.from_bytes(decoded(key[name]), "big") for name in ("e", "n"))
        return rsa.RSAPublicNumbers(e, n).public_key()


class LogoutTokens:
    def __init__(self, issuer, client_id, keys):
        self.issuer, self.client_id, self.keys = issuer, client_id, keys
        self.seen = {}
        self.lock = threading.Lock()

    def verified(self, token):
        """The claims of a good token; raises Invalid for every other one."""
        parts = token.split(".")
        if len(parts) != 3:
            raise Invalid("not a signed JWT")
        try:
            header, claims = (json.loads(decoded(part)) for part in parts[:2])
            signature = decoded(parts[2])
        except ValueError:
            raise Invalid("not a signed JWT") from None
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise Invalid("not a signed JWT")
        # The algorithm is the one that was registered. The token has no say in it.
        if header.get("alg") != "RS256":
            raise Invalid("alg must be RS256")
        if header.get("typ", "logout+jwt").lower() not in ("logout+jwt", "jwt"):
            raise Invalid("typ is of another kind of token")
        try:
            text = token.rpartition(".")[0].encode()
            self.keys.key(header.get("kid")).verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Invalid("the signature is wrong") from None
        now = time.time()
        audience = claims.get("aud")
        if claims.get("iss") != self.issuer:
            raise Invalid("iss is another OP")
        if self.client_id not in (audience if isinstance(audience, list) else [audience]):
            raise Invalid("aud is another client")
        if not is_number(claims.get("iat")) or claims["iat"] > now + SKEW:
            raise Invalid("iat is in the future, or missing")
        if not is_number(claims.get("exp")) or claims["exp"] < now - SKEW:
            raise Invalid("exp is past, or missing")
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
            raise Invalid("this is no logout token")
        if "nonce" in claims:
            raise Invalid("a nonce is forbidden: this is an ID token")
        if not is_text(claims.get("sub")) and not is_text(claims.get("sid")):
            raise Invalid("neither sub nor sid")
        if not is_text(claims.get("jti")):
            raise Invalid("jti is missing")
        with self.lock:
            self.seen = {jti: end for jti, end in self.seen.items() if end > now}
            if claims["jti"] in self.seen:
                raise Invalid("the token was used before")
            self.seen[claims["jti"]] = claims["exp"] + SKEW
        return claims


class Handler(http.server.BaseHTTPRequestHandler):
    tokens = None
    timeout = 10

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= 65536:
                raise Invalid("no body, or too much of it")
            values = parse_qs(self.rfile.read(length).decode()).get("logout_token", [])
            if len(values) != 1:
                raise Invalid("the form must have one logout_token")
            claims = self.tokens.verified(values[0])
            end_sessions(claims.get("sub"), claims.get("sid"))
            self.answer(200)
        except (Invalid, ValueError) as problem:
            print(json.dumps({"refused": str(problem)}), flush=True)
            self.answer(400, {"error": "invalid_request", "error_description": str(problem)})
        except OSError:
            # The JWK Set or the session store is out of reach: not the sender's fault, who will come again.
            self.answer(503)

    def answer(self, status, body=None):
        data = json.dumps(body).encode() if body else b""
        self.send_response(status)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(data)))
        if body:
            self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        print(json.dumps({"failed": str(sys.exc_info()[1])}), flush=True)


def end_sessions(sub, sid):
    """Yours to write: with a sid end that session, without one all sessions of sub. None found is fine too: 200."""
    print(json.dumps({"ended": {"sub": sub, "sid": sid}}), flush=True)


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_text(value):
    return isinstance(value, str) and value != ""


def main():
    if len(sys.argv) != 7:
        sys.exit("usage: rp.py PORT CERTIFICATE.pem KEY.pem ISSUER CLIENT_ID JWKS_URL")
    port, certificate, key, issuer, client_id, jwks = sys.argv[1:]
    Handler.tokens = LogoutTokens(issuer, client_id, KeySet(jwks))
    server = Server(("127.0.0.1", int(port)), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
