// Equations 1 and 2, the ranks, the segment and the decision: the steps of lemf.scoring, on arrays.
// A value that could not be measured is NaN.

const CONSTANT = 1e-9; // spread relative to the size of the values, up to which it is rounding
const NOISE = 1e-12; // scores that cancel to less are all equal
const FEWEST_WORDS = 5; // of a sentence whose accents are decided without a flag
const SAME_WEIGHT = 1e-6;

function moments(values) {
  const f = values.filter(Number.isFinite);
  const mean = f.reduce((sum, x) => sum + x, 0) / f.length;
  const variance = f.reduce((sum, x) => sum + (x - mean) ** 2, 0) / f.length;
  return { n: f.length, mean, deviation: Math.sqrt(variance) };
}

function isConstant(values) {
  const { n, deviation } = moments(values);
  if (n < 2) return true;
  const largest = values.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  return deviation <= CONSTANT * largest;
}

// Equation 1 over the words of one sentence
function zscore(values) {
  if (isConstant(values)) return values.map(() => 0);
  const { mean, deviation } = moments(values);
  return values.map((x) => (Number.isFinite(x) ? (x - mean) / deviation : 0));
}

// Equation 1 over the words of the recording
function zscoreAgainst(values, { mean, deviation }) {
  if (!(deviation > CONSTANT * Math.abs(mean))) return values.map(() => 0);
  return values.map((x) => (Number.isFinite(x) ? (x - mean) / deviation : 0));
}

function roundHalfEven(x) {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

function rounded(scores) {
  const largest = scores.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return scores.map((x) => (largest > NOISE ? roundHalfEven((x / largest) * 1e9) / 1e9 : 0));
}

// 1 for the highest; ties go to the earlier word
function rankWords(scores) {
  const keys = rounded(scores);
  const order = keys.map((_, i) => i).sort((a, b) => keys[b] - keys[a] || a - b);
  const ranks = new Array(scores.length);
  order.forEach((word, place) => { ranks[word] = place + 1; });
  return ranks;
}

function isFlat(scores) {
  const keys = rounded(scores);
  return keys.every((x) => x === keys[0]);
}

// Score a sentence: values and weights by cue; norms by cue, or null for those of the sentence
function scoreSentence(values, weights, norms) {
  const names = Object.keys(weights);
  const z = {};
  const parts = {};
  for (const name of names) {
    z[name] = norms ? zscoreAgainst(values[name], norms[name]) : zscore(values[name]);
    parts[name] = z[name].map((x) => weights[name] * x);
  }
  const count = values[names[0]].length;
  const scores = Array.from({ length: count }, (_, i) => names.reduce((sum, name) => sum + parts[name][i], 0));
  const ranks = rankWords(scores);
  const top = ranks.indexOf(1);
  return { z, parts, scores, ranks, top, segment: [Math.max(top - 1, 0), Math.min(top + 1, count - 1)] };
}

// Why a decision does not belong to these scores; empty if it does
function misfit(model, cues, weights, normalise) {
  if (model.cues !== cues) return `fitted to the cue set ${model.cues}`;
  for (const [name, weight] of Object.entries(weights)) {
    const fitted = model.weights[name];
    const room = Math.max(SAME_WEIGHT * Math.max(Math.abs(fitted), Math.abs(weight)), 1e-9);
    if (!(Math.abs(weight - fitted) <= room)) return "fitted to other weights";
  }
  return model.normalise === normalise ? "" : `fitted to cues standardised over the ${model.normalise}`;
}

// logit P of every word, and what each part adds to it; `base` is what the intercept adds
function decideWords(scored, values, model, threshold) {
  let base = model.intercept;
  for (const [cue, coefficient] of Object.entries(model.absolute)) base += coefficient * (model.means[cue] ?? 0);
  const parts = {};
  for (const [cue, added] of Object.entries(scored.parts)) parts[cue] = added.map((x) => model.slope * x);
  for (const [cue, coefficient] of Object.entries(model.absolute)) {
    const mean = model.means[cue] ?? 0;
    const floor = model.floors[cue] ?? -Infinity;
    const own = values[cue].map((x) => coefficient * ((Number.isNaN(x) ? model.floors[cue] ?? mean : Math.max(x, floor)) - mean));
    parts[cue] = parts[cue] ? parts[cue].map((x, i) => x + own[i]) : own;
  }
  const logOdds = scored.scores.map((_, i) => Object.values(parts).reduce((sum, part) => sum + part[i], base));
  const p = logOdds.map((x) => {
    const smaller = Math.exp(-Math.abs(x));
    return (x >= 0 ? 1 : smaller) / (1 + smaller);
  });
  return { base, parts, logOdds, p, emphasised: p.map((x) => x >= threshold) };
}
