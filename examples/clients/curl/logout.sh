#!/usr/bin/env bash
# Tells Lastcall that somebody is logged in at an RP, then that the session ended, and waits until the RP was told.
set -euo pipefail

if [ $# != 4 ]; then
    echo "usage: LASTCALL_API_URL=... ISSUER=... LASTCALL_API_KEY_FILE=... logout.sh SESSION_ID CLIENT_ID SUB SID" >&2
    exit 64
fi
session_id=$1 client_id=$2 sub=$3 sid=$4
base=$LASTCALL_API_URL/v1/issuers/$ISSUER
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# Percent-encoded, for a path, and for the key, which must be visible ASCII.
quoted() {
    local LC_ALL=C text=$1 i character code
    for ((i = 0; i < ${#text}; i++)); do
        character=${text:i:1}
        case $character in
        [a-zA-Z0-9._~-]) printf '%s' "$character" ;;
        *) printf -v code '%d' "'$character" && printf '%%%02X' $((code & 255)) ;;
        esac
    done
}

# As a JSON string; identifiers with control characters are not for this script.
json() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# Calls the API. What is answered 408, 429 or 5xx, or not at all, is sent again, after Retry-After where that is given:
# every call here may be repeated. The API key is read from a file: what stands in a command line shows in ps.
call() {
    local status
    status=$(curl -sS --max-time 40 --connect-timeout 5 --retry 8 --retry-all-errors -o "$answer" -w '%{http_code}' \
        -H @<(printf 'Authorization: Bearer %s\n' "$(cat "$LASTCALL_API_KEY_FILE")") \
        -H "Content-Type: application/json" "$@")
    case $status in 2*) return ;; esac
    echo "Lastcall answers $status: $(cat "$answer")" >&2
    exit 1
}

# At each ID token.
call -X PUT "$base/sessions/$(quoted "$session_id")/clients/$(quoted "$client_id")" \
    -d "{\"sub\": $(json "$sub"), \"sid\": $(json "$sid")}"

# When the session ends. The same key for the same logout: however often it is sent, it is one.
call -X POST "$base/logout-events" -H "Idempotency-Key: session-$(quoted "$session_id")" -H "Prefer: wait=30" \
    -d "{\"session_id\": $(json "$session_id"), \"initiator\": \"idp-logout\"}"

cat "$answer"
echo
grep -q '"status":"completed"' "$answer"
