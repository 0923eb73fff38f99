// Corrections of the chosen word: sent to the server, which measures and scores again.

const served = data.serve;
const editor = { edits: makeEdits(), before: [], sent: 0, start: null, saving: false, own: null };
const handles = makeHandles($("chart-room"), chart, (edge) => limitsOf(sentences, edge, data.duration_s), moveNow, finishMove);

function wordNow() {
  return sentences[view.sentence].words[view.word];
}

// Called by the page whenever another word is chosen, or the words are another's
function showEditor(active) {
  const word = wordNow();
  if ($("edit-label") !== document.activeElement) $("edit-label").value = word.word;
  if ($("edit-start") !== document.activeElement) $("edit-start").value = word.start_s.toFixed(4).replace(/0$/, "");
  if ($("edit-end") !== document.activeElement) $("edit-end").value = word.end_s.toFixed(4).replace(/0$/, "");
  handles.show(word, active);
  $("edit-undo").disabled = editor.before.length === 0;
  const changed = editor.edits.moves.length + editor.edits.labels.length > 0;
  $("edit-save").disabled = !changed && served.saves_to.endsWith(".corrected.TextGrid");
}

function moveNow(from, to) {
  if (editor.saving) return;
  editor.start ??= editor.edits;
  editor.edits = withMove(editor.edits, from, to);
  moveEdge(sentences, from, to);
  showChart();
  showEditor(to);
}

function finishMove() {
  if (editor.start === null) return;
  keep(editor.start);
  editor.start = null;
  scoreAgain();
}

function keep(edits) {
  editor.before.push(edits);
}

function typeTime(input, edge) {
  const value = input.valueAsNumber;
  const [low, high] = limitsOf(sentences, edge, data.duration_s);
  const fits = value >= low && value <= high;
  input.setAttribute("aria-invalid", String(!fits));
  if (!fits) {
    fault(`${value} s: this edge can lie from ${low.toFixed(3)} to ${high.toFixed(3)} s; move the edge beside it first`);
    return;
  }
  if (value === edge) return;
  moveNow(edge, value);
  finishMove();
}

function typeLabel() {
  const word = wordNow();
  const label = $("edit-label").value.trim().replace(/\s+/g, " ");
  if (label === word.word || editor.saving) return;
  keep(editor.edits);
  editor.edits = withLabel(editor.edits, word.start_s, label);
  scoreAgain();
}

function undo() {
  if (editor.before.length === 0 || editor.saving) return;
  editor.edits = editor.before.pop();
  scoreAgain();
}

function fault(text) {
  $("fault").textContent = text;
}

function body(more) {
  return { ...editor.edits, revision: served.revision, words: served.words, ...more };
}

async function scoreAgain() {
  editor.sent += 1;
  const number = editor.sent;
  fault("");
  $("edit-state").textContent = "Scoring …";
  try {
    const next = await (await ask(`/score/${served.id}`, body())).json();
    if (number !== editor.sent || editor.start !== null) return; // a later correction is on the way
    takeContent(next);
    showState();
  } catch (error) {
    if (number !== editor.sent) return;
    fault(error.message);
    $("edit-state").textContent = "Not scored: undo the last correction.";
    showEditor();
  }
}

function showState() {
  const { moves, labels } = editor.edits;
  const parts = [];
  if (moves.length) parts.push(`${moves.length} ${moves.length === 1 ? "edge" : "edges"} moved`);
  if (labels.length) parts.push(`${labels.length} ${labels.length === 1 ? "word" : "words"} changed`);
  $("edit-state").textContent = parts.length ? `${parts.join(", ")}; scored again; not saved` : editor.sent ? "As in the file; scored again" : "";
  showEditor();
}

// Take the words of the server; the chosen cues, weights and word stay
function takeContent(next) {
  const word = wordNow();
  Object.assign(data, next, { serve: served });
  sentences = readSentences();
  norms = readNorms();
  const { model } = controls.effective();
  view.results = scoreAll(model);
  const middle = (word.start_s + word.end_s) / 2;
  const n = sentences.findIndex((one) => middle <= one.end);
  view.sentence = n < 0 ? sentences.length - 1 : n;
  const own = sentences[view.sentence].words;
  const i = own.findIndex((one) => middle <= one.end_s);
  view.word = i < 0 ? own.length - 1 : i;
  words.build(sentences[view.sentence]);
  $("sentence-list").replaceChildren();
  rescore();
}

// What was saved are the words from then on: later corrections are of its times
async function save(replaces) {
  if (editor.saving) return;
  editor.saving = true;
  fault("");
  $("ask").hidden = true;
  try {
    const done = await (await ask(`/save/${served.id}`, body({ replaces: replaces ?? editor.own }))).json();
    editor.own = done.written; // which this page may replace
    Object.assign(served, { revision: done.revision, words: done.words, saves_to: done.saves_to });
    Object.assign(editor, { edits: makeEdits(), before: [] });
    await scoreAgain();
    $("edit-state").textContent = `Saved to ${done.saved}`;
  } catch (error) {
    if (error.status !== 409) {
      fault(error.message);
      return;
    }
    $("ask-text").textContent = `${served.saves_to} exists already. Replace it by the corrected words?`;
    $("ask").hidden = false;
    $("ask-no").focus();
  } finally {
    editor.saving = false;
  }
}

async function download() {
  fault("");
  const chosen = served.exports.find(([name]) => name === $("export-format").value);
  const [name, , suffix] = chosen;
  const { weights, cues, threshold } = state;
  const { model } = controls.effective();
  try {
    const response = await ask(`/export/${served.id}`, body({ format: name, cues, weights, threshold, decide: model ? state.decide : "off" }));
    const link = make("a", { download: `${served.stem}${suffix}`, href: URL.createObjectURL(await response.blob()) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } catch (error) {
    fault(error.message);
  }
}

function startEditor() {
  $("export-format").append(...served.exports.map(([name, title]) => make("option", { value: name, text: title })));
  chart.drawn = handles.place;
  view.shown = showEditor;
  $("edit-label").addEventListener("change", typeLabel);
  $("edit-start").addEventListener("change", () => typeTime($("edit-start"), wordNow().start_s));
  $("edit-end").addEventListener("change", () => typeTime($("edit-end"), wordNow().end_s));
  $("edit-undo").addEventListener("click", undo);
  $("edit-save").addEventListener("click", () => save());
  $("ask-yes").addEventListener("click", () => save("any"));
  $("ask-no").addEventListener("click", () => { $("ask").hidden = true; $("edit-save").focus(); });
  $("export").addEventListener("click", download);
  addEventListener("beforeunload", (event) => {
    const { moves, labels } = editor.edits;
    if (moves.length + labels.length > 0) event.preventDefault();
  });
  showState();
}

startEditor();
