// What the pages do by themselves where a browser lets them: parts marked [data-part] follow the server, without a
// reload. Everything works without this file; then the page is as old as its last reload.
"use strict";

const live = document.querySelector("[data-live]");
const spoken = document.getElementById("spoken");
let busy = false;
let again = false;

async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    // The answer to a form is led to the page of that form, which has the same parts. It is never reloaded: that would
    // send the form again.
    if (fresh.querySelector("[data-live]")) exchange(fresh);
    else if (answer.redirected) location.assign(answer.url); // signed out meanwhile
  } finally {
    busy = false;
    if (again) { again = false; refresh(); }
  }
}

function exchange(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = fresh.getElementById(part.id);
    if (!now || now.innerHTML === part.innerHTML || isFilledIn(part)) continue;
    const held = part.contains(document.activeElement) ? document.activeElement.id : "";
    if (held === "" && part.contains(document.activeElement)) continue;
    part.replaceChildren(...now.childNodes);
    if (held) document.getElementById(held)?.focus();
    say(part.querySelector("[data-say]"));
  }
}

// Whether somebody has typed something here that was not sent, or is shown what was wrong with it.
function isFilledIn(part) {
  const typed = [...part.querySelectorAll("input:not([type=hidden]), select, textarea")];
  return part.querySelector("[aria-invalid]") !== null || typed.some((one) =>
    one.type === "checkbox" || one.type === "radio" ? one.checked !== one.defaultChecked : one.defaultValue !== undefined && one.value !== one.defaultValue);
}

function say(latest) {
  if (!latest || latest.dataset.say === spoken.dataset.last) return;
  spoken.dataset.last = latest.dataset.say;
  spoken.textContent = latest.dataset.say;
}

if (live && "EventSource" in window) {
  const latest = live.querySelector("[data-say]");
  if (latest) spoken.dataset.last = latest.dataset.say;
  const source = new EventSource(live.dataset.live);
  source.addEventListener("changed", refresh);
  setInterval(refresh, 60000); // who is silent, and until when it is open, change with time alone
  source.addEventListener("open", () => { document.documentElement.dataset.following = "yes"; });
}

const menu = document.querySelector(".menu");
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.open) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});

const summary = document.querySelector(".errors");
if (summary) summary.focus();
