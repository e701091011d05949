"use strict";
// The sample sheet is one input, `sheet`: it is sent whole at every change.
(() => {
  const cells = row => Array.from(row.querySelectorAll("input[type=text]"));
  const rows = table => Array.from(table.querySelectorAll("tbody tr"));

  function send(table) {
    const content = rows(table).map(row => ({
      use: row.querySelector("input[type=checkbox]").checked,
      cells: cells(row).map(cell => cell.value),
    }));
    Shiny.setInputValue("sheet", { version: Number(table.dataset.version), rows: content });
  }

  document.addEventListener("input", event => {
    const table = event.target.closest("#sheet-table");
    if (table) send(table);
  });

  // a block of cells copied from a spreadsheet fills the cells from here on
  document.addEventListener("paste", event => {
    const table = event.target.closest("#sheet-table");
    const text = event.clipboardData.getData("text").replace(/\r\n?/g, "\n").replace(/\n$/, "");
    if (!table || !/[\t\n]/.test(text)) return;
    event.preventDefault();
    const all = rows(table), top = all.indexOf(event.target.closest("tr"));
    const left = cells(all[top]).indexOf(event.target);
    text.split("\n").forEach((line, i) => line.split("\t").forEach((value, j) => {
      const cell = all[top + i] && cells(all[top + i])[left + j];
      if (cell) cell.value = value;
    }));
    send(table);
  });

  // Enter goes to the cell below, as in a spreadsheet
  document.addEventListener("keydown", event => {
    const table = event.target.closest("#sheet-table");
    if (!table || event.key !== "Enter" || event.target.type !== "text") return;
    event.preventDefault();
    const row = event.target.closest("tr"), below = row.nextElementSibling;
    if (below) cells(below)[cells(row).indexOf(event.target)].focus();
  });

  document.addEventListener("click", event => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    navigator.clipboard.writeText(source.textContent).then(() => { button.textContent = "Copied"; });
  });

  // what stands below a field explains it
  document.addEventListener("focusin", event => {
    const box = event.target.closest(".shiny-input-container"), help = box && box.nextElementSibling;
    if (!help || !help.classList.contains("help")) return;
    help.id = help.id || `help-${event.target.id || event.target.name}`;
    event.target.setAttribute("aria-describedby", help.id);
  });

  document.addEventListener("DOMContentLoaded", () => {
    // the box that repeats the name of a chosen file has no label of its own
    document.querySelectorAll(".shiny-input-container input[type=text][readonly]").forEach(box => {
      box.tabIndex = -1;
      box.setAttribute("aria-label", "chosen file");
    });
    Shiny.addCustomMessageHandler("show", ({ id }) => setTimeout(() => {
      const place = document.getElementById(id);
      if (!place) return;
      place.focus({ preventScroll: true });
      place.scrollIntoView({ block: "start" });
    }, 150));
  });
})();
