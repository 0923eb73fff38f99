// Corrections of the chosen word: sent to the server, which measures and scores again.

const EDIT_KEYS = [
  [["X", "J"], "split the word, join it with the next"],
  [["N"], "add a word in the silence after the word"],
  [["Delete"], "remove the word"],
  [["U"], "undo the last correction"],
];
const BETWEEN_MS = 150; // downloads
const served = data.serve;
const editor = { steps: [], before: [], sent: 0, start: null, saving: false, own: null, exported: Promise.resolve() };
const handles = makeHandles($("chart-room"), chart, (edge) => limitsOf(sentences, edge, data.duration_s), moveNow, finishMove);

function wordNow() {
  return sentences[view.sentence].words[view.word];
}

// Called by the page whenever another word is chosen, or the words are another's
function showEditor(active) {
  const word = wordNow();
  if ($("edit-label") !== document.activeElement) $("edit-label").value = word.word;
  if ($("edit-start") !== document.activeElement) $("edit-start").value = typedTime(word.start_s);
  if ($("edit-end") !== document.activeElement) $("edit-end").value = typedTime(word.end_s);
  handles.show(word, active);
  $("edit-undo").disabled = editor.before.length === 0;
  $("edit-save").disabled = editor.steps.length === 0 && served.saves_to.endsWith(".corrected.TextGrid");
}

function moveNow(from, to) {
  if (editor.saving) return;
  editor.start ??= editor.steps;
  editor.steps = withMove(editor.steps, from, to);
  moveEdge(sentences, from, to);
  showChart();
  showEditor(to);
}

function finishMove() {
  if (editor.start === null) return;
  editor.before.push(editor.start);
  editor.start = null;
  scoreAgain();
}

// Take a step that the server makes of the words; the page goes on at the time `at`
function take(steps, at = null) {
  if (editor.saving) return;
  editor.before.push(editor.steps);
  editor.steps = steps;
  scoreAgain(at);
}

function typedTime(t) {
  return t.toFixed(4).replace(/0$/, "");
}

function typeTime(input, edge) {
  const value = readNumber(input.value);
  const [low, high] = limitsOf(sentences, edge, data.duration_s);
  const fits = value >= low && value <= high;
  if (!fits) {
    input.value = typedTime(edge); // what stays
    const given = Number.isFinite(value) ? `${value} s` : "No time";
    fault(`${given}: this edge can lie from ${low.toFixed(3)} to ${high.toFixed(3)} s; move the edge beside it first`);
    return;
  }
  input.value = typedTime(value); // as it was read
  if (value === edge) return;
  moveNow(edge, value);
  finishMove();
}

function typeLabel() {
  const word = wordNow();
  const label = $("edit-label").value.trim().replace(/\s+/g, " ");
  if (label === word.word) return;
  take(withLabel(editor.steps, word.start_s, label), (word.start_s + word.end_s) / 2);
}

// Words: split, joined, added, removed
function split() {
  const word = wordNow();
  const at = splitTime(word, player.now());
  if (at === null) {
    fault(`“${word.word}” is too short to be split`);
    return;
  }
  const [left, right] = splitLabel(word.word, (at - word.start_s) / (word.end_s - word.start_s));
  editor.naming = true;
  take([...editor.steps, ["split", word.start_s, at, left, right]], (word.start_s + at) / 2);
}

function join() {
  const [word, next] = sentences[view.sentence].words.slice(view.word, view.word + 2);
  if (!next) {
    fault(`No word of the sentence follows “${word.word}”`);
    return;
  }
  editor.naming = true;
  take([...editor.steps, ["join", word.start_s, word.word + next.word]], (word.start_s + next.end_s) / 2);
}

function add() {
  const word = wordNow();
  const place = placeToAdd(sentences, word, player.now(), data.duration_s);
  if (place === null) {
    fault(`No silence of ${1000 * ROOM_S} ms beside “${word.word}”: move its end first`);
    return;
  }
  editor.naming = true;
  take([...editor.steps, ["add", ...place, "new"]], (place[0] + place[1]) / 2);
}

function removeWord() {
  const word = wordNow();
  take(withLabel(editor.steps, word.start_s, ""), (word.start_s + word.end_s) / 2);
}

function undo() {
  if (editor.before.length === 0 || editor.saving) return;
  editor.steps = editor.before.pop();
  scoreAgain();
}

function fault(text) {
  $("fault").textContent = text;
  $("edit-again").hidden = true;
}

function body(more) {
  return { steps: editor.steps, revision: served.revision, words: served.words, ...more };
}

async function scoreAgain(at = null) {
  editor.sent += 1;
  const number = editor.sent;
  fault("");
  $("edit-state").textContent = "Scoring …";
  try {
    const next = await (await ask(`/score/${served.id}`, body())).json();
    if (number !== editor.sent || editor.start !== null) return; // a later correction is on the way
    editor.restored = false;
    takeContent(next, at);
    showState(next.serve.corrected);
    nameWord();
  } catch (error) {
    if (number !== editor.sent) return;
    await takeBack(error);
  }
}

// Steps that the server refuses are taken back, the last first, until what was before is scored
async function takeBack(refusal) {
  editor.naming = false;
  refuse(refusal);
  const number = editor.sent;
  let [reason, taken] = [refusal, 0];
  const most = editor.restored ? editor.before.length : Math.min(editor.before.length, 1);
  while (reason.status === 422 && taken < most) {
    taken += 1;
    const steps = editor.before.at(-taken);
    try {
      const next = await (await ask(`/score/${served.id}`, body({ steps }))).json();
      if (number !== editor.sent) return;
      editor.before.splice(-taken);
      editor.steps = steps;
      takeContent(next, null);
      showState(next.serve.corrected);
      $("edit-label").value = wordNow().word;
      fault(`${refusal.message} (${taken === 1 ? "taken back" : `the last ${taken} corrections are taken back`})`);
      return;
    } catch (error) {
      reason = error;
    }
  }
  if (number !== editor.sent) return;
  const remedy = { 0: "start lemf serve again; this page keeps your corrections", 412: "the files have changed on the disk" };
  $("edit-state").textContent = `Not scored: ${remedy[reason.status] ?? "the words of the file cannot be used"}`;
  if (reason !== refusal) refuse(reason);
  showEditor();
}

// What changed on the disk is loaded by the page anew, which makes the corrections again
function refuse(error) {
  fault(error.message);
  $("edit-again").hidden = error.status !== 412;
}

function loadAgain() {
  if (editor.steps.length > 0) sessionStorage.setItem(`lemf ${served.id}`, JSON.stringify(editor.steps));
  editor.leaving = true;
  location.reload();
}

function correctAgain() {
  const kept = sessionStorage.getItem(`lemf ${served.id}`);
  if (kept === null) return;
  sessionStorage.removeItem(`lemf ${served.id}`);
  editor.steps = JSON.parse(kept);
  editor.before = editor.steps.map((_, n) => editor.steps.slice(0, n));
  editor.restored = true; // of which each may not fit the words that are there now
  scoreAgain();
}

function showState(corrected) {
  const as = corrected ? `${corrected}; scored again; not saved` : "As in the file; scored again";
  $("edit-state").textContent = editor.sent ? as : "";
  showEditor();
}

// A word that was split, joined or added is named next
function nameWord() {
  if (!editor.naming) return;
  editor.naming = false;
  $("edit-label").value = wordNow().word;
  $("edit-label").focus();
  $("edit-label").select();
}

// Take the words of the server; the chosen cues, weights and the word at a time stay
function takeContent(next, at) {
  const word = wordNow();
  const focused = $("words").contains(document.activeElement);
  Object.assign(data, next, { serve: served });
  sentences = readSentences();
  norms = readNorms();
  const { model } = controls.effective();
  view.results = scoreAll(model);
  const middle = at ?? (word.start_s + word.end_s) / 2;
  const n = sentences.findIndex((one) => middle <= one.end);
  view.sentence = n < 0 ? sentences.length - 1 : n;
  const own = sentences[view.sentence].words;
  const i = own.findIndex((one) => middle <= one.end_s);
  view.word = i < 0 ? own.length - 1 : i;
  words.build(sentences[view.sentence]);
  $("sentence-list").replaceChildren();
  rescore();
  words.select(view.word, focused);
  chart.reveal(sentences[view.sentence].words[view.word]);
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
    Object.assign(editor, { steps: [], before: [] });
    await scoreAgain();
    $("edit-state").textContent = `Saved to ${done.saved}`;
  } catch (error) {
    if (error.status !== 409) {
      refuse(error);
      return;
    }
    $("ask-text").textContent = `${served.saves_to} exists already. Replace it by the corrected words?`;
    $("ask").hidden = false;
    $("ask-no").focus();
  } finally {
    editor.saving = false;
  }
}

// One after the other: Chromium drops what is more than ten downloads a second
function download() {
  const format = $("export-format").value;
  editor.exported = editor.exported
    .then(() => downloadAs(format))
    .then(() => new Promise((go) => { setTimeout(go, BETWEEN_MS); }));
}

async function downloadAs(format) {
  fault("");
  const chosen = served.exports.find(([name]) => name === format);
  const [name, , suffix] = chosen;
  const { weights, cues, threshold } = state;
  const { model } = controls.effective();
  try {
    const response = await ask(`/export/${served.id}`, body({ format: name, cues, weights, threshold, decide: model ? state.decide : "off" }));
    const link = make("a", { download: `${served.stem}${suffix}`, href: URL.createObjectURL(await response.blob()) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } catch (error) {
    refuse(error);
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
  for (const [id, act] of [["edit-split", split], ["edit-join", join], ["edit-add", add], ["edit-remove", removeWord]]) {
    $(id).addEventListener("click", act);
  }
  Object.assign(keys, { x: split, j: join, n: add, delete: removeWord, u: undo });
  $("keys-list").append(...EDIT_KEYS.map(([names, what]) => make("div", null,
    make("dt", null, ...names.flatMap((name) => [make("kbd", { text: name }), " "])), make("dd", { text: what }))));
  addEventListener("beforeunload", (event) => {
    if (editor.steps.length > 0 && !editor.leaving) event.preventDefault();
  });
  $("edit-again").addEventListener("click", loadAgain);
  showState();
  correctAgain();
}

startEditor();
