// All sentences of a corpus: found, sorted, a hundred at a time.

const $ = (id) => document.getElementById(id);
const ROWS = 100;

const data = await readData($("data"));
const paged = new Set(data.pages);
const rows = data.rows.map(([recording, sentence, words, marked, score, lead, p, start, end, flags]) => ({
  recording, sentence, words, marked, score, lead, p, start, end, flags,
  name: data.recordings[recording],
  text: words.join(" "),
  count: marked.length,
  length: end - start,
  page: paged.has(recording),
}));
for (const row of rows) row.found = `${row.text}\n${row.name}\n${row.flags}`.normalize("NFC").toLocaleLowerCase();

const COLUMNS = [
  { key: "text", label: "Sentence", text: true },
  { key: "score", label: "Score", show: (row) => signed(row.score) },
  { key: "lead", label: "Ahead", show: (row) => (row.lead === null ? "–" : row.lead.toFixed(2)) },
  ...(data.decided ? [
    { key: "p", label: "P", show: (row) => (row.p === null ? "–" : row.p.toFixed(2)) },
    { key: "count", label: "Emphasised", show: (row) => String(row.count) },
  ] : []),
  { key: "length", label: "Length, s", show: (row) => row.length.toFixed(2) },
  { key: "name", label: "Recording", text: true, show: (row) => row.name },
  { key: "flags", label: "Flags", text: true, show: (row) => row.flags },
];
const collator = new Intl.Collator(undefined, { numeric: true });
const view = { key: "score", down: true, first: 0, shown: rows };

function sortRows() {
  const { key, down } = view;
  const { text } = COLUMNS.find((one) => one.key === key);
  const order = text ? `order-${key}` : key;
  if (text && !(order in rows[0])) { // letters are compared once, then numbers
    const values = [...new Set(rows.map((row) => row[key]))].sort(collator.compare);
    const places = new Map(values.map((value, place) => [value, place]));
    for (const row of rows) row[order] = places.get(row[key]);
  }
  const compare = (a, b) => (a[order] ?? -Infinity) - (b[order] ?? -Infinity);
  rows.sort((a, b) => (down ? -1 : 1) * compare(a, b) || a.recording - b.recording || a.sentence - b.sentence);
}

function find() {
  const wanted = $("search").value.normalize("NFC").toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const only = $("only-pages").checked;
  view.shown = rows.filter((row) => (!only || row.page) && wanted.every((part) => row.found.includes(part)));
  view.first = 0;
  show();
}

function show() {
  const { shown, first } = view;
  const last = Math.min(first + ROWS, shown.length);
  $("body").replaceChildren(...shown.slice(first, last).map(makeRow));
  $("count").textContent = `${shown.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} sentences`;
  $("place").textContent = shown.length ? `${first + 1}–${last}` : "none";
  $("back").disabled = first === 0;
  $("on").disabled = last === shown.length;
  [...$("head").children].forEach((cell, i) => {
    if (COLUMNS[i].key === view.key) cell.setAttribute("aria-sort", view.down ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
}

function makeRow(row) {
  const line = make("span", { dir: "auto" });
  row.words.forEach((word, i) => line.append(row.marked.includes(i) ? make("b", { text: word }) : word, " "));
  const href = row.page ? `pages/${String(row.recording).padStart(6, "0")}.html#sentence-${row.sentence}` : null;
  const sentence = make("th", { scope: "row" }, href ? make("a", { href }, line) : line);
  const cells = COLUMNS.slice(1).map((one) => make("td", { class: one.text ? `left ${one.key}` : null, text: one.show(row) }));
  return make("tr", null, sentence, ...cells);
}

function turn(step) {
  view.first += step * ROWS;
  show();
  $("table").scrollIntoView({ block: "start" });
}

$("name").textContent = data.source;
$("meta").textContent = `${rows.length.toLocaleString("en")} sentences of ${data.recordings.length.toLocaleString("en")} recordings, scored by ${data.cues}; pages of ${paged.size.toLocaleString("en")} recordings`;
$("foot").textContent = `lemf ${data.lemf}`;
$("head").append(...COLUMNS.map((one) => {
  const button = make("button", { type: "button", text: one.label });
  button.addEventListener("click", () => {
    view.down = view.key === one.key ? !view.down : !one.text;
    view.key = one.key;
    sortRows();
    find();
  });
  return make("th", { scope: "col", class: one.text ? "left" : null }, button);
}));
$("search").addEventListener("input", find);
$("only-pages").addEventListener("change", find);
$("finder").addEventListener("submit", (event) => event.preventDefault());
$("back").addEventListener("click", () => turn(-1));
$("on").addEventListener("click", () => turn(1));
sortRows();
find();
