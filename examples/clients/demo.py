#!/usr/bin/python3
"""Runs each client example against a real Lastcall and a real RP, and checks that the RP was told."""

import argparse
import atexit
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from running import (Failed, Lastcall, Process, Psql, certificates, check, eventually, folder,  # noqa: E402
                     free_port, is_open)

ISSUER = "https://op.example.com"


class Scene:
    def __init__(self, program, swift_client):
        self.at = folder()
        self.lastcall = Lastcall(program, self.at, certificates(self.at))
        self.clients = {
            "curl": ["bash", str(HERE / "curl" / "logout.sh")],
            "Python": ["/usr/bin/python3", str(HERE / "python" / "logout.py")],
            "Swift": [swift_client],
        }

    def start(self):
        lastcall, port = self.lastcall, free_port()
        lastcall.start()
        lastcall.command("issuers", "put", "op", "--issuer", ISSUER)
        lastcall.command("keys", "generate", "op", "--alg", "RS256")
        metadata = self.at / "wiki.json"
        metadata.write_text(json.dumps({"backchannel_logout_uri": f"https://localhost:{port}/logout"}))
        lastcall.command("clients", "put", "op", "wiki", "--metadata", metadata)
        self.environment = {"LASTCALL_API_URL": lastcall.url, "ISSUER": "op",
                            "LASTCALL_API_KEY_FILE": str(lastcall.api_key("op", "sessions", "logout"))}
        self.rp = Process("the RP", ["/usr/bin/python3", str(HERE.parent / "rp" / "rp.py"), str(port),
                                     str(self.at / "tls.pem"), str(self.at / "tls-key.pem"), ISSUER, "wiki",
                                     f"{lastcall.url}/issuers/op/jwks.json"], self.at / "rp.log")
        self.rp.wait_until(lambda: is_open(port))

    def run(self, name, run):
        """Starts a client example; a session id with characters that a path must escape."""
        session = f"{name} {run}/é"
        child = subprocess.Popen([*self.clients[name], session, "wiki", "alice", f"{name}-{run}"],
                                 env={**os.environ, **self.environment}, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        atexit.register(child.kill)
        return child

    def finish(self, name, run, child):
        output = child.communicate(timeout=60)[0]
        if child.returncode != 0:
            raise Failed(f"{name} ended with {child.returncode}:\n{output}")
        check({"sub": "alice", "sid": f"{name}-{run}"} in self.ended(), f"{name}: the RP verified the token")

    def ended(self):
        lines = [json.loads(line) for line in self.rp.log.read_text().splitlines()]
        refused = [line for line in lines if "refused" in line]
        if refused:
            raise Failed(f"the RP refused: {refused}")
        return [line["ended"] for line in lines if "ended" in line]

    def psql(self, user, *arguments):
        return subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d",
                               f"host={self.at}/lastcall/socket dbname=lastcall user={user}", *arguments],
                              check=False, capture_output=True, text=True)


def play(scene):
    print("each client reports a login and its end:")
    for name in scene.clients:
        scene.finish(name, 1, scene.run(name, 1))

    print("SQL, as a role that may use the door and nothing else:")
    operator = Psql(scene.lastcall, "lastcall")
    operator.run("create role op_role login;")
    operator.close()
    scene.lastcall.command("sql-door", "grant", "op_role")
    values = {"issuer": "op", "session_id": "SQL 1/é", "client_id": "wiki", "sub": "alice", "sid": "SQL-1"}
    door = scene.psql("op_role", *(f"-v{name}={value}" for name, value in values.items()),
                      "-f", str(HERE / "sql" / "logout.sql"))
    check(door.returncode == 0, f"psql: {(door.stderr or 'the logout is committed').strip()}")
    eventually("the RP should be told", lambda: {"sub": "alice", "sid": "SQL-1"} in scene.ended())
    check(True, "SQL: the RP verified the token")

    print("the same while Lastcall is down, and is then started again:")
    scene.lastcall.stop()
    waiting = {name: scene.run(name, 2) for name in scene.clients}
    scene.lastcall.start()
    for name, child in waiting.items():
        scene.finish(name, 2, child)

    events = scene.lastcall.lines("events", "list", "op")
    check(len(events) == 7 and all(event["status"] == "completed" for event in events),
          "seven logouts are recorded as completed")
    check(len(scene.ended()) == 7, "the RP was told seven times")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lastcall", required=True)
    parser.add_argument("--swift-client", required=True)
    arguments = parser.parse_args()
    scene = Scene(arguments.lastcall, arguments.swift_client)
    try:
        scene.start()
        play(scene)
    except (Failed, subprocess.TimeoutExpired) as failure:
        print(f"client examples: {failure}", file=sys.stderr)
        return 1
    print("client examples: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
