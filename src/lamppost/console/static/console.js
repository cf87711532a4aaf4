// Keys, help, drafts and bulk choice. The pages work without it, by mouse and by Tab.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (what, from = document) => [...from.querySelectorAll(what)];
  const one = (what, from = document) => from.querySelector(what);
  const say = (text) => { const live = one("#live"); if (live) live.textContent = text; };
  const typing = (at) => at && (/^(TEXTAREA|SELECT)$/.test(at.tagName) ||
    (at.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(at.type)) || at.isContentEditable);
  let before = "";
  let beforeAt = 0;

  // Rows that j and k walk through: of the queue, of a conversation, of any list.
  const rows = () => all("[data-row]").filter((row) => row.offsetParent !== null);
  function step(by) {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((row) => row.classList.contains("focus") || row.contains(document.activeElement));
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by))];
    list.forEach((row) => row.classList.toggle("focus", row === next));
    const to = one("[data-main]", next) || one("a,button,input", next) || next;
    to.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  const current = () => rows().find((row) => row.classList.contains("focus") || row.contains(document.activeElement));

  function press(name) {
    const row = current();
    const target = (row && one(`[data-key="${name}"]`, row)) || one(`[data-key="${name}"]:not([data-row] *)`) ||
      one(`[data-key="${name}"]`);
    if (!target || target.disabled) return false;
    if (target.matches("[data-pick]")) { target.click(); return true; }
    if (target.matches("input,textarea,select,[tabindex]")) {
      const fold = target.closest("details"); if (fold) fold.open = true;
      target.focus(); target.scrollIntoView({ block: "center" }); return true;
    }
    target.click();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter") {
      const form = event.target.closest && event.target.closest("form");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const open = one("dialog[open]");
    if (event.key === "Escape" && !open) { if (typing(event.target)) event.target.blur(); return; }
    if (typing(event.target) || open) return;
    const key = event.key;
    if (key === "?") { event.preventDefault(); help(); return; }
    const now = Date.now();
    if (before === "g" && now - beforeAt < 1500) {
      before = "";
      const link = one(`[data-go="${key}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    before = key; beforeAt = now;
    if (key === "j" || key === "k") { event.preventDefault(); step(key === "j" ? 1 : -1); return; }
    if (key === "/") { const field = one("[data-find]"); if (field) { event.preventDefault(); field.focus(); field.select(); }
      else { const link = one('[data-go="s"]'); if (link) { event.preventDefault(); link.click(); } } return; }
    if (key.length === 1 && key !== "g" && key !== " " && press(key)) event.preventDefault();
  });

  const help = () => { const box = one("#help"); if (box && !box.open) box.showModal(); };
  document.addEventListener("click", (event) => { if (event.target.closest("[data-help]")) help(); });

  // Choosing rows of the queue.
  function count() {
    const bar = one("[data-bulk]");
    if (!bar) return;
    const n = all("[data-pick]:checked").length;
    bar.hidden = n === 0;
    const place = one("[data-count]", bar);
    if (place) place.textContent = String(n);
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) all("[data-pick]").forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-pick],[data-pick-all]")) count();
    if (event.target.matches("[data-auto]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-shows]")) shows(event.target.form);
  });

  // Parts of a form that belong to a choice.
  function shows(form) {
    if (!form) return;
    const chosen = all("[data-shows]:checked", form).map((box) => box.dataset.shows);
    all("[data-when]", form).forEach((part) => {
      part.hidden = !part.dataset.when.split(" ").some((name) => chosen.includes(name));
    });
  }

  // A decision that must not be sent twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.once === undefined) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter;
    setTimeout(() => { if (button) button.disabled = true; }, 0);
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent; all("button[disabled]", form).forEach((b) => { b.disabled = false; });
  }));

  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) { location.reload(); return; }
    const text = event.detail.xhr.responseText;
    const words = new DOMParser().parseFromString(text, "text/html").querySelector("[data-said]");
    const place = one("#fault");
    const message = words ? words.textContent : root.dataset.fault || "";
    if (place) { place.hidden = false; place.textContent = message; place.focus(); }
    say(message);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const to = event.detail.elt && (event.detail.elt.matches("[data-focus]") ? event.detail.elt : one("[data-focus]", event.detail.elt));
    if (to) to.focus({ preventScroll: true });
  });

  all("form").forEach(shows);
  count();
})();
