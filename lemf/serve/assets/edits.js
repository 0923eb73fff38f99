// What was corrected: edges that were moved and words that were changed, by their times in the file.

const LEAST_S = 0.001; // between two edges

function makeEdits() {
  return { moves: [], labels: [] }; // pairs: time in the file, new time; start in the file, new word
}

function inFile(edits, time) {
  return edits.moves.find(([, now]) => now === time)?.[0] ?? time;
}

function withMove(edits, from, to) {
  const origin = inFile(edits, from);
  const others = edits.moves.filter(([place]) => place !== origin);
  return { ...edits, moves: origin === to ? others : [...others, [origin, to]] };
}

function withLabel(edits, start, label) {
  const origin = inFile(edits, start);
  return { ...edits, labels: [...edits.labels.filter(([place]) => place !== origin), [origin, label]] };
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

function roundTime(t) { // to 0.1 ms
  return Math.round(t * 1e4) / 1e4;
}
