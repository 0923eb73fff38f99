// The table of all words, and why the chosen word has its score.

function number(x, digits = 2, sign = true) {
  const text = Number.isFinite(x) ? (sign ? signed(x, digits) : x.toFixed(digits).replace("-", "−")) : "–";
  return make("data", { value: Number.isFinite(x) ? String(x) : "", text });
}

function shownName(cue) {
  return cue.replaceAll("_", " ");
}

function fillTable(table, sentence, result, onSelect) {
  const cues = Object.keys(result.weights);
  const head = ["Word", "Start", "Rank", "Score", ...(result.decision ? ["P"] : [])];
  const hasBreaks = sentence.words.some((word) => word.break !== undefined);
  const header = make("tr", null, ...head.map((text) => make("th", { scope: "col", text })));
  for (const cue of cues) header.append(make("th", { scope: "col", text: shownName(cue) }));
  if (hasBreaks) header.append(make("th", { scope: "col", text: "Break after" }));
  const measures = Object.keys(sentence.words.find((word) => word.measures)?.measures ?? {});
  for (const name of measures) header.append(make("th", { scope: "col", text: name }));
  header.append(make("th", { scope: "col", text: "Flags" }));
  const rows = sentence.words.map((word, i) => {
    const row = make("tr", { class: result.marked.includes(i) ? "marked" : null, "data-index": i });
    row.append(make("th", { scope: "row", dir: "auto", text: word.word }));
    row.append(make("td", null, number(word.start_s, 2, false)));
    row.append(make("td", { text: String(result.ranks[i]) }));
    row.append(make("td", { class: "score" }, number(result.scores[i])));
    if (result.decision) row.append(make("td", { class: "p" }, number(result.decision.p[i], 2, false)));
    for (const cue of cues) {
      const known = Number.isFinite(sentence.values[cue][i]);
      const cell = make("td", { "data-cue": cue }, number(known ? result.parts[cue][i] : NaN));
      cell.append(make("small", null, "z ", number(known ? result.z[cue][i] : NaN)));
      row.append(cell);
    }
    if (hasBreaks) row.append(make("td", { text: word.break }));
    for (const name of measures) row.append(make("td", { text: word.measures?.[name] ?? "" }));
    row.append(make("td", { class: "flags", text: result.flags[i].join(" ") }));
    return row;
  });
  const caption = make("caption", { text: "For each cue what it adds to the score, and the z-score below." });
  table.replaceChildren(caption, make("thead", null, header), make("tbody", null, ...rows));
  table.onclick = (event) => {
    const row = event.target.closest("tr[data-index]");
    if (row) onSelect(Number(row.dataset.index));
  };
}

function bar(part, largest, colour) {
  const share = largest > 0 && Number.isFinite(part) ? Math.abs(part) / largest : 0;
  const fill = make("span", { class: part < 0 ? "fill minus" : "fill" });
  fill.style.width = `${(50 * share).toFixed(1)}%`;
  fill.style.background = colour;
  return make("span", { class: "bar", "aria-hidden": "true" }, fill);
}

// Value, z, weight and product of every cue of a word; then the log-odds, where decided
function fillWhy(holder, sentence, result, i, cues, colours) {
  const names = Object.keys(result.weights);
  const largest = Math.max(...names.map((name) => Math.abs(result.parts[name][i])));
  const head = make("tr", null, ...["Cue", "Measured", "z", "× weight", "= adds"].map((text) => make("th", { scope: "col", text })));
  head.append(make("td", null));
  const rows = names.map((name) => {
    const value = sentence.values[name][i];
    const known = Number.isFinite(value);
    const row = make("tr", { "data-cue": name }, make("th", { scope: "row", text: shownName(name) }));
    row.append(make("td", null, number(value, Math.abs(value) < 1 ? 3 : 2, false), make("small", { text: known ? ` ${cues[name].unit}` : "" })));
    row.append(make("td", null, number(known ? result.z[name][i] : NaN)));
    row.append(make("td", null, number(result.weights[name], 2, false)));
    row.append(make("td", null, number(known ? result.parts[name][i] : NaN)));
    row.append(make("td", { class: "bars" }, bar(result.parts[name][i], largest, colours[name])));
    return row;
  });
  const sum = make("tr", { class: "sum" }, make("th", { scope: "row", colspan: 4, text: `Score, rank ${result.ranks[i]} of ${sentence.words.length}` }));
  sum.append(make("td", null, number(result.scores[i])), make("td", null));
  const score = make("table", { class: "why-table" }, make("thead", null, head), make("tbody", null, ...rows), make("tfoot", null, sum));
  holder.replaceChildren(score);
  if (!result.decision) return;

  const { base, parts, logOdds, p } = result.decision;
  const lines = [["usual word", base], ...Object.entries(parts).map(([name, part]) => [shownName(name), part[i]])];
  const odds = make("table", { class: "why-table odds" }, make("caption", { text: "What decides" }));
  odds.append(make("tbody", null, ...lines.map(([name, part]) => make("tr", null, make("th", { scope: "row", text: name }), make("td", null, number(part))))));
  const end = make("tr", { class: "sum" }, make("th", { scope: "row", text: `Log-odds; P = ${p[i].toFixed(2)}` }), make("td", null, number(logOdds[i])));
  odds.append(make("tfoot", null, end));
  holder.append(odds);
}
