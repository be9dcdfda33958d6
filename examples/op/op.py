#!/usr/bin/python3
"""A small OpenID Provider that leaves back-channel logout to Lastcall. An example, not a product: see README.md."""

import base64
import hashlib
import http.server
import json
import logging
import secrets
import signal
import ssl
import sys
import threading
from datetime import datetime, timezone
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import pages
import store
import tokens
from journal import Journal

log = logging.getLogger("op")

COOKIE = "__Host-op_session"
PASSED_ON = ["response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
             "code_challenge_method"]


class Refused(Exception):
    """Ends a request with a status and a text."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


class Provider:
    def __init__(self, settings):
        self.issuer = settings["issuer"]
        self.clients = settings["clients"]
        self.users = settings["users"]
        self.key = tokens.SigningKey(settings["signing_key"], settings["kid"])
        self.store = store.Store(settings["database"])
        lastcall = settings["lastcall"]
        with open(lastcall["api_key_file"]) as file:
            self.journal = Journal(self.store, lastcall["url"], lastcall["issuer"], file.read().strip())

    def start(self):
        with self.store.transaction() as db:
            for client_id, client in self.clients.items():
                self.journal.client(db, client_id, {
                    "backchannel_logout_uri": client["backchannel_logout_uri"],
                    "backchannel_logout_session_required": True})
        threading.Thread(target=self.journal.run, name="journal", daemon=True).start()

    def discovery(self):
        return {"issuer": self.issuer, "authorization_endpoint": self.issuer + "/authorize",
                "token_endpoint": self.issuer + "/token", "jwks_uri": self.issuer + "/jwks.json",
                "end_session_endpoint": self.issuer + "/end-session",
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                "backchannel_logout_supported": True, "backchannel_logout_session_supported": True}

    def client_of(self, parameters):
        """The client, once it is certain that the browser may be sent back to it."""
        client = self.clients.get(parameters.get("client_id"))
        if client is None or parameters.get("redirect_uri") not in client["redirect_uris"]:
            raise Refused(400, "unknown client_id or redirect_uri")
        return client

    def authorize(self, parameters, cookie):
        """A page, or (the address to go to, a new cookie or None)."""
        self.client_of(parameters)
        passed_on = {k: parameters[k] for k in PASSED_ON if k in parameters}

        def back(**answer):
            if "state" in parameters:
                answer["state"] = parameters["state"]
            return parameters["redirect_uri"] + "?" + urlencode(answer)

        if parameters.get("response_type") != "code" or "openid" not in parameters.get("scope", "").split():
            return back(error="invalid_request"), None
        if parameters.get("code_challenge") and parameters.get("code_challenge_method") != "S256":
            return back(error="invalid_request"), None
        with self.store.transaction() as db:
            session, new = store.session_of(db, cookie), None
            if "username" in parameters:
                expected = self.users.get(parameters["username"], "")
                given = parameters.get("password", "")
                if not expected or not compare_digest(expected.encode(), given.encode()):
                    return pages.login(passed_on, parameters["client_id"], failed=True)
                new = store.begin_session(db, parameters["username"])
                session = store.session_of(db, new)
            if session is None:
                if parameters.get("prompt") == "none":
                    return back(error="login_required"), None
                return pages.login(passed_on, parameters["client_id"], failed=False)
            return back(code=store.make_code(db, session, parameters["client_id"], parameters)), new

    def token(self, parameters, authorization):
        client_id = self.authenticated(authorization)
        if parameters.get("grant_type") != "authorization_code":
            return 400, {"error": "unsupported_grant_type"}
        with self.store.transaction() as db:
            code = store.redeem_code(db, parameters.get("code", ""))
            # A session that has ended meanwhile gets no token: its logout was reported, this login would not be.
            session = code and store.session_with(db, code["session_id"])
            good = (session and code["client_id"] == client_id
                    and code["redirect_uri"] == parameters.get("redirect_uri")
                    and proven(code["challenge"], parameters.get("code_verifier")))
            if good:
                self.journal.participation(db, session["id"], client_id, session["sub"],
                                           tokens.sid(session["id"], client_id), rfc3339(session["expires_at"]))
        if not good:
            return 400, {"error": "invalid_grant"}
        # The login does not wait for Lastcall: what is written down will be sent, before any logout of this session.
        self.journal.wake()
        return 200, {"access_token": secrets.token_urlsafe(32), "token_type": "Bearer", "expires_in": 60,
                     "id_token": tokens.id_token(self.key, self.issuer, session, code)}

    def authenticated(self, authorization):
        scheme, _, value = (authorization or "").partition(" ")
        try:
            name, _, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            name, secret = "", ""
        client = self.clients.get(unquote_plus(name))
        if (scheme.lower() != "basic" or client is None
                or not compare_digest(client["client_secret"].encode(), unquote_plus(secret).encode())):
            raise Refused(401, "invalid_client")
        return unquote_plus(name)

    def end_session(self, parameters, cookie, posted):
        """A page, or (the address to go to, None)."""
        hint = self.key.verified(parameters["id_token_hint"]) if parameters.get("id_token_hint") else None
        client_id = hint["aud"] if hint else parameters.get("client_id")
        target = parameters.get("post_logout_redirect_uri")
        if target is not None and target not in self.clients.get(client_id, {}).get("post_logout_redirect_uris", []):
            raise Refused(400, "post_logout_redirect_uri is not registered for this client")
        call = None
        with self.store.transaction() as db:
            session = store.session_of(db, cookie)
            if session is not None:
                # Without a hint that names this very session, the user is asked: others can link here.
                asked = posted and compare_digest(parameters.get("form", "").encode(), session["form"].encode())
                hinted = hint is not None and hint.get("sid") == tokens.sid(session["id"], hint["aud"])
                if not asked and not hinted:
                    known = {"client_id": client_id, "post_logout_redirect_uri": target,
                             "state": parameters.get("state")}
                    return pages.confirm(session, {k: v for k, v in known.items() if v})
                # One transaction: the session is gone and its logout will be reported, or neither.
                store.end_session(db, session["id"])
                call = self.journal.logout(db, session["id"], "rp-logout" if client_id else "idp-logout", client_id)
        self.journal.wake()
        if target is not None:
            state = {"state": parameters["state"]} if "state" in parameters else {}
            return target + ("?" + urlencode(state) if state else ""), None
        return pages.logged_out(self.journal.outcome(call, 2) if call else {"status": "no_targets"})


def proven(challenge, verifier):
    if not challenge:
        return True
    return tokens.encoded(hashlib.sha256((verifier or "").encode()).digest()) == challenge


def rfc3339(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Handler(http.server.BaseHTTPRequestHandler):
    provider = None
    timeout = 10

    def do_GET(self):
        self.answer(posted=False)

    def do_POST(self):
        self.answer(posted=True)

    def answer(self, posted):
        address = urlsplit(self.path)
        text = address.query
        try:
            if posted:
                length = int(self.headers.get("Content-Length") or 0)
                if length > 65536:
                    raise Refused(413, "too large")
                text = self.rfile.read(length).decode()
            parameters = dict(parse_qsl(text))
            self.route(address.path, parameters, posted)
        except Refused as refusal:
            self.send(refusal.status, refusal.text, "text/plain; charset=utf-8")
        except ValueError:
            self.send(400, "bad request", "text/plain; charset=utf-8")

    def route(self, path, parameters, posted):
        provider = self.provider
        if path == "/.well-known/openid-configuration":
            self.send_json(200, provider.discovery())
        elif path == "/jwks.json":
            self.send_json(200, provider.key.jwks())
        elif path == "/authorize":
            self.show(provider.authorize(parameters, self.cookie()))
        elif path == "/token" and posted:
            self.send_json(*provider.token(parameters, self.headers.get("Authorization")))
        elif path == "/end-session":
            self.show(provider.end_session(parameters, self.cookie(), posted))
        elif path == "/":
            with provider.store.transaction() as db:
                session = store.session_of(db, self.cookie())
            self.show(pages.home(session))
        else:
            raise Refused(404, "nothing here")

    def cookie(self):
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            found = None
        return found.value if found else ""

    def show(self, answer):
        if isinstance(answer, str):
            return self.send(200, answer, "text/html; charset=utf-8")
        address, cookie = answer
        headers = {"Location": address}
        if cookie:
            headers["Set-Cookie"] = f"{COOKIE}={cookie}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return self.send(303, "", "text/plain", headers)

    def send_json(self, status, value):
        self.send(status, json.dumps(value), "application/json")

    def send(self, status, text, kind, headers=None):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
                                                    "frame-ancestors 'none'")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        # Without the query: it can hold codes and tokens.
        log.info("%s %s %s", self.command, urlsplit(self.path).path, int(code))

    def log_error(self, form, *values):
        log.info(form, *values)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        log.warning("%s: %s", client_address[0], sys.exc_info()[1])


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: op.py SETTINGS.json")
    logging.basicConfig(format="%(asctime)s %(name)s %(message)s", level=logging.INFO)
    with open(sys.argv[1]) as file:
        settings = json.load(file)
    provider = Handler.provider = Provider(settings)
    host, _, port = settings["listen"].rpartition(":")
    server = Server((host, int(port)), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["certificate_key"])
    # The handshake happens on the thread of the connection, so a slow one holds up nobody.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    provider.start()
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main()
