"""The driver of scripts/harden.d/slow: slow callers of several kinds, and valid ones that must not notice them."""

import asyncio
import http.client
import json
import multiprocessing
import os
import resource
import socket
import sys
import time

PID, CALLERS = int(sys.argv[1]), int(sys.argv[2])
HOST, PORT, ADMIN = "127.0.0.1", 18480, 18481
KEY = os.environ["LASTCALL_OPERATOR_API_KEY"]
LIMIT = 4000
VALID = 4
P99_MS = 250
EVENTS = 3000
# The longest deadline that the script sets, after the time that hundreds of long lists take to be made, one after another.
DEADLINE_SECONDS = 12 + 30

AUTH = f"Authorization: Bearer {KEY}\r\n"
HEAD = "Host: a\r\n" + AUTH
EVENT = json.dumps({"targets": []})
failures = []


def check(holds, text):
    print(("ok      " if holds else "FAILED  ") + text, flush=True)
    if not holds:
        failures.append(text)


def call(connection, method, path, body=None):
    headers = {"Authorization": f"Bearer {KEY}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def valid_caller(stop, results):
    """One connection that reports a logout and reads it back, ten times a second."""
    latencies, bad = [], []
    connection = http.client.HTTPConnection(HOST, PORT, timeout=20)
    while not stop.is_set():
        began = time.monotonic()
        try:
            status, body = call(connection, "POST", "/v1/issuers/slow/logout-events", EVENT)
            middle = time.monotonic()
            seen, _ = call(connection, "GET", "/v1/issuers/slow/logout-events/" + json.loads(body)["id"])
            latencies += [middle - began, time.monotonic() - middle]
            if (status, seen) != (202, 200):
                bad.append(f"{status} {seen}")
        except Exception as error:
            bad.append(repr(error))
            connection = http.client.HTTPConnection(HOST, PORT, timeout=20)
        stop.wait(max(0, 0.1 - (time.monotonic() - began)))
    results.put((latencies, bad))


class ValidCalls:
    """Valid callers in processes of their own, so that this one's work does not count as their latency."""

    def __enter__(self):
        self.stop, self.results = multiprocessing.Event(), multiprocessing.Queue()
        self.callers = [
            multiprocessing.Process(target=valid_caller, args=(self.stop, self.results)) for _ in range(VALID)
        ]
        for caller in self.callers:
            caller.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        found = [self.results.get() for _ in self.callers]
        for caller in self.callers:
            caller.join()
        self.latencies = sorted(l for latencies, _ in found for l in latencies)
        self.bad = [b for _, bad in found for b in bad]

    def report(self, name, is_judged):
        def at(share):
            return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000

        text = f"{name}: {len(self.latencies)} valid calls, p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, longest {at(1):.1f} ms"
        check(not self.bad, f"{name}: no valid call failed {self.bad[:3]}")
        check(at(0.99) < P99_MS, text) if is_judged else print("        " + text, flush=True)


def metric(name):
    connection = http.client.HTTPConnection(HOST, ADMIN, timeout=60)
    connection.request("GET", "/metrics")
    for line in connection.getresponse().read().decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    raise SystemExit(f"no metric {name}")


def usage(name):
    with open(f"/proc/{PID}/status") as file:
        rss = next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmRSS"))
    descriptors = len(os.listdir(f"/proc/{PID}/fd"))
    open_connections = int(metric("lastcall_api_connections"))
    print(
        f"        {name}: {rss} MiB resident, {descriptors} descriptors, {open_connections} API connections,"
        f" {int(metric('lastcall_api_calls'))} calls, {int(metric('lastcall_pool_busy'))} database connections busy",
        flush=True,
    )
    return rss, descriptors, open_connections


async def connected(receive_buffer=None):
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(sock, (HOST, PORT))
    return sock


async def drip(start):
    """Sends a byte a second; returns what the server said before it ended the connection."""
    loop, sock = asyncio.get_running_loop(), await connected()
    try:
        await loop.sock_sendall(sock, start.encode())
        answer = b""
        while True:
            try:
                more = await asyncio.wait_for(loop.sock_recv(sock, 4096), 1)
                if not more:
                    return answer
                answer += more
            except asyncio.TimeoutError:
                if not answer:
                    await loop.sock_sendall(sock, b"a")
    except OSError:
        return answer
    finally:
        sock.close()


async def silent(start):
    """Sends what it has to say at once, and then nothing; returns what came back."""
    loop, sock = asyncio.get_running_loop(), await connected()
    try:
        await loop.sock_sendall(sock, start.encode())
        answer = b""
        while more := await loop.sock_recv(sock, 4096):
            answer += more
        return answer
    except OSError:
        return answer
    finally:
        sock.close()


async def hardly_read(start, until):
    """Asks for much and reads a few bytes a second."""
    loop, sock = asyncio.get_running_loop(), await connected(2048)
    try:
        await loop.sock_sendall(sock, start.encode())
        while not until.is_set():
            if not await loop.sock_recv(sock, 16):
                break
            await asyncio.sleep(1)
    except OSError:
        pass
    finally:
        sock.close()


async def attack(first_event):
    until = asyncio.Event()
    body = f"POST /v1/issuers/slow/logout-events HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\n"
    kinds = {
        "slow heads": [drip("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ") for _ in range(CALLERS)],
        "slow bodies": [drip(body + "Content-Length: 100000\r\n\r\n{") for _ in range(CALLERS)],
        "silent": [silent("") for _ in range(CALLERS // 2)],
        "idle": [silent("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(CALLERS - CALLERS // 2)],
    }
    # More than half a megabyte: it does not fit into the kernel's buffers.
    lists = f"GET /v1/issuers/slow/logout-events?limit=1000 HTTP/1.1\r\n{HEAD}\r\n"
    stream = f"GET /v1/issuers/slow/audit-events/stream HTTP/1.1\r\n{HEAD}Last-Event-ID: {first_event}\r\n\r\n"
    tasks = {name: [asyncio.create_task(one) for one in many] for name, many in kinds.items()}
    readers = [asyncio.create_task(hardly_read(start, until)) for start in (lists, stream) for _ in range(CALLERS)]
    began, peak, most = time.monotonic(), 0, 0
    while time.monotonic() - began < DEADLINE_SECONDS:
        await asyncio.sleep(2)
        rss, _, held = await asyncio.to_thread(usage, f"attack, {time.monotonic() - began:3.0f} s")
        peak, most = max(peak, rss), max(most, held)
        if held <= VALID:
            break
    # Streams and lists are many megabytes: nobody is left but who makes valid calls.
    left = int(await asyncio.to_thread(metric, "lastcall_api_connections"))
    check(most >= 3 * CALLERS, f"slow callers were held at once: {most} connections")
    check(left <= VALID, f"every slow caller is gone {time.monotonic() - began:.0f} s after it came: {left} connections left")
    expected = {"slow heads": b" 408 ", "slow bodies": b" 408 ", "silent": None, "idle": b" 200 "}
    for name, many in tasks.items():
        done = [task.result() for task in many if task.done()]
        good = [a for a in done if (expected[name] in a if expected[name] else a == b"")]
        check(len(good) == len(many), f"{name}: {len(good)} of {len(many)} ended as they should")
    until.set()
    for task in [*readers, *(task for many in tasks.values() for task in many)]:
        task.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return peak


async def flood():
    held, turned_away = [], 0
    loop = asyncio.get_running_loop()
    for _ in range(LIMIT + CALLERS):
        held.append(await connected())
    await asyncio.to_thread(usage, "flood")

    async def is_refused(sock):
        try:
            answer = await asyncio.wait_for(loop.sock_recv(sock, 4096), 3)
            return answer == b"" or b" 503 " in answer
        except asyncio.TimeoutError:
            return False
        except OSError:
            return True

    turned_away = sum(await asyncio.gather(*(is_refused(sock) for sock in held)))
    check(
        turned_away >= CALLERS,
        f"{turned_away} of {len(held)} connections are turned away at once, where {LIMIT} are allowed",
    )
    for sock in held:
        sock.close()


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for _ in range(600):
        try:
            if metric("lastcall_api_connections") >= 0:
                break
        except OSError:
            time.sleep(0.1)
    connection = http.client.HTTPConnection(HOST, PORT, timeout=20)
    for _ in range(100):
        if call(connection, "GET", "/readyz")[0] == 200:
            break
        time.sleep(0.1)
    call(connection, "PUT", "/v1/issuers/slow", json.dumps({"issuer": "https://slow.example"}))
    for _ in range(EVENTS):
        status, _ = call(connection, "POST", "/v1/issuers/slow/logout-events", EVENT)
        if status != 202:
            raise SystemExit(f"no history: {status}")
    page = json.loads(call(connection, "GET", "/v1/issuers/slow/audit-events?limit=1")[1])
    connection.close()
    with ValidCalls() as calls:
        time.sleep(8)
    calls.report("baseline", False)
    _, before, _ = usage("before")
    with ValidCalls() as calls:
        asyncio.run(attack(page["items"][0]["id"]))
    calls.report("attack", True)
    with ValidCalls() as calls:
        time.sleep(1)
        asyncio.run(flood())
    calls.report("flood", True)
    for _ in range(100):
        if metric("lastcall_api_connections") == 0:
            break
        time.sleep(0.1)
    _, after, _ = usage("after")
    check(after <= before + 16, f"descriptors came back: {before} before, {after} after")
    raise SystemExit(1 if failures else 0)


main()
