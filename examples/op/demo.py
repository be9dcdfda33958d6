#!/usr/bin/python3
"""Plays logins and logouts through with the example OP, Lastcall and Apache's mod_auth_openidc as two real RPs."""

import argparse
import json
import os
import pathlib
import secrets
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from browser import Browser  # noqa: E402
from running import (Failed, Lastcall, Process, Psql, certificates, check, eventually, folder,  # noqa: E402
                     free_port)

KID = "op-1"


class Scene:
    """The OP, Lastcall, and Apache as wiki and shop, all on loopback with certificates that are checked."""

    def __init__(self, program, fixed_ports):
        self.at = folder()
        self.ca = certificates(self.at)
        ports = [9443, 8443, 8444, 8180] if fixed_ports else [free_port() for _ in range(4)]
        self.op, self.wiki, self.shop = (f"https://localhost:{port}" for port in ports[:3])
        self.ports = ports
        self.lastcall = Lastcall(program, self.at, self.ca, ports[3])
        self.secrets = {rp: secrets.token_urlsafe(24) for rp in ("wiki", "shop")}

    def start(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                        "-out", "signing-key.pem"], cwd=self.at, check=True, capture_output=True)
        # What an operator does once: the issuer, the OP's own key, an API key for the OP.
        lastcall = self.lastcall
        lastcall.start()
        lastcall.command("issuers", "put", "example", "--issuer", self.op, "--session-expiry", "logout")
        lastcall.command("keys", "import", "example", "--pem", self.at / "signing-key.pem", "--alg", "RS256",
                         "--kid", KID)
        key_file = lastcall.api_key("example", "clients", "sessions", "logout")
        self.start_op(key_file)
        self.start_apache()

    def start_op(self, key_file):
        settings = {
            "issuer": self.op, "listen": f"127.0.0.1:{self.ports[0]}", "database": str(self.at / "op.sqlite"),
            "certificate": str(self.at / "tls.pem"), "certificate_key": str(self.at / "tls-key.pem"),
            "signing_key": str(self.at / "signing-key.pem"), "kid": KID,
            "lastcall": {"url": self.lastcall.url, "issuer": "example", "api_key_file": str(key_file)},
            "users": {"alice": "wonderland", "bob": "builder"},
            "clients": {rp: {
                "client_secret": self.secrets[rp], "redirect_uris": [f"{url}/callback"],
                "post_logout_redirect_uris": [f"{url}/goodbye/"],
                "backchannel_logout_uri": f"{url}/callback?logout=backchannel",
            } for rp, url in (("wiki", self.wiki), ("shop", self.shop))},
        }
        path = self.at / "op.json"
        path.touch(0o600)
        path.write_text(json.dumps(settings))
        self.op_process = Process("the OP", [sys.executable, str(HERE / "op.py"), str(path)], self.at / "op.log")
        self.op_process.wait_until(lambda: Browser(self.ca).answers(self.op + "/jwks.json"))

    def start_apache(self):
        for rp, url in (("wiki", self.wiki), ("shop", self.shop)):
            place = self.at / "www" / rp
            (place / "goodbye").mkdir(parents=True)
            (place / "index.html").write_text(
                f'<h1>{rp}</h1><p>You are <!--#echo var="REMOTE_USER" -->.</p>'
                f'<a href="/callback?logout={url.replace(":", "%3A").replace("/", "%2F")}%2Fgoodbye%2F">Log out</a>')
            (place / "goodbye" / "index.html").write_text(f"<h1>{rp}</h1><p>Goodbye.</p>")
        environment = {
            "FOLDER": str(self.at), "OP": self.op, "WIKI_PORT": str(self.ports[1]), "SHOP_PORT": str(self.ports[2]),
            **{f"{rp.upper()}_SECRET": secret for rp, secret in self.secrets.items()},
            **{f"{rp.upper()}_PASSPHRASE": secrets.token_urlsafe(24) for rp in self.secrets},
        }
        self.apache = Process("apache2", ["apache2", "-f", str(HERE / "apache.conf"), "-DFOREGROUND"],
                              self.at / "apache.log", {"PATH": "/usr/sbin:" + os.environ["PATH"], **environment})
        self.apache.wait_until(lambda: Browser(self.ca).answers(self.wiki + "/goodbye/"))

    def participations(self):
        return len(self.lastcall.lines("sessions", "list", "example", "--sub", "alice"))


def play(scene):
    alice = [Browser(scene.ca) for _ in range(4)]

    print("alice logs in at the wiki with two browsers:")
    for browser in alice[:2]:
        browser.log_in(scene.wiki + "/", "alice", "wonderland")
    check(all(browser.is_logged_in(scene.wiki, "alice") for browser in alice[:2]), "Apache shows her page to both")
    eventually("Lastcall should know both sessions", lambda: scene.participations() == 2)
    check(True, "Lastcall knows both sessions")

    print("she logs out at the OP with the first one; the wiki is not visited:")
    page = alice[0].log_out_at(scene.op)
    check("and in the applications that you used" in page, "the OP's page says that the applications were told")
    check(not alice[0].is_logged_in(scene.wiki, "alice"),
          "Apache sends the request with the old cookie to the OP, to log in again")
    check(alice[1].is_logged_in(scene.wiki, "alice"), "her other browser is still logged in")

    print("Lastcall is stopped; she logs out with the second browser, and logs in with a third:")
    scene.lastcall.stop()
    page = alice[1].log_out_at(scene.op)
    check("are being told" in page, "the OP logs her out, and its page says that the applications are being told")
    alice[2].log_in(scene.wiki + "/", "alice", "wonderland")
    check(alice[2].is_logged_in(scene.wiki, "alice"), "the login works")
    check(alice[1].is_logged_in(scene.wiki, "alice"), "Apache knows nothing of the logout yet")

    print("Lastcall is started again:")
    scene.lastcall.start()
    eventually("the wiki should be told", lambda: not alice[1].is_logged_in(scene.wiki, "alice"), 30)
    check(True, "the logout that waited has been delivered: Apache sends the second browser to the OP")
    check(alice[2].is_logged_in(scene.wiki, "alice"), "the third browser is still logged in")

    print("a transaction holds the session of a fourth browser, so that Lastcall answers 503 to its logout:")
    alice[3].log_in(scene.wiki + "/", "alice", "wonderland")
    eventually("Lastcall should know both sessions", lambda: scene.participations() == 2)
    session = scene.lastcall.lines("sessions", "list", "example", "--sub", "alice")[0]
    holder = Psql(scene.lastcall, "lastcall")
    holder.run("begin; select lastcall.end_participation('example', "
               f"'{session['session_id']}', 'wiki', '{session['sid']}');")
    page = alice[3].log_out_at(scene.op)
    check("are being told" in page, "the OP logs her out, and its page says that the applications are being told")
    eventually("Lastcall should answer 503", lambda: "logout-events: 503" in scene.op_process.log.read_text())
    check(alice[3].is_logged_in(scene.wiki, "alice"), "Lastcall has answered 503, and the OP will send the call again")
    holder.run("rollback;")
    holder.close()
    eventually("the wiki should be told", lambda: not alice[3].is_logged_in(scene.wiki, "alice"))
    check(True, "the transaction is rolled back, and the logout delivered")

    print("with the third browser she goes to the shop too, and logs out there:")
    check(alice[2].is_logged_in(scene.shop, "alice", follow=True), "the shop lets her in without a password")
    eventually("Lastcall should know both logins", lambda: scene.participations() == 2)
    _, page = alice[2].get(scene.shop + "/callback?logout=" + scene.shop + "/goodbye/")
    check("Goodbye" in page, "the shop sends her to the OP, and the OP back to the shop")
    eventually("the wiki should be told", lambda: not alice[2].is_logged_in(scene.wiki, "alice"))
    check(True, "the wiki has ended its session as well")

    print("what Lastcall has recorded:")
    eventually("all logouts should have ended", lambda: all(
        event["ended_at"] for event in scene.lastcall.lines("events", "list", "example")))
    events = scene.lastcall.lines("events", "list", "example")
    check(len(events) == 4, "four logouts, one for each session that ended")
    check(all(event["status"] == "completed" for event in events), "each is completed")
    deliveries = scene.lastcall.lines("deliveries", "list", "example")
    check(sorted(d["client_id"] for d in deliveries) == ["shop"] + ["wiki"] * 4
          and all(d["status"] == "delivered" for d in deliveries), "five deliveries, each accepted by Apache")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lastcall", required=True)
    parser.add_argument("--once", action="store_true")
    arguments = parser.parse_args()
    scene = Scene(arguments.lastcall, fixed_ports=not arguments.once)
    try:
        scene.start()
        play(scene)
        print("example OP: passed", flush=True)
        if not arguments.once:
            print(f"""
Try it: {scene.wiki}/ and {scene.shop}/ (alice, wonderland), then log out at {scene.op}/
Your browser will warn of the certificate: its authority is {scene.ca}
The OP's log, with each call to Lastcall: {scene.at / 'op.log'}
Ctrl-C stops.""", flush=True)
            while True:
                time.sleep(3600)
    except Failed as failure:
        print(f"example OP: {failure}", file=sys.stderr)
        for name in ("op.log", "apache.log", "lastcall.log"):
            if (scene.at / name).exists():
                print(f"--- {name}\n" + "\n".join((scene.at / name).read_text(errors="replace").splitlines()[-15:]),
                      file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
