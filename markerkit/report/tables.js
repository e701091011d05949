"use strict";
(function () {
  const root = document.documentElement;
  document.getElementById("theme").addEventListener("click", function () {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  const tabs = Array.from(document.querySelectorAll('[role="tab"]'));
  function show(chosen) {
    tabs.forEach(function (tab) {
      const panel = tab.getAttribute("aria-controls"), open = tab === chosen;
      tab.setAttribute("aria-selected", String(open)); tab.tabIndex = open ? 0 : -1;
      document.getElementById(panel).hidden = !open;
      document.querySelector('[data-of="' + panel + '"]').hidden = !open;
    });
  }
  tabs.forEach(function (tab, i) {
    tab.addEventListener("click", function () { show(tab); });
    tab.addEventListener("keydown", function (event) {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step) { const next = tabs[(i + step + tabs.length) % tabs.length]; next.focus(); show(next); }
    });
  });
  if (tabs.length) show(tabs[0]);
  function reveal() {  // a link to a place in a contrast that is not shown, or in what is folded
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1))), panel = target && target.closest(".panel");
    if (panel && panel.hidden) { show(tabs.find(function (tab) { return tab.getAttribute("aria-controls") === panel.id; })); }
    if (target) { const fold = target.closest("details"); if (fold) fold.open = true; target.scrollIntoView(); }
  }
  addEventListener("hashchange", reveal); reveal();
  if (!matchMedia("(min-width: 1180px)").matches) document.querySelector(".contents details").open = false;
  const folded = [];  // what is opened for paper is closed again
  addEventListener("beforeprint", function () { document.querySelectorAll("details.printed:not([open])").forEach(function (d) { d.open = true; folded.push(d); }); });
  addEventListener("afterprint", function () { folded.splice(0).forEach(function (d) { d.open = false; }); });
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const packed = document.getElementById("data").textContent;
  let unpacked = null;
  function unpack(text) { return new Response(new Blob([Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); })]).stream().pipeThrough(new DecompressionStream("gzip"))); }
  function tables() {  // once, when the first table or plot is opened
    unpacked = unpacked || unpack(packed).json();
    return unpacked;
  }
  async function figures() {  // of a study of many contrasts, one after the other
    for (const img of document.querySelectorAll("img[data-packed]")) {
      const svg = new Blob([await unpack(img.dataset.packed).arrayBuffer()], { type: "image/svg+xml" }), reader = new FileReader();
      await new Promise(function (done) { reader.onload = done; reader.readAsDataURL(svg); });
      img.src = reader.result; img.removeAttribute("data-packed");
    }
    root.dataset.figures = "yes";
  }
  const PAGE = 50;
  function make(tag, parent, text) { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (parent) parent.appendChild(e); return e; }
  function saved(name, rows) {
    const text = rows.map(function (r) { return r.map(function (v) { return v === null ? "" : String(v).replace(/[\t\r\n]+/g, " "); }).join("\t"); }).join("\n") + "\n";
    const link = make("a"); link.href = URL.createObjectURL(new Blob([text], { type: "text/tab-separated-values" })); link.download = name; link.click(); URL.revokeObjectURL(link.href);
  }
  window.markerkit = { make: make, tables: tables, specs: specs, saved: saved };
  function build(details, data) {
    const name = details.dataset.table, columns = specs[name], rows = data[name], body = details.querySelector(".body");
    if (typeof rows === "string") { make("p", body, rows); return; }
    let shown = rows, page = 0, sorted = -1, down = false;
    const tools = make("div", body); tools.className = "tools";
    const label = make("label", tools, "Search "); const search = make("input", label); search.type = "search"; search.setAttribute("aria-label", "Search " + name);
    const count = make("span", tools); count.className = "meta"; count.setAttribute("aria-live", "polite");
    const back = make("button", tools, "Previous"); const next = make("button", tools, "Next"); const save = make("button", tools, "Download TSV");
    [back, next, save].forEach(function (b) { b.type = "button"; });
    const scroll = make("div", body); scroll.className = "scroll"; scroll.tabIndex = 0; scroll.setAttribute("role", "region"); scroll.setAttribute("aria-label", name);
    const table = make("table", scroll); const head = make("tr", make("thead", table)); const tbody = make("tbody", table);
    const numeric = columns.map(function (c, k) { const hit = rows.find(function (r) { return r[k] !== null && r[k] !== ""; }); return hit !== undefined && typeof hit[k] === "number"; });
    const heads = columns.map(function (c, k) {
      const th = make("th", head); th.scope = "col"; if (numeric[k]) th.className = "n"; th.setAttribute("aria-sort", "none");
      const b = make("button", th, c); b.type = "button";
      b.addEventListener("click", function () { down = sorted === k ? !down : numeric[k]; sorted = k; draw(true); }); return th;
    });
    function draw(again) {
      if (again) {
        const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
        shown = rows.filter(function (r) { const text = r.join("\t").toLowerCase(); return words.every(function (w) { return text.includes(w); }); });
        if (sorted >= 0) {
          shown = shown.slice().sort(function (a, b) {
            const x = a[sorted], y = b[sorted]; if (x === null || x === "") return y === null || y === "" ? 0 : 1; if (y === null || y === "") return -1;
            const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)); return down ? -order : order;
          });
        }
        page = 0;
      }
      heads.forEach(function (th, k) { th.setAttribute("aria-sort", k === sorted ? (down ? "descending" : "ascending") : "none"); });
      tbody.replaceChildren();
      shown.slice(page * PAGE, (page + 1) * PAGE).forEach(function (r) {
        const tr = make("tr", tbody);
        r.forEach(function (v, k) {
          const td = make("td", tr); if (numeric[k]) td.className = "n";
          const cell = make("bdi", td, v === null ? "" : String(v)); if (String(v).length > 80) { cell.className = "cut"; cell.title = String(v); }
        });
      });
      const last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
      count.textContent = shown.length + " of " + rows.length + " rows" + (last ? ", page " + (page + 1) + " of " + (last + 1) : "");
      back.disabled = page === 0; next.disabled = page >= last;
    }
    search.addEventListener("input", function () { draw(true); });
    back.addEventListener("click", function () { page -= 1; draw(false); });
    next.addEventListener("click", function () { page += 1; draw(false); });
    save.addEventListener("click", function () { saved(name + ".tsv", [columns].concat(shown)); });
    draw(true);
  }
  document.querySelectorAll("button[data-svg]").forEach(function (b) {
    b.addEventListener("click", function () {
      const link = document.createElement("a"); link.href = b.closest("figure").querySelector("img").src; link.download = b.dataset.svg; link.click();
    });
  });
  document.querySelectorAll("details.table").forEach(function (d) { d.addEventListener("toggle", function () { if (d.open && !d.dataset.built) { d.dataset.built = "yes"; tables().then(function (data) { build(d, data); }); } }); });
  figures();
  root.dataset.ready = "yes";
}());
