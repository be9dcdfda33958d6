#!/usr/bin/env python3
"""Reports that a session of the OP has ended, and says what became of it at each RP. With the standard library alone.

usage: LASTCALL_URL=http://127.0.0.1:8080 LASTCALL_API_KEY=... logout.py ISSUER SESSION_ID
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request


def call(method, path, body=None, headers=None):
    """Makes a call; what is answered 429 or 503 is repeated, as Retry-After says."""
    request = urllib.request.Request(
        os.environ["LASTCALL_URL"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + os.environ["LASTCALL_API_KEY"], **(headers or {})},
    )
    if body is not None:
        request.add_header("Content-Type", "application/json")
    for attempt in range(6):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or attempt == 5:
                problem = json.load(error)
                sys.exit(f"{problem['code']}: {problem['detail']}")
            time.sleep(float(error.headers.get("Retry-After", "1")))
        except (urllib.error.URLError, TimeoutError):
            if attempt == 5:
                raise
            time.sleep(1)


issuer, session_id = sys.argv[1:]
event = call(
    "POST",
    f"/v1/issuers/{issuer}/logout-events",
    {"session_id": session_id, "initiator": "rp-logout"},
    # The same key on every try: a repetition is answered with the first one's event.
    {"Idempotency-Key": f"logout-of-{session_id}", "Prefer": "wait=10"},
)
print(event["id"], event["status"])
for delivery in event["deliveries"]:
    print(delivery["client_id"], delivery["status"], delivery["reason"] or "")
