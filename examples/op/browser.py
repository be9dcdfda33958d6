"""As much of a browser as logging in takes: cookies, redirects, forms."""

import html.parser
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request

from running import Failed, trusting


class Form(html.parser.HTMLParser):
    """The first form of a page."""

    def __init__(self, page):
        super().__init__()
        self.action, self.values = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = attributes["action"]
        elif tag == "input" and "name" in attributes:
            self.values[attributes["name"]] = attributes.get("value", "")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    def __init__(self, ca):
        self.cookies = http.cookiejar.CookieJar()
        handlers = [urllib.request.HTTPCookieProcessor(self.cookies),
                    urllib.request.HTTPSHandler(context=trusting(ca)), urllib.request.ProxyHandler({})]
        self.following = urllib.request.build_opener(*handlers)
        self.staying = urllib.request.build_opener(*handlers, NoRedirects())

    def get(self, url, values=None, follow=True):
        """(where it ended, the page); for a redirect that is not followed (where it leads, "")."""
        data = urllib.parse.urlencode(values).encode() if values is not None else None
        try:
            request = urllib.request.Request(url, data, {"Accept": "text/html"})
            with (self.following if follow else self.staying).open(request, timeout=10) as answer:
                return answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code in (301, 302, 303, 307) and not follow:
                return error.headers["Location"], ""
            raise Failed(f"{url}: {error.code} {error.read().decode()[:500]}") from None

    def answers(self, url):
        try:
            self.get(url)
            return True
        except OSError:
            return False

    def submit(self, place, page, **values):
        form = Form(page)
        if form.action is None:
            raise Failed(f"{place} shows no form: {page[:500]}")
        return self.get(urllib.parse.urljoin(place, form.action), form.values | values)

    def log_in(self, url, username, password):
        place, page = self.get(url)
        place, page = self.submit(place, page, username=username, password=password)
        if place != url:
            raise Failed(f"the login at {url} ended at {place}: {page[:500]}")

    def log_out_at(self, op):
        place, page = self.get(op + "/")
        return self.submit(place, page)[1]

    def is_logged_in(self, rp, username, follow=False):
        """False where the RP sends the browser away to log in."""
        place, page = self.get(rp + "/", follow=follow)
        return place == rp + "/" and f"You are {username}" in page
