// What was corrected, step by step: each names times and words as the steps before left them.

const LEAST_S = 0.001; // between two edges
const ROOM_S = 0.02; // of the shortest word that is added
const USUAL_S = 0.3; // of the longest

function withMove(steps, from, to) { // the way of one edge is one step
  const last = steps.at(-1);
  if (last?.[0] !== "move" || last[2] !== from) return [...steps, ["move", from, to]];
  return last[1] === to ? steps.slice(0, -1) : [...steps.slice(0, -1), ["move", last[1], to]];
}

function withLabel(steps, start, label) {
  const last = steps.at(-1);
  const before = last?.[0] === "label" && last[1] === start ? steps.slice(0, -1) : steps;
  return [...before, ["label", start, label]];
}

// Move an edge in the words and phones of all sentences
function moveEdge(sentences, from, to) {
  for (const sentence of sentences) {
    for (const word of sentence.words) {
      if (word.start_s === from) word.start_s = to;
      if (word.end_s === from) word.end_s = to;
      for (const phone of word.phones) {
        if (phone[1] === from) phone[1] = to;
        if (phone[2] === from) phone[2] = to;
      }
    }
  }
}

// The edges of a word and of its phones, in order
function edgesOf(word) {
  const inner = word.phones.flatMap(([, start, end]) => [start, end]);
  const within = inner.filter((t) => t > word.start_s && t < word.end_s);
  return [...new Set([word.start_s, ...within, word.end_s])].sort((a, b) => a - b);
}

// Between which times an edge can move: those of the edges beside it
function limitsOf(sentences, edge, duration) {
  let [low, high] = [0, duration];
  for (const { words } of sentences) {
    for (const word of words) {
      for (const [start, end] of [[word.start_s, word.end_s], ...word.phones.map(([, a, b]) => [a, b])]) {
        for (const t of [start, end]) {
          if (t < edge) low = Math.max(low, t + LEAST_S);
          if (t > edge) high = Math.min(high, t - LEAST_S);
        }
      }
    }
  }
  return [Math.min(low, edge), Math.max(high, edge)];
}

// Where a word is split: at the sound's place within, else at the edge of a phone next to its middle
function splitTime(word, heard) {
  const fits = (t) => t >= word.start_s + LEAST_S && t <= word.end_s - LEAST_S;
  if (fits(heard)) return roundTime(heard);
  const middle = (word.start_s + word.end_s) / 2;
  const inner = edgesOf(word).slice(1, -1).filter(fits);
  if (inner.length === 0) return fits(roundTime(middle)) ? roundTime(middle) : null;
  return inner.reduce((best, t) => (Math.abs(t - middle) < Math.abs(best - middle) ? t : best));
}

// What the halves of a word are called, until the user says: apart at a blank, else by their lengths
function splitLabel(label, share) {
  const blank = label.indexOf(" ");
  if (blank > 0) return [label.slice(0, blank), label.slice(blank + 1)];
  const letters = [...new Intl.Segmenter().segment(label)].map(({ segment }) => segment);
  if (letters.length < 2) return [label, label];
  const at = Math.min(Math.max(Math.round(share * letters.length), 1), letters.length - 1);
  return [letters.slice(0, at).join(""), letters.slice(at).join("")];
}

// Where a word can be added: in the silence that is heard, or in that after the word, or before it
function placeToAdd(sentences, word, heard, duration) {
  const all = sentences.flatMap(({ words }) => words);
  const i = all.indexOf(word);
  const gapAfter = (k) => [all[k]?.end_s ?? 0, all[k + 1]?.start_s ?? duration];
  const wide = ([start, end]) => end - start >= ROOM_S;
  const holding = [...all.keys(), -1].map(gapAfter).find(([start, end]) => heard > start && heard < end && wide([start, end]));
  const gap = holding ?? [gapAfter(i), gapAfter(i - 1)].find(wide);
  if (!gap) return null;
  const [start, end] = gap;
  const length = Math.min((end - start) / 2, USUAL_S);
  const wanted = holding ? heard : start + (end - start - length) / 2;
  const edge = (end - start - length) / 4; // of silence that stays on both sides
  const first = roundTime(Math.min(Math.max(wanted, start + edge), end - edge - length));
  return [first, roundTime(first + length)];
}

function roundTime(t) { // to 0.1 ms
  return Math.round(t * 1e4) / 1e4;
}
