"""The calls to Lastcall, in order, none lost.

A call is written down in the transaction that makes it necessary: the session is gone and the logout is to be reported,
or neither. One thread sends the calls in the order in which they were written, each until it is answered. That order
is what keeps a participation from arriving after the logout that should end it.
"""

import http.client
import json
import logging
import ssl
import threading
import time
import urllib.parse

log = logging.getLogger("lastcall")

PATIENCE = 5  # seconds for one call; a logout event is durable in a few milliseconds
WAITS = [0.2, 0.5, 1, 2, 5, 10]  # seconds between attempts; the last one is repeated


class Journal:
    def __init__(self, store, url, issuer, api_key):
        self.store = store
        self.url = urllib.parse.urlsplit(url)
        self.base = f"/v1/issuers/{issuer}"
        self.headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self.changed = threading.Condition()
        self.done = {}

    # The three calls. Each is written down inside the caller's transaction.

    def client(self, db, client_id, metadata):
        """When an RP is registered, and again at each start: repeating it changes nothing."""
        return self._write(db, "PUT", f"/clients/{quoted(client_id)}", metadata)

    def participation(self, db, session_id, client_id, sub, sid, expires_at):
        """At each ID token: this RP is logged in through this session."""
        path = f"/sessions/{quoted(session_id)}/clients/{quoted(client_id)}"
        return self._write(db, "PUT", path, {"sub": sub, "sid": sid, "expires_at": expires_at})

    def logout(self, db, session_id, initiator, client_id=None):
        """When a session ends. The key makes it one logout, however often it must be sent."""
        body = {"session_id": session_id, "initiator": initiator}
        if client_id:
            body["initiating_client_id"] = client_id
        return self._write(db, "POST", "/logout-events", body, key=f"session-{session_id}")

    def _write(self, db, method, path, body, key=None):
        return db.execute("insert into calls (method, path, body, idempotency_key) values (?, ?, ?, ?)",
                          (method, path, json.dumps(body), key)).lastrowid

    def wake(self):
        """After the caller's commit."""
        with self.changed:
            self.changed.notify_all()

    # What became of a logout, for the page that the user sees. Nobody has to ask.

    def outcome(self, call, seconds):
        """The logout event after at most so many seconds; None while Lastcall has not answered."""
        with self.changed:
            self.changed.wait_for(lambda: call in self.done, seconds)
            event = self.done.pop(call, None)
        if event is None:
            return None
        try:
            status, _, body = self._send("GET", f"/logout-events/{event['id']}?wait={seconds}", None, None)
            return body if status == 200 else event
        except OSError:
            return event

    # Sending.

    def run(self):
        attempt = 0
        while True:
            wait = self._attempt(self._next(), attempt)
            attempt = 0 if wait is None else attempt + 1
            if wait is not None:
                time.sleep(wait)

    def _next(self):
        with self.changed:
            while True:
                with self.store.transaction() as db:
                    call = db.execute("select * from calls where refused is null order by n limit 1").fetchone()
                if call is not None:
                    return call
                self.changed.wait()

    def _attempt(self, call, attempt):
        """None when the call is done with; otherwise the seconds until it is to be sent again."""
        wait = WAITS[min(attempt, len(WAITS) - 1)]
        name = f"{call['method']} {call['path']}"
        try:
            status, headers, body = self._send(call["method"], call["path"], call["body"], call["idempotency_key"])
        except (OSError, http.client.HTTPException) as error:
            # No answer: it may have been done or not. Sent again, it is done once.
            log.warning("%s: no answer (%s); again in %s s", name, error, wait)
            return wait
        if 200 <= status < 300:
            log.info("%s: %s", name, status)
            self._finish(call, body if call["method"] == "POST" else None)
            return None
        code = body.get("code") if isinstance(body, dict) else None
        if status in (408, 429) or status >= 500:
            wait = max(wait, retry_after(headers))
            log.warning("%s: %s %s; again in %s s", name, status, code, wait)
            return wait
        if status in (401, 403):
            # The key is wrong, for every call: nothing may be skipped. Somebody has to mend it.
            log.error("%s: %s %s: the API key must be mended; again in %s s", name, status, code, WAITS[-1])
            return WAITS[-1]
        # 400, 404, 409, 413: this call will never be taken. It is kept, and must not hold up the others.
        log.error("%s: refused with %s: %s", name, status, body)
        with self.store.transaction() as db:
            db.execute("update calls set refused = ? where n = ?", (f"{status} {code}", call["n"]))
        return None

    def _finish(self, call, event):
        with self.store.transaction() as db:
            db.execute("delete from calls where n = ?", (call["n"],))
        if event is not None:
            with self.changed:
                self.done = dict(list(self.done.items())[-99:])
                self.done[call["n"]] = event
                self.changed.notify_all()

    def _send(self, method, path, body, key):
        if self.url.scheme == "https":
            connection = http.client.HTTPSConnection(self.url.netloc, timeout=PATIENCE,
                                                     context=ssl.create_default_context())
        else:
            connection = http.client.HTTPConnection(self.url.netloc, timeout=PATIENCE)
        try:
            headers = self.headers | ({"Idempotency-Key": key} if key else {})
            connection.request(method, self.base + path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None
        except ValueError as error:
            raise http.client.HTTPException(f"not JSON: {error}") from error
        finally:
            connection.close()


def quoted(text):
    return urllib.parse.quote(text, safe="")


def retry_after(headers):
    value = headers.get("Retry-After", "")
    return min(int(value), 60) if value.isdigit() else 0
