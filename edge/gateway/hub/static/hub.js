"use strict";
// Every five seconds the part that changes is fetched anew, unless somebody is about to press something in it.
const part = document.getElementById("now");
setInterval(async () => {
  if (document.hidden || part.contains(document.activeElement)) return;
  try {
    const answer = await fetch("/now", { credentials: "same-origin" });
    if (answer.status === 403) location.reload();
    if (!answer.ok) return;
    const text = await answer.text();
    if (text !== part.dataset.text) {
      part.dataset.text = text;
      part.innerHTML = text;
    }
  } catch {
    // The hub is starting anew; the next turn finds it.
  }
}, 5000);
