// A page that says so updates itself: the server sends its main part anew whenever that has changed.
// Everything can be read without this script.
(() => {
  "use strict";
  // On a phone the entry of this page may be beyond the edge.
  const here = document.querySelector("nav a[aria-current]");
  if (here) here.scrollIntoView({ block: "nearest", inline: "center" });

  const main = document.querySelector("main[data-live]");
  const note = document.getElementById("live");
  if (!main || !note || !("EventSource" in window)) return;

  const say = (state, text) => {
    note.dataset.state = state;
    if (note.textContent !== text) note.textContent = text;
  };

  // Nobody's typing, open question or marked text is disturbed.
  const isBusy = () => {
    const active = document.activeElement;
    if (active && main.contains(active) && active.matches("input, select, textarea")) return true;
    if (main.querySelector("details[open]")) return true;
    const marked = document.getSelection();
    return Boolean(marked && !marked.isCollapsed && main.contains(marked.anchorNode));
  };

  // What has the focus keeps it: the same link, or the button of the same form.
  const keyOf = (element) =>
    element.id || element.getAttribute("href") || (element.form && element.form.getAttribute("action"));

  let latest = null;
  const show = () => {
    if (latest === null || isBusy()) return;
    const page = new DOMParser().parseFromString(latest, "text/html");
    latest = null;
    const active = document.activeElement;
    const key = main.contains(active) ? keyOf(active) : null;
    main.replaceChildren(...main.querySelectorAll(":scope > .notice[role]"), ...page.body.childNodes);
    if (!key) return;
    const same = [...main.querySelectorAll("a, button, summary")].find((element) => keyOf(element) === key);
    if (same) same.focus({ preventScroll: true });
  };

  const address = new URL(location.href);
  address.searchParams.delete("done");
  let source = null;
  const listen = () => {
    source = new EventSource(address);
    source.addEventListener("open", () => say("live", "Live"));
    source.addEventListener("page", (event) => {
      latest = event.data;
      show();
    });
    source.addEventListener("error", () => {
      const isOver = source.readyState === EventSource.CLOSED;
      say("off", isOver ? "Does not update itself any more; load the page again" : "Reconnecting");
    });
  };

  // A page that nobody sees keeps no connection.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source.close();
    } else {
      listen();
    }
  });
  document.addEventListener("focusout", () => setTimeout(show));
  listen();
})();
