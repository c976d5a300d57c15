// Pages work without this file. It only spares people the reload: the part marked data-live is fetched again when the
// server says that something happened (data-events), or every data-refresh seconds.
(() => {
  "use strict";
  const words = document.querySelector("[data-announce-to]");
  let source, timer, shown = "", asking = false, again = false;

  const live = () => document.querySelector("[data-live]");

  const openDetails = (root) => new Set([...root.querySelectorAll("details[id][open]")].map((d) => d.id));

  // What had the focus keeps it: the same thing by its id, else the same words; where it is gone, the first heading is next to it.
  function refocus(fresh, before) {
    const same = [...fresh.querySelectorAll(before.tagName)].find((e) => e.textContent === before.textContent);
    const heading = fresh.querySelector("h2");
    if (heading) heading.tabIndex = -1;
    const next = (before.id && document.getElementById(before.id)) || same || heading;
    next?.focus({ preventScroll: true });
  }

  function put(fresh) {
    const old = live();
    shown = fresh.outerHTML;
    const open = openDetails(old);
    const focused = old.contains(document.activeElement) ? document.activeElement : undefined;
    for (const id of open) fresh.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
    reveal(fresh);
    old.replaceWith(fresh);
    if (focused) refocus(fresh, focused);
    const said = fresh.dataset.announce;
    if (words && said && words.textContent !== said) words.textContent = said;
  }

  // What was waited for is over: the answer is shown as it is, since the server may give it only once.
  function end(page) {
    source?.close();
    const main = document.adoptNode(page.querySelector("main"));
    document.querySelector("main").replaceWith(main);
    main.focus();
  }

  async function look() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      if (answer.redirected) { location.assign(answer.url); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      document.title = page.title;
      if (!fresh) { end(page); return; }
      if (fresh.outerHTML !== shown) put(document.adoptNode(fresh));
    } catch { /* the network is away; the timer tries again */ } finally { asking = false; }
    if (again) { again = false; look(); } else plan();
  }

  function plan() {
    clearTimeout(timer);
    const region = live();
    if (!region) return;
    if (!region.dataset.events && source) { source.close(); source = undefined; }
    if (region.dataset.events && !source) listen(region.dataset.events);
    const seconds = Number(region.dataset.refresh);
    if (seconds > 0) timer = setTimeout(look, seconds * 1000);
  }

  function listen(address) {
    source = new EventSource(address);
    for (const kind of ["message", "import", "timeline", "end"]) source.addEventListener(kind, look);
  }

  // What only works with script is hidden until it is there.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    if (words) words.textContent = button.dataset.copied;
  });
  function reveal(root) {
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  }
  shown = live()?.outerHTML ?? "";
  reveal(document);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && live()) look(); });
  plan();
})();
