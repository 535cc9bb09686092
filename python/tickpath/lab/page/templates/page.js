"use strict";
// Reads the values of a picture from the table beside it: at the pointer, or with the arrow keys.
for (const figure of document.querySelectorAll("[data-chart]")) {
  const rows = [...figure.querySelectorAll("tr[data-x]")];
  if (!rows.length) continue;
  const heads = [...figure.querySelectorAll("thead th")].map((cell) => cell.textContent);
  const plot = figure.querySelector(".plot");
  const area = figure.querySelector(".area");
  const cursor = figure.querySelector(".cursor");
  const readout = figure.querySelector(".readout");
  let at = -1;
  const show = (index) => {
    at = Math.min(Math.max(index, 0), rows.length - 1);
    cursor.hidden = false;
    cursor.style.left = `${Number(rows[at].dataset.x) * 100}%`;
    readout.textContent = [...rows[at].children].map((cell, i) => `${heads[i]} ${cell.textContent}`).join(" · ");
  };
  const hide = () => {
    cursor.hidden = true;
    readout.textContent = "";
    at = -1;
  };
  area.addEventListener("pointermove", (event) => {
    const box = area.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    let nearest = 0;
    rows.forEach((row, i) => {
      if (Math.abs(row.dataset.x - share) < Math.abs(rows[nearest].dataset.x - share)) nearest = i;
    });
    show(nearest);
  });
  area.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    const last = rows.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at < 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
}
