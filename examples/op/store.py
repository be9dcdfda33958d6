"""What the OP remembers: browser sessions, authorization codes, and the calls that Lastcall must still hear."""

import contextlib
import secrets
import sqlite3
import threading
import time

SCHEMA = """
create table if not exists sessions (
    cookie text primary key, id text not null unique, form text not null,
    sub text not null, auth_time integer not null, expires_at integer not null);
create table if not exists codes (
    code text primary key, session_id text not null, client_id text not null, redirect_uri text not null,
    nonce text, challenge text, expires_at integer not null);
create table if not exists calls (
    n integer primary key autoincrement, method text not null, path text not null, body text not null,
    idempotency_key text, refused text);
"""

SESSION_SECONDS = 8 * 3600
CODE_SECONDS = 60


class Store:
    """One SQLite file. Each request's work is one transaction."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("pragma synchronous = full")
        self.connection.executescript(SCHEMA)
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def transaction(self):
        with self.lock:
            self.connection.execute("begin immediate")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("rollback")
                raise
            self.connection.execute("commit")


def begin_session(db, sub):
    """The cookie is a secret; `id` is what others are told, Lastcall among them. They are not the same."""
    now = int(time.time())
    # The RPs of a session that ran out need no call: its participations had the same end.
    db.execute("delete from sessions where expires_at <= ?", (now,))
    cookie = secrets.token_urlsafe(32)
    db.execute("insert into sessions values (?, ?, ?, ?, ?, ?)",
               (cookie, secrets.token_hex(8), secrets.token_urlsafe(16), sub, now, now + SESSION_SECONDS))
    return cookie


def session_of(db, cookie):
    return db.execute("select * from sessions where cookie = ? and expires_at > ?",
                      (cookie, time.time())).fetchone()


def session_with(db, session_id):
    return db.execute("select * from sessions where id = ? and expires_at > ?",
                      (session_id, time.time())).fetchone()


def end_session(db, session_id):
    """True if there was one. A code that was not redeemed yet ends with its session: it would log in again."""
    db.execute("delete from codes where session_id = ?", (session_id,))
    return db.execute("delete from sessions where id = ?", (session_id,)).rowcount == 1


def make_code(db, session, client_id, parameters):
    code = secrets.token_urlsafe(32)
    db.execute("insert into codes values (?, ?, ?, ?, ?, ?, ?)",
               (code, session["id"], client_id, parameters["redirect_uri"], parameters.get("nonce"),
                parameters.get("code_challenge"), time.time() + CODE_SECONDS))
    return code


def redeem_code(db, code):
    """A code works once, whatever becomes of the request."""
    row = db.execute("select * from codes where code = ? and expires_at > ?", (code, time.time())).fetchone()
    db.execute("delete from codes where code = ?", (code,))
    return row
