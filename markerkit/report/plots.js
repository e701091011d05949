"use strict";
// Plots to explore, on a canvas: hover or arrow keys for one mark, search, select with click, Enter or a rectangle.
(function () {
  const { make, tables, specs, saved } = window.markerkit;
  const CELL = 13, PAD = { left: 58, right: 14, top: 12, bottom: 44 };
  function rows(data, name, contrast) {  // rows of a table as objects, of one contrast where the table has them
    const columns = specs[name] || [];
    const all = (data[name] || []).map(function (r) { return Object.fromEntries(columns.map(function (c, k) { return [c, r[k]]; })); });
    return contrast && columns.includes("contrast") ? all.filter(function (r) { return r.contrast === contrast; }) : all;
  }
  function fixed(value, digits) { return value === null ? "not measured" : value.toFixed(digits); }
  const KINDS = {
    volcano: function (data, contrast) {
      const sets = new Map();
      rows(data, "markers_used", contrast).forEach(function (r) { if (!sets.has(r.set)) sets.set(r.set, new Set()); sets.get(r.set).add(r.gene); });
      const marks = rows(data, "differential_abundance", contrast).filter(function (r) { return r.pvalue !== null && r.log2_fc_over_background !== null; }).map(function (r) {
        return { label: r.gene || r.protein, u: r.log2_fc_over_background, v: -Math.log10(Math.max(r.pvalue, 1e-300)), strong: r.padj !== null && r.padj <= 0.05,
          text: (r.gene || r.protein) + ": log2 fold change over the background " + fixed(r.log2_fc_over_background, 2) + ", p " + r.pvalue.toPrecision(2) + ", FDR " + (r.padj === null ? "not computed" : r.padj.toPrecision(2)) };
      });
      return { marks: marks, sets: sets, u: "log2 fold change over the background", v: "\u2212log10 p", note: "filled: FDR at most 5 %" };
    },
    pca: function (data) {
      const sets = new Map(), found = rows(data, "pca").filter(function (r) { return r.pc1 !== null && r.pc2 !== null; });
      found.forEach(function (r) { if (!sets.has(r.group)) sets.set(r.group, new Set()); sets.get(r.group).add(r.sample); });
      const share = function (k) { return found.length ? " (" + (100 * found[0]["explained_pc" + k]).toFixed(0) + " % of the variance)" : ""; };
      return { marks: found.map(function (r) { return { label: r.sample, u: r.pc1, v: r.pc2, strong: true, text: r.sample + ", " + r.group + ": " + fixed(r.pc1, 2) + ", " + fixed(r.pc2, 2) }; }),
        sets: sets, u: "principal component 1" + share(1), v: "principal component 2" + share(2), note: "" };
    },
    marker_heatmap: function (data, contrast) {
      const groups = new Map(rows(data, "samples_used").map(function (r) { return [r.unit || r.sample, r.group]; }));
      const found = (data.marker_values || []).filter(function (r) { return r[0] === contrast; }), sets = new Map();
      const columns = Array.from(new Set(found.map(function (r) { return r[3]; }))), lines = [];
      columns.sort(function (a, b) { return String(groups.get(a)).localeCompare(String(groups.get(b))); });
      const at = new Map(columns.map(function (c, k) { return [c, k]; })), line = new Map();
      found.forEach(function (r) {  // a gene has one line, whichever sets it is in
        if (!sets.has(r[1])) sets.set(r[1], new Set()); sets.get(r[1]).add(r[2]);
        if (!line.has(r[2])) { line.set(r[2], lines.length); lines.push(r[2]); }
      });
      const cells = new Map();
      found.forEach(function (r) { cells.set(r[2] + "\t" + r[3], { label: r[2], u: at.get(r[3]), v: line.get(r[2]), value: r[4],
        text: r[2] + ", " + r[3] + (groups.get(r[3]) ? " (" + groups.get(r[3]) + ")" : "") + ": " + (r[4] === null ? "not measured" : "log2 " + fixed(r[4], 2)) }); });
      return { marks: Array.from(cells.values()), sets: sets, lines: lines, columns: columns.map(function (c) { return groups.get(c) || ""; }), note: "orange: above the protein's mean; blue: below; empty: not measured" };
    },
  };
  function ticks(low, high) {
    const raw = (high - low) / 6 || 1, power = Math.pow(10, Math.floor(Math.log10(raw))), step = power * [1, 2, 5, 10].find(function (m) { return m * power >= raw; });
    const found = []; for (let t = Math.ceil(low / step) * step; t <= high + step / 1e6; t += step) found.push(Number(t.toPrecision(10))); return found;
  }
  function explore(host, kind, contrast, data) {
    const model = KINDS[kind](data, contrast), marks = model.marks, chosen = new Set(); let at = -1, drag = null;
    const tools = make("div", host); tools.className = "tools";
    const find = make("input", make("label", tools, kind === "pca" ? "Find a sample " : "Find a gene ")); find.type = "search";
    const pick = make("select", make("label", tools, kind === "pca" ? "Show group " : "Show marker set ")); make("option", pick, "all").value = "";
    model.sets.forEach(function (members, name) { make("option", pick, name.replace(/_/g, " ") + " (" + members.size + ")").value = name; });
    const clear = make("button", tools, "Clear selection"), save = make("button", tools, "Save selection"); clear.type = save.type = "button";
    const scroll = make("div", host); scroll.className = "plot"; const canvas = make("canvas", scroll); canvas.tabIndex = 0;
    canvas.setAttribute("role", "application"); canvas.setAttribute("aria-label", "Plot of " + marks.length + " marks. Arrow keys go from mark to mark, Enter selects, Escape clears.");
    const status = make("p", host); status.className = "small status"; status.setAttribute("aria-live", "polite");
    const list = make("p", host); list.className = "small";
    const wide = model.lines ? Math.max(320, 90 + model.columns.length * CELL) : Math.max(300, Math.min(860, scroll.clientWidth)), high = model.lines ? model.lines.length * CELL + 36 : 460;
    const us = marks.map(function (m) { return m.u; }), vs = marks.map(function (m) { return m.v; });
    const span = function (values) { const low = Math.min.apply(null, values), top = Math.max.apply(null, values), air = (top - low) * 0.04 || 1; return [low - air, top + air]; };
    const U = span(us), V = span(vs), words = function () { return find.value.trim().toLowerCase(); };
    marks.forEach(function (m) {
      m.x = model.lines ? 80 + (m.u + 0.5) * CELL : PAD.left + (m.u - U[0]) / (U[1] - U[0]) * (wide - PAD.left - PAD.right);
      m.y = model.lines ? 26 + (m.v + 0.5) * CELL : high - PAD.bottom - (m.v - V[0]) / (V[1] - V[0]) * (high - PAD.top - PAD.bottom);
    });
    const order = marks.map(function (_, k) { return k; }).sort(function (a, b) { return model.lines ? marks[a].v - marks[b].v || marks[a].u - marks[b].u : marks[a].x - marks[b].x; });
    function shown(m) { return (!pick.value || model.sets.get(pick.value).has(m.label)) && (!words() || m.label.toLowerCase().includes(words())); }
    function axes(pen, ink) {
      pen.strokeStyle = pen.fillStyle = ink; pen.textAlign = "center";
      pen.strokeRect(PAD.left, PAD.top, wide - PAD.left - PAD.right, high - PAD.top - PAD.bottom);
      ticks(U[0], U[1]).forEach(function (t) { const x = PAD.left + (t - U[0]) / (U[1] - U[0]) * (wide - PAD.left - PAD.right); pen.fillText(t, x, high - PAD.bottom + 15); pen.fillRect(x, high - PAD.bottom, 1, 4); });
      pen.fillText(model.u, (PAD.left + wide) / 2, high - 8); pen.textAlign = "right";
      ticks(V[0], V[1]).forEach(function (t) { const y = high - PAD.bottom - (t - V[0]) / (V[1] - V[0]) * (high - PAD.top - PAD.bottom); pen.fillText(t, PAD.left - 7, y + 4); pen.fillRect(PAD.left - 4, y, 4, 1); });
      pen.save(); pen.translate(14, high / 2); pen.rotate(-Math.PI / 2); pen.textAlign = "center"; pen.fillText(model.v, 0, 0); pen.restore();
    }
    function mark(pen, m, tone) {
      if (model.lines) {
        if (m.value === null) return;
        const part = Math.min(1, Math.abs(m.value) / 3); pen.globalAlpha *= 0.08 + 0.92 * part; pen.fillStyle = m.value > 0 ? "#d55e00" : "#0072b2"; pen.fillRect(m.x - CELL / 2, m.y - CELL / 2, CELL - 1, CELL - 1); return;
      }
      pen.beginPath(); pen.arc(m.x, m.y, 3.2, 0, 7); pen.fillStyle = pen.strokeStyle = tone; if (m.strong) pen.fill(); else pen.stroke();
    }
    function draw() {
      const look = getComputedStyle(host), ink = look.getPropertyValue("--ink"), soft = look.getPropertyValue("--soft"), scale = window.devicePixelRatio || 1, some = pick.value || words();
      canvas.width = wide * scale; canvas.height = high * scale; canvas.style.width = wide + "px"; canvas.style.height = high + "px";
      const pen = canvas.getContext("2d"); pen.scale(scale, scale); pen.font = "12px sans-serif"; pen.lineWidth = 1;
      if (!model.lines) axes(pen, ink);
      const hits = [];
      marks.forEach(function (m) { if (some && shown(m)) { hits.push(m); return; } pen.globalAlpha = some ? 0.25 : 0.75; mark(pen, m, soft); });
      hits.forEach(function (m) { pen.globalAlpha = 1; mark(pen, m, look.getPropertyValue("--link")); });
      pen.globalAlpha = 1; pen.fillStyle = ink; pen.textAlign = model.lines ? "right" : "left";
      if (model.lines) model.lines.forEach(function (gene, k) { pen.globalAlpha = !some || shown({ label: gene }) ? 1 : 0.4; pen.fillText(gene, 74, 26 + (k + 0.8) * CELL); });
      pen.globalAlpha = 1; pen.textAlign = "left";
      if (model.lines) model.columns.forEach(function (group, k) { if (k && group === model.columns[k - 1]) return; const n = model.columns.lastIndexOf(group) - k + 1; pen.fillRect(80 + k * CELL, 20, n * CELL - 2, 2); pen.fillText(group.slice(0, Math.max(1, Math.floor(n * CELL / 7))), 80 + k * CELL, 15); });
      pen.lineWidth = 2; pen.strokeStyle = ink;
      const named = model.lines ? [] : hits.length <= 12 ? hits.slice() : [];
      marks.forEach(function (m, k) {
        if (!chosen.has(m) && k !== at) return;
        pen.beginPath(); if (model.lines) pen.rect(m.x - CELL / 2, m.y - CELL / 2, CELL - 1, CELL - 1); else pen.arc(m.x, m.y, k === at ? 7 : 5, 0, 7); pen.stroke();
        if (!model.lines && !named.includes(m)) named.push(m);
      });
      named.forEach(function (m) { pen.textAlign = m.x > wide * 0.8 ? "right" : "left"; pen.fillText(m.label, m.x + (m.x > wide * 0.8 ? -8 : 8), m.y - 6); });
      if (drag && drag.to) pen.strokeRect(drag.x, drag.y, drag.to.x - drag.x, drag.to.y - drag.y);
      status.textContent = at >= 0 ? marks[at].text : (some ? hits.length + " of " + marks.length + " marks found. " : marks.length + " marks. ") + model.note;
      const names = Array.from(new Set(Array.from(chosen, function (m) { return m.label; })));
      list.textContent = names.length ? "Selected (" + names.length + "): " + names.slice(0, 60).join(", ") + (names.length > 60 ? ", and more" : "") : "";
      clear.disabled = save.disabled = !chosen.size;
    }
    function place(event) { const box = canvas.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; }
    function nearest(p) {
      let best = -1, least = model.lines ? CELL : 14;
      marks.forEach(function (m, k) { const d = Math.hypot(m.x - p.x, m.y - p.y); if (d < least && (!(pick.value || words()) || shown(m))) { least = d; best = k; } }); return best;
    }
    function toggle(m) { if (chosen.has(m)) chosen.delete(m); else chosen.add(m); }
    canvas.addEventListener("pointermove", function (event) { const p = place(event); if (drag) { drag.to = p; draw(); return; } const k = nearest(p); if (k !== at) { at = k; draw(); } });
    canvas.addEventListener("pointerleave", function () { if (!drag) { at = -1; draw(); } });
    canvas.addEventListener("pointerdown", function (event) { drag = place(event); if (event.pointerType !== "touch") canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointercancel", function () { drag = null; draw(); });
    canvas.addEventListener("pointerup", function (event) {
      const from = drag, p = place(event); drag = null; if (!from) return;
      if (Math.hypot(p.x - from.x, p.y - from.y) < 5) { const k = nearest(p); if (k >= 0) toggle(marks[k]); } else {
        marks.forEach(function (m) { if (shown(m) && (m.x - from.x) * (m.x - p.x) <= 0 && (m.y - from.y) * (m.y - p.y) <= 0) chosen.add(m); });
      }
      draw();
    });
    canvas.addEventListener("keydown", function (event) {
      const there = order.filter(function (k) { return shown(marks[k]); }), now = there.indexOf(at);
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: model.lines ? model.columns.length : 1, ArrowUp: model.lines ? -model.columns.length : -1 }[event.key];
      if (step && there.length) { at = there[now < 0 ? 0 : Math.max(0, Math.min(there.length - 1, now + step))]; }
      else if ((event.key === "Enter" || event.key === " ") && at >= 0) toggle(marks[at]);
      else if (event.key === "Escape") { chosen.clear(); at = -1; } else return;
      event.preventDefault(); draw();
    });
    find.addEventListener("input", draw); pick.addEventListener("change", draw); clear.addEventListener("click", function () { chosen.clear(); draw(); });
    find.addEventListener("keydown", function (event) { if (event.key === "Enter") { marks.forEach(function (m) { if (words() && shown(m)) chosen.add(m); }); draw(); } });
    save.addEventListener("click", function () { saved("selection.tsv", Array.from(chosen, function (m) { return [m.label, m.text]; })); });
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    draw();
  }
  document.querySelectorAll("button[data-plot]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      const host = button.closest("figure").querySelector(".explore"), open = host.hidden; host.hidden = !open; button.setAttribute("aria-expanded", String(open));
      if (open && !host.dataset.built) { host.dataset.built = "yes"; tables().then(function (data) { explore(host, button.dataset.plot, button.dataset.contrast, data); }); }
    });
  });
}());
