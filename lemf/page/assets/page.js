// The page: what is chosen, scored and heard, and who shows it.

const $ = (id) => document.getElementById(id);
const DOUBTS = ["stretched_phone", "minimum_phones", "no_sound", "doubtful_alignment", "doubtful_pitch"];

const data = await readData($("data"));
const contours = unpackContours(data.contours);
const known = (value) => (value === null ? NaN : value);
let sentences = readSentences();
let norms = readNorms();
const state = structuredClone(data.start);
const view = { sentence: 0, word: 0, results: [], shown: () => {} }; // `shown` is what else follows the chosen word

const player = makePlayer($("audio"), $("sound"), data.sound, onTime, onPlaying);
const chart = makeChart({ scroller: $("chart"), room: $("chart-room"), canvas: $("canvas"), playhead: $("playhead") }, contours, pick);
const words = makeWords($("words"), select, () => playWord());
const controls = makeWeights({ sets: $("sets"), weights: $("weights"), decide: $("decide"), threshold: $("threshold"), reset: $("reset"), fault: $("weigh-fault") }, data, state, rescoreSoon);

const keys = {
  p: player.toggle, w: playWord, s: playSegment, a: playSentence,
  ",": () => go(view.sentence - 1), ".": () => go(view.sentence + 1),
};

function readSentences() {
  return data.sentences.map(({ words, values }, index) => ({
    index,
    words: words.map((word) => ({ ...word, phones: unpackPhones(word.phones) })),
    start: words[0].start_s,
    end: words[words.length - 1].end_s,
    text: words.map((word) => word.word).join(" "),
    values: Object.fromEntries(Object.entries(values).map(([name, own]) => [name, own.map(known)])),
  }));
}

function readNorms() { // of the recording, where words are compared with all of it
  if (data.settings.normalise !== "recording") return null;
  const names = Object.keys(sentences[0].values);
  return Object.fromEntries(names.map((name) => [name, moments(sentences.flatMap((one) => one.values[name]))]));
}

// Scoring
function scoreAll(model) {
  const { weights, cues, threshold } = state;
  const set = data.sets[cues];
  return sentences.map((sentence) => {
    const scored = scoreSentence(sentence.values, weights, norms);
    const decision = model ? decideWords(scored, sentence.values, model, threshold) : null;
    const marked = decision
      ? sentence.words.map((_, i) => i).filter((i) => decision.emphasised[i])
      : scored.scores[scored.top] > 0 ? [scored.top] : [];
    const flags = sentence.words.map((_, i) => set.word_flags[sentence.index][i] ?? []);
    const sentenceFlags = [...set.sentence_flags[sentence.index]];
    if (isFlat(scored.scores)) sentenceFlags.push("flat");
    if (model?.decision === "accent" && sentence.words.length < FEWEST_WORDS) sentenceFlags.push("few_words");
    return {
      ...scored, weights, decision, marked, flags, sentenceFlags,
      threshold: model ? Math.log(threshold / (1 - threshold)) : null,
      doubts: flags.map((own) => own.filter((flag) => DOUBTS.includes(flag))),
    };
  });
}

function rescoreSoon() { // once a frame, however fast a slider moves
  if (view.waiting) return;
  view.waiting = true;
  requestAnimationFrame(() => { view.waiting = false; rescore(); });
}

function rescore() {
  const { model, note } = controls.effective();
  view.results = scoreAll(model);
  $("decide-note").textContent = note || (model ? `P is fitted on ${model.fitted_on}.` : "");
  $("command-title").textContent = `The same on the command line, ${data.command.where}:`;
  $("command").textContent = controls.command();
  $("meta").textContent = describeRecording();
  showSentence();
  listSentences();
  showNotes();
  const result = view.results[view.sentence];
  const sentence = sentences[view.sentence];
  say(`Scored by ${state.cues}: top word ${sentence.words[result.top].word}, ${signed(result.scores[result.top])}`);
}

// Showing
function showSentence() {
  const [sentence, result] = [sentences[view.sentence], view.results[view.sentence]];
  words.style(sentence, result);
  words.select(view.word, false);
  $("verdict").replaceChildren(...verdict(sentence, result));
  const doubts = [...result.doubts[result.top].map((flag) => `${sentence.words[result.top].word}: ${data.flags[flag]}`),
    ...result.sentenceFlags.map((flag) => data.flags[flag] ?? flag)];
  $("doubt").hidden = doubts.length === 0;
  $("doubt").textContent = doubts.join(". ");
  fillTable($("table"), sentence, result, select);
  showChart();
  showWord();
  $("formula").textContent = formula();
}

function verdict(sentence, result) {
  const strong = (text) => make("strong", { dir: "auto", text });
  const top = sentence.words[result.top];
  const parts = [];
  if (result.decision) {
    const names = result.marked.map((i) => sentence.words[i].word);
    parts.push("Emphasised: ", strong(names.length ? names.join(", ") : "none"), ". ");
  }
  parts.push("Top word: ", strong(top.word));
  const second = result.ranks.indexOf(2);
  if (second >= 0) parts.push(`, ${(result.scores[result.top] - result.scores[second]).toFixed(2)} ahead of `, make("bdi", { text: sentence.words[second].word }));
  const [from, to] = result.segment;
  const text = sentence.words.slice(from, to + 1).map((word) => word.word).join(" ");
  parts.push(". Segment: ", make("span", { class: "segment-text", dir: "auto", text }), ".");
  return parts;
}

function describeRecording() {
  const { pitch_floor_hz: floor, pitch_ceiling_hz: ceiling } = data.settings;
  return `${clock(data.duration_s)} s · ${data.rate_hz} Hz · words of ${data.textgrid} · cues ${state.cues} · F0 by ${data.tracker}, ${floor}–${ceiling} Hz`;
}

function formula() {
  const sum = Object.entries(state.weights).map(([name, weight]) => `${weight} z(${name})`).join(" + ").replaceAll("+ -", "− ");
  return `score = ${sum}; z compares the words of one ${data.settings.normalise}.`;
}

function showChart() {
  const [sentence, result] = [sentences[view.sentence], view.results[view.sentence]];
  const palette = readPalette(document.documentElement);
  const names = Object.keys(shownParts(result).parts);
  view.colours = cueColours([...new Set([...names, ...Object.keys(result.weights)])], data.cues, palette);
  chart.show({ sentence, result, palette, colours: view.colours, selected: view.word });
  $("canvas").setAttribute("aria-label", `F0, energy, phone durations and what each cue adds, for ${sentence.words.length} words from ${sentence.start.toFixed(2)} to ${sentence.end.toFixed(2)} s; the table below has the numbers.`);
  $("legend").replaceChildren(...names.map((name) => {
    const swatch = make("span", { class: "swatch" });
    swatch.style.background = view.colours[name];
    return make("li", null, swatch, shownName(name));
  }), make("li", null, make("span", { class: "swatch line" }), result.decision ? "log-odds" : "score"));
}

function showWord() {
  const [sentence, result] = [sentences[view.sentence], view.results[view.sentence]];
  const word = sentence.words[view.word];
  $("why-title").replaceChildren("Why ", make("bdi", { class: "quoted", text: word.word }));
  fillWhy($("why"), sentence, result, view.word, data.cues, view.colours);
  for (const row of $("table").tBodies[0].rows) row.classList.toggle("selected", Number(row.dataset.index) === view.word);
  view.shown();
}

function listSentences() {
  $("sentences").hidden = sentences.length < 2;
  const list = $("sentence-list");
  sentences.forEach((sentence, n) => {
    const result = view.results[n];
    const button = list.children[n]?.firstChild ?? list.appendChild(make("li", null, make("button", { type: "button", "data-index": n }))).firstChild;
    const text = make("span", { class: "line", dir: "auto" });
    sentence.words.forEach((word, i) => {
      text.append(result.marked.includes(i) ? make("b", { text: word.word }) : word.word, " ");
    });
    const doubtful = result.doubts[result.top].length ? " ?" : "";
    button.replaceChildren(make("time", { text: `${clock(sentence.start)}${doubtful}` }), text);
    if (n === view.sentence) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
}

function showNotes() {
  const given = state.cues === data.start.cues && Object.entries(data.start.weights).every(([name, weight]) => state.weights[name] === weight);
  const notes = [...(given ? data.start.notes : data.sets[state.cues].notes), ...data.sound_notes];
  $("notes").replaceChildren(...notes.map((text) => make("li", { text })));
  const met = new Set(view.results.flatMap((one) => [...one.flags.flat(), ...one.sentenceFlags]));
  $("flags").replaceChildren(...Object.entries(data.flags).filter(([flag]) => met.has(flag)).map(
    ([flag, text]) => make("div", null, make("dt", { text: flag }), make("dd", { text }))));
  $("notes-sheet").hidden = notes.length === 0 && met.size === 0;
}

function say(text) {
  $("status").textContent = text;
}

function clock(t) {
  const minutes = Math.floor(t / 60);
  return minutes ? `${minutes}:${(t - 60 * minutes).toFixed(1).padStart(4, "0")}` : t.toFixed(2);
}

// Choosing
function select(i, focus = false) {
  view.word = i;
  words.select(i, focus);
  showChart();
  showWord();
  chart.reveal(sentences[view.sentence].words[i]);
}

function go(n, spoken = true) {
  if (n < 0 || n >= sentences.length) return;
  view.sentence = n;
  view.word = view.results[n].top;
  words.build(sentences[n]);
  showSentence();
  chart.reveal(sentences[n].words[view.word]);
  listSentences();
  $("sentence-list").children[n]?.scrollIntoView({ block: "nearest" });
  if (spoken) say(`Sentence ${n + 1} of ${sentences.length}: ${sentences[n].text}`);
}

function pick(t) {
  const sentence = sentences[view.sentence];
  const i = sentence.words.findIndex((word) => t >= word.start_s && t < word.end_s);
  if (i >= 0) select(i);
  player.seek(Math.min(Math.max(t, 0), data.duration_s));
}

// Hearing
function playWord() {
  const word = sentences[view.sentence].words[view.word];
  player.play(word.start_s, word.end_s);
}

function playSegment() {
  const [from, to] = view.results[view.sentence].segment.map((i) => sentences[view.sentence].words[i]);
  player.play(from.start_s, to.end_s);
}

function playSentence() {
  player.play(sentences[view.sentence].start, sentences[view.sentence].end);
}

function onTime(t) {
  $("clock").textContent = clock(t);
  $("seek").value = String(t);
  $("seek").setAttribute("aria-valuetext", `${clock(t)} of ${clock(data.duration_s)} s`);
  let sentence = sentences[view.sentence];
  if (player.playing() && player.stop === Infinity && (t < sentence.start || t > sentence.end)) {
    const n = sentences.findIndex((one) => t >= one.start && t < one.end);
    if (n >= 0 && n !== view.sentence) go(n, false);
    sentence = sentences[view.sentence];
  }
  const ended = t >= player.stop && !player.playing();
  words.light(ended ? -1 : sentence.words.findIndex((word) => t >= word.start_s && t < word.end_s));
  chart.head(t);
  if (player.playing()) chart.follow(t);
}

function onPlaying() {
  const playing = player.playing();
  $("play").classList.toggle("playing", playing);
  $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
}

function onKey(event) {
  if (!$("letters").checked || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=range]):not([type=checkbox]):not([type=radio]), select, textarea")) return;
  const act = keys[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}

// The sentence that the address names, as the index of a corpus does
function askedFor() {
  const [, n] = /^#sentence-(\d+)$/.exec(location.hash) ?? [];
  return n < sentences.length ? Number(n) : 0;
}

function start() {
  $("name").textContent = data.audio;
  if (data.index) {
    $("back").href = data.index;
    $("back").textContent = data.serve ? "All recordings" : "All sentences";
    $("back").hidden = false;
  }
  addEventListener("hashchange", () => { if (location.hash.startsWith("#sentence-")) go(askedFor()); });
  $("foot").textContent = `lemf ${data.lemf}`;
  $("seek").max = String(data.duration_s);
  $("length").textContent = `/ ${clock(data.duration_s)} s`;
  $("player").hidden = !player.has;
  controls.build();
  const { model } = controls.effective();
  view.results = scoreAll(model);
  view.sentence = askedFor();
  view.word = view.results[view.sentence].top;
  words.build(sentences[view.sentence]);
  rescore();
  chart.reveal(sentences[view.sentence].words[view.word]);
  $("sentence-list").children[view.sentence].scrollIntoView({ block: "nearest" });
  say("");
  onTime(0);

  $("play").addEventListener("click", player.toggle);
  $("play-word").addEventListener("click", playWord);
  $("play-segment").addEventListener("click", playSegment);
  $("play-sentence").addEventListener("click", playSentence);
  $("loop").addEventListener("change", () => { player.loop = $("loop").checked; });
  $("speed").addEventListener("change", () => player.speed(Number($("speed").value)));
  $("seek").addEventListener("input", () => player.seek($("seek").valueAsNumber));
  $("narrower").addEventListener("click", () => chart.widen(1 / 1.5));
  $("wider").addEventListener("click", () => chart.widen(1.5));
  $("sentence-list").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) go(Number(button.dataset.index));
  });
  document.addEventListener("keydown", onKey);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showSentence);
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printing"); // light, whatever the screen is
    const palette = readPalette(document.documentElement);
    const result = view.results[view.sentence];
    const colours = cueColours(Object.keys(view.colours), data.cues, palette);
    drawRows($("print-rows"), { sentence: sentences[view.sentence], result, palette, colours }, contours, 680);
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    $("print-rows").replaceChildren();
  });
}

start();
