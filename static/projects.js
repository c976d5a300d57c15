// The list of projects works without this file. It narrows the list while somebody types, and sees to it that either a project
// of the list or a pasted address is chosen, not both.
(() => {
  "use strict";
  const box = document.querySelector("[data-filter]");
  const radios = [...document.querySelectorAll("#project-list input[type=radio]")];
  const address = document.getElementById("address");

  if (box) {
    const list = document.getElementById(box.dataset.filter);
    const items = [...list.children];
    const count = document.getElementById("project-count");
    const before = count.textContent;
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const item of items) {
        const fits = words.every((word) => item.dataset.text.toLowerCase().includes(word));
        // What is chosen stays in sight, so that nobody imports into a project that they do not see.
        item.hidden = !fits && !item.querySelector("input").checked;
        if (fits) shown += 1;
      }
      count.textContent = words.length ? count.dataset.filtered.replace("%", shown) : before;
    });
  }

  // Without this file the key Enter searches, wherever it is pressed; with it, only in the search.
  document.getElementById("import").addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.key !== "Enter" || event.isComposing || target === box || !(target instanceof HTMLInputElement)) return;
    event.preventDefault();
    target.form.requestSubmit(document.getElementById("confirm"));
  });

  for (const radio of radios) radio.addEventListener("change", () => { if (address) address.value = ""; });
  address?.addEventListener("input", () => { if (address.value) for (const radio of radios) radio.checked = false; });
})();
