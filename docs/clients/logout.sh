#!/bin/sh
# Reports that a session of the OP has ended, and says what became of it at each RP. With curl alone.
# usage: LASTCALL_URL=http://127.0.0.1:8080 LASTCALL_API_KEY=... logout.sh ISSUER SESSION_ID
set -eu

# From a file descriptor, so that no other user of this machine sees the key among curl's arguments.
call() {
    curl --silent --show-error --fail-with-body --retry 5 --max-time 60 --config - "$@" <<TEXT
header = "Authorization: Bearer $LASTCALL_API_KEY"
TEXT
}

# The same key on every try: a repetition is answered with the first one's event.
# Prefer: answer when all RPs are told, or after 10 s, whichever is first.
call --request POST "$LASTCALL_URL/v1/issuers/$1/logout-events" \
    --header "Content-Type: application/json" --header "Idempotency-Key: logout-of-$2" --header "Prefer: wait=10" \
    --data "{\"session_id\": \"$2\", \"initiator\": \"rp-logout\"}"
echo
