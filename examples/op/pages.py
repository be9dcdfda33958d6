"""What people see."""

from html import escape

FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto;
padding: 0 1rem }} input, button {{ font: inherit; padding: .4rem; margin: .3rem 0; width: 100% }}</style>
<h1>{title}</h1>{body}</html>"""


def page(title, body):
    return FRAME.format(title=escape(title), body=body)


def hidden(values):
    return "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in values.items())


def login(parameters, client_id, failed):
    notice = '<p role="alert">That was not right.</p>' if failed else ""
    return page("Log in", f"""<p>{escape(client_id)} asks who you are.</p>{notice}
        <form method="post" action="/authorize">{hidden(parameters)}
        <label>Name <input name="username" autocomplete="username" required autofocus></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
        <button>Log in</button></form>""")


def home(session):
    if session is None:
        return page("Example OP", "<p>Nobody is logged in with this browser.</p>")
    return page("Example OP", f"<p>You are {escape(session['sub'])}.</p>" + logout_form(session, {}))


def logout_form(session, parameters):
    return f"""<form method="post" action="/end-session">{hidden(parameters | {"form": session["form"]})}
        <button>Log out everywhere</button></form>"""


def confirm(session, parameters):
    return page("Log out?", f"<p>You are {escape(session['sub'])}.</p>" + logout_form(session, parameters))


def logged_out(event):
    if event is None or event["status"] == "in_progress":
        text = "You are logged out here. The applications that you used are being told."
    elif event["status"] in ("completed", "no_targets"):
        text = "You are logged out here and in the applications that you used."
    else:
        names = sorted({d["client_id"] for d in event.get("deliveries", []) if d["status"] != "delivered"})
        text = "You are logged out here. These could not be told: " + ", ".join(map(escape, names)) + "."
    return page("Logged out", f"<p>{text}</p>")
