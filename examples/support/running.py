"""Starts and stops what an example needs: processes, free ports, certificates, Lastcall itself."""

import atexit
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

# Settings of another Lastcall, and a proxy, are not for what is started here.
for variable in [name for name in os.environ if name.startswith("LASTCALL_")]:
    del os.environ[variable]
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1"
# Whoever ends this process ends what it has started, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Failed(Exception):
    """The example did not go as it should."""


def check(condition, text):
    if not condition:
        raise Failed(text)
    print(f"  {text}", flush=True)


def eventually(text, condition, seconds=15):
    """Waits until something holds; fails with the text where it does not."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(text)
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def folder():
    """A temporary folder, removed in the end. The users of Postgres and Apache must be able to pass through it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="lastcall-example-"))
    path.chmod(0o755)
    os.umask(0o022)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


class Process:
    """A process that ends with this one, and whose output is kept for the case that it fails."""

    def __init__(self, name, command, log, environment=None):
        self.name, self.log = name, pathlib.Path(log)
        with open(self.log, "ab") as file:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                          env={**os.environ, **(environment or {})})
        atexit.register(self.stop)

    def wait_until(self, condition):
        def ready():
            if self.child.poll() is not None:
                raise Failed(f"{self.name} has ended:\n{self.tail()}")
            return condition()
        try:
            eventually(f"{self.name} did not start", ready, 60)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.tail()}") from None

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(35)  # longer than drain_seconds
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


def certificates(at):
    """An authority (ca.pem) and a certificate for localhost (tls.pem, tls-key.pem), good for a day."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=at, check=True, capture_output=True)
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    openssl("req", "-x509", *new_key, "-subj", "/CN=Example authority", "-keyout", "ca-key.pem", "-out", "ca.pem",
            "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-x509", *new_key, "-subj", "/CN=localhost", "-keyout", "tls-key.pem", "-out", "tls.pem",
            "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth")
    return at / "ca.pem"


class Lastcall:
    """`lastcall up` on loopback, with a Postgres of its own in the folder."""

    def __init__(self, program, at, ca, port=None):
        self.program, self.at = str(program), at
        self.listen = f"127.0.0.1:{port or free_port()}"
        self.url = f"http://{self.listen}"
        self.environment = {
            "LASTCALL_LISTEN": self.listen, "LASTCALL_ADMIN_LISTEN": f"127.0.0.1:{free_port()}",
            "LASTCALL_DATA_DIR": str(at / "lastcall"), "LASTCALL_CA_FILE": str(ca),
            # For examples and development: without it nothing is sent to loopback addresses.
            "LASTCALL_ALLOW_INSECURE_LOOPBACK": "true",
        }
        self.process = None

    def start(self):
        self.process = Process("lastcall up", [self.program, "up"], self.at / "lastcall.log", self.environment)
        self.process.wait_until(self.is_ready)

    def stop(self):
        self.process.stop()

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def command(self, *arguments):
        """Runs `lastcall ...` as an operator does; returns what it prints."""
        done = subprocess.run([self.program, *map(str, arguments)], env={**os.environ, **self.environment},
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"lastcall {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def lines(self, *arguments):
        return [json.loads(line) for line in self.command(*arguments, "--json").splitlines()]

    def api_key(self, issuer, *scopes):
        """A new key in a file that only its owner reads."""
        made = self.lines("api-keys", "create", "--issuer", issuer, "--scope", *scopes)[0]
        path = self.at / f"api-key-{made['id']}"
        path.touch(0o600)
        path.write_text(made["key"])
        return path


class Psql:
    """A session of psql in the Postgres of `lastcall up`, line by line."""

    def __init__(self, lastcall, user):
        target = f"host={lastcall.at}/lastcall/socket dbname=lastcall user={user}"
        self.child = subprocess.Popen(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        atexit.register(self.child.kill)

    def run(self, statement):
        """Runs a statement and waits for its end; returns what it prints."""
        self.child.stdin.write(statement + "\n\\echo done\n")
        self.child.stdin.flush()
        lines = []
        for line in self.child.stdout:
            if line == "done\n":
                return "".join(lines)
            lines.append(line)
        raise Failed(f"psql: {''.join(lines)}")

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def trusting(ca):
    return ssl.create_default_context(cafile=str(ca))
