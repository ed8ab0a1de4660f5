// Writes what the reference implementation of the opening_hours language answers to a corpus of expressions.
//
// node answers.cjs CORPUS ANSWERS, with the npm package opening_hours beside; run by `make hours-reference`, in UTC.
// A line of the corpus may begin with a state of France and a tab: then that state's public holidays count.
// One line of JSON for each expression: the open times of each day, as runs of equal weeks, or that it is an error.
const OpeningHours = require("opening_hours");
const fs = require("fs");

const [, , corpus, answers] = process.argv;
const place = (state) => ({ lat: 44.43, lon: 5.71, address: { country_code: "fr", state } });
const first = new Date(2026, 0, 1);
const last = new Date(2028, 2, 1);
const DAY = 24 * 60 * 60 * 1000;

function clock(milliseconds) {
  const minutes = milliseconds / 60000;
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

function openTimes(hours) {
  const days = Array.from({ length: Math.round((last - first) / DAY) }, () => []);
  for (const [from, to, unknown] of hours.getOpenIntervals(first, last)) {
    for (let at = unknown ? to.getTime() : from.getTime(); at < to.getTime(); ) {
      const day = Math.floor((at - first) / DAY);
      const midnight = first.getTime() + day * DAY;
      const end = Math.min(to.getTime(), midnight + DAY);
      const times = days[day];
      if (times.length && times[times.length - 1][1] === clock(at - midnight)) times[times.length - 1][1] = clock(end - midnight);
      else times.push([clock(at - midnight), clock(end - midnight)]);
      at = end;
    }
  }
  return days.map((times) => times.map((time) => time.join("-")).join(","));
}

function runsOfWeeks(days) {
  const runs = [];
  for (let day = 0; day < days.length; day += 7) {
    const week = days.slice(day, day + 7).join("|");
    if (runs.length && runs[runs.length - 1][1] === week) runs[runs.length - 1][0] += 1;
    else runs.push([1, week]);
  }
  return runs;
}

function answer(line) {
  const [expression, state] = line.split("\t").reverse();
  const asked = state ? { state, expression } : { expression };
  try {
    const hours = new OpeningHours(expression, place(state || "Provence-Alpes-Côte d'Azur"), { locale: "en" });
    return { ...asked, weeks: runsOfWeeks(openTimes(hours)) };
  } catch {
    return { ...asked, error: true };
  }
}

const expressions = fs.readFileSync(corpus, "utf8").split("\n").map((line) => line.trim());
const lines = expressions.filter((line) => line && !line.startsWith("#")).map((line) => JSON.stringify(answer(line)));
fs.writeFileSync(answers, lines.join("\n") + "\n");
