"use strict";
const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
root.classList.add("js");

// Light, dark, or what the machine says; a browser may forbid to remember it.
const themes = ["auto", "light", "dark"];
const button = document.getElementById("theme");
function paint(theme) {
  if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
  button.textContent = `Theme: ${theme}`;
  try { localStorage.setItem("twinlang-theme", theme); } catch { /* it is forgotten */ }
}
let theme = "auto";
try { theme = localStorage.getItem("twinlang-theme") || "auto"; } catch { /* as above */ }
paint(themes.includes(theme) ? theme : "auto");
button.addEventListener("click", () => {
  theme = themes[(themes.indexOf(root.dataset.theme || "auto") + 1) % themes.length];
  paint(theme);
});

// Values of marks, by mouse, finger or keyboard.
const tip = document.getElementById("tip");
function tell(mark) {
  const box = mark.getBoundingClientRect();
  tip.textContent = mark.getAttribute("aria-label");
  (mark.closest("dialog") || document.body).append(tip); // a dialog lies above all else
  tip.hidden = false;
  const left = Math.min(box.left + box.width / 2 + 8, innerWidth - tip.offsetWidth - 8);
  const top = box.top - tip.offsetHeight - 8;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${top < 8 ? box.bottom + 8 : top}px`;
}
for (const mark of all(".mark")) {
  mark.querySelector("title")?.remove(); // else two texts appear
  for (const event of ["pointerenter", "focus", "click"]) mark.addEventListener(event, () => tell(mark));
  for (const event of ["pointerleave", "blur"]) mark.addEventListener(event, () => { tip.hidden = true; });
}
addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

// A figure in a dialog of its own: wheel, buttons or keys make it larger, dragging moves it.
const zoom = document.getElementById("zoom");
const stage = zoom.querySelector(".stage");
let home, figure, whole;
function view() { return figure.getAttribute("viewBox").split(/[\s,]+/).map(Number); }
function show(box) { figure.setAttribute("viewBox", box.join(" ")); }
function scale(by, x = 0.5, y = 0.5) {
  const [left, top, width, height] = view();
  const wide = Math.min(width * by, whole[2]), high = Math.min(height * by, whole[3]);
  show([left + (width - wide) * x, top + (height - high) * y, wide, high]);
}
for (const box of all(".drawn")) {
  const tools = document.createElement("p");
  tools.className = "tools";
  tools.innerHTML = '<button type="button">Zoom</button>';
  tools.firstChild.setAttribute("aria-label", `Zoom: ${box.getAttribute("aria-label")}`);
  tools.firstChild.addEventListener("click", () => {
    home = box;
    figure = box.querySelector("svg");
    whole = view();
    stage.append(figure);
    zoom.showModal();
  });
  box.before(tools);
}
zoom.addEventListener("close", () => {
  tip.hidden = true;
  document.body.append(tip);
  show(whole);
  home.append(figure);
});
for (const control of all("[data-zoom]", zoom)) {
  const act = { in: () => scale(1 / 1.4), out: () => scale(1.4), whole: () => show(whole) };
  control.addEventListener("click", act[control.dataset.zoom]);
}
stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  scale(event.deltaY < 0 ? 1 / 1.15 : 1.15, ...place);
}, { passive: false });
stage.addEventListener("pointermove", (event) => {
  if (!event.buttons) return;
  const [left, top, width, height] = view();
  const ratio = Math.max(width / stage.clientWidth, height / stage.clientHeight);
  show([left - event.movementX * ratio, top - event.movementY * ratio, width, height]);
});

// Claims of one verdict.
const choices = all("[data-verdict]");
for (const choice of choices) {
  choice.addEventListener("click", () => {
    for (const other of choices) other.setAttribute("aria-pressed", String(other === choice));
    for (const table of all("#claims table")) {
      const place = all("thead th", table).findIndex((cell) => cell.textContent === "Verdict");
      for (const row of all("tbody tr", table)) {
        row.hidden = !row.cells[place].textContent.includes(choice.dataset.verdict);
      }
    }
  });
}

// Paper shows what is folded away.
addEventListener("beforeprint", () => { for (const box of all("details")) box.open = true; });
