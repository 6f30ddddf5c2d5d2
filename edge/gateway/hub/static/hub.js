"use strict";
// Every few seconds the part that changes is fetched anew, unless somebody is about to press or type something in it.
const part = document.getElementById("now");
const seconds = Number(part.dataset.seconds ?? 5);
setInterval(async () => {
  if (document.hidden || (part.contains(document.activeElement) && document.activeElement !== part)) return;
  try {
    const answer = await fetch(part.dataset.from, { credentials: "same-origin" });
    if (answer.status === 403) location.reload();
    if (!answer.ok) return;
    const text = await answer.text();
    if (text !== part.dataset.text) {
      part.dataset.text = text;
      part.innerHTML = text;
      part.querySelector("[data-focus]")?.focus();
    }
  } catch {
    // The hub is starting anew; the next turn finds it.
  }
}, seconds * 1000);
