#!/usr/bin/env python3
"""Tells Lastcall that somebody is logged in at an RP, then that the session ended, and waits until the RP was told."""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import quote

WAITS = [0.2, 0.5, 1, 2, 4, 8, 16]


class Lastcall:
    """Needs LASTCALL_API_URL, ISSUER and LASTCALL_API_KEY_FILE."""

    def __init__(self, environment=os.environ):
        self.base = f"{environment['LASTCALL_API_URL']}/v1/issuers/{environment['ISSUER']}"
        with open(environment["LASTCALL_API_KEY_FILE"]) as file:
            self.key = file.read().strip()

    def record(self, session_id, client_id, sub, sid):
        """At each ID token."""
        path = f"/sessions/{quote(session_id, safe='')}/clients/{quote(client_id, safe='')}"
        return self.call("PUT", path, {"sub": sub, "sid": sid})

    def log_out(self, session_id, wait=30):
        """When the session ends. The same key for the same logout: however often it is sent, it is one."""
        headers = {"Idempotency-Key": f"session-{quote(session_id)}", "Prefer": f"wait={wait}"}
        return self.call("POST", "/logout-events", {"session_id": session_id, "initiator": "idp-logout"}, headers)

    def call(self, method, path, body, headers=None):
        """What is answered 408, 429 or 5xx, or not at all, is sent again: every call here may be repeated."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(headers or {})}
        for wait in [*WAITS, None]:
            request = urllib.request.Request(self.base + path, json.dumps(body).encode(), headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=40) as answer:
                    return json.loads(answer.read() or "null")
            except urllib.error.HTTPError as error:
                problem = f"{error.code} {error.read().decode()}"
                if error.code not in (408, 429) and error.code < 500 or wait is None:
                    raise SystemExit(f"Lastcall answers {problem}") from None
                after = error.headers.get("Retry-After", "")
                wait = max(wait, int(after)) if after.isdigit() else wait
            except (OSError, http.client.HTTPException) as error:
                if wait is None:
                    raise SystemExit(f"Lastcall does not answer: {error}") from None
            time.sleep(wait)


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: logout.py SESSION_ID CLIENT_ID SUB SID")
    session_id, client_id, sub, sid = sys.argv[1:]
    lastcall = Lastcall()
    lastcall.record(session_id, client_id, sub, sid)
    event = lastcall.log_out(session_id)
    print(f"{event['id']} {event['status']}")
    for delivery in event["deliveries"]:
        print(f"  {delivery['client_id']}: {delivery['status']} {delivery['reason'] or ''}".rstrip())
    sys.exit(0 if event["status"] == "completed" else 1)


if __name__ == "__main__":
    main()
