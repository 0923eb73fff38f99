// What the chart draws with: contours, colours, and the ranges of its lanes.

const GUTTER = 52; // of the axis labels, px
const EDGE_S = 0.06; // shown before and after the sentence
const HZ_TICKS = [50, 75, 100, 150, 200, 300, 400, 600, 800, 1200];
const SHADES = [0.95, 0.3]; // of the cues of a kind, from the first to the last

function addUp(differences) {
  let sum = 0;
  return Float64Array.from(differences, (x) => (sum += x));
}

function unpackContours({ period_s, steps_per_hz, energy_steps, loudest, f0, energy }) {
  return {
    period: period_s,
    f0: addUp(f0).map((x) => x / steps_per_hz),
    energy: addUp(energy).map((x) => (x / energy_steps) ** 2 * loudest),
  };
}

// Labels and starts of phones and of gaps, which have no label, and the last end -> [label, start, end]
function unpackPhones(packed) {
  const phones = [];
  for (let i = 0; i + 2 < packed.length; i += 2) {
    if (packed[i] !== "") phones.push([packed[i], packed[i + 1], packed[i + 3] ?? packed[i + 2]]);
  }
  return phones;
}

function readPalette(element) {
  const style = getComputedStyle(element);
  const names = ["ink", "muted", "line", "paper", "accent", "wash", "pitch", "energy", "duration", "other", "pitch-far", "energy-far", "duration-far", "other-far"];
  const palette = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  palette.font = style.fontFamily;
  return palette;
}

const KINDS = { Blues: "pitch", Oranges: "energy", Greens: "duration", Greys: "other" };

function mix(from, to, share) {
  const parse = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const [a, b] = [parse(from), parse(to)];
  return `rgb(${a.map((x, i) => Math.round(x * share + b[i] * (1 - share))).join(" ")})`;
}

// A colour per kind of cue, a shade per cue
function cueColours(names, cues, palette) {
  const colours = {};
  for (const kind of new Set(names.map((name) => KINDS[cues[name].kind]))) {
    const own = names.filter((name) => KINDS[cues[name].kind] === kind);
    own.forEach((name, i) => {
      const share = own.length === 1 ? SHADES[0] : SHADES[0] + ((SHADES[1] - SHADES[0]) * i) / (own.length - 1);
      colours[name] = mix(palette[kind], palette[`${kind}-far`], share);
    });
  }
  return colours;
}

function framesOf(start, end, contours) {
  const first = Math.max(Math.ceil(start / contours.period - 1e-3), 0);
  return [first, Math.min(Math.ceil(end / contours.period - 1e-3), contours.f0.length)];
}

// The ranges of the lanes over a whole sentence, so that they stay while it scrolls
function measureLanes(sentence, result, contours) {
  const [first, stop] = framesOf(sentence.start - EDGE_S, sentence.end + EDGE_S, contours);
  let [low, high, loudest] = [Infinity, -Infinity, 0];
  for (let k = first; k < stop; k += 1) {
    const f0 = contours.f0[k];
    if (f0 > 0) [low, high] = [Math.min(low, f0), Math.max(high, f0)];
    loudest = Math.max(loudest, contours.energy[k]);
  }
  const voiced = high > 0;
  const room = voiced ? Math.max(Math.log(high / low), 0.1) : 1;
  const durations = sentence.values.duration.filter(Number.isFinite);
  const { parts, base } = shownParts(result);
  let [least, most] = [base, base];
  sentence.words.forEach((_, i) => {
    let [below, above] = [base, base];
    for (const part of Object.values(parts)) {
      if (part[i] > 0) above += part[i];
      else below += part[i];
    }
    [least, most] = [Math.min(least, below), Math.max(most, above)];
  });
  if (result.threshold !== null) [least, most] = [Math.min(least, result.threshold), Math.max(most, result.threshold)];
  const pad = 0.06 * (most - least || 1);
  return {
    voiced,
    f0: voiced ? [Math.log(low) - 0.15 * room, Math.log(high) + 0.2 * room] : [4, 6],
    energy: [0, loudest * 1.12 || 1],
    duration: [0, Math.max(...durations, 0.001) * 1.3],
    adds: [least - pad, most + pad],
  };
}

// What the lane of cues stacks: what each adds to the score, or to the log-odds where decided
function shownParts(result) {
  if (result.decision) return { parts: result.decision.parts, base: result.decision.base, sums: result.decision.logOdds };
  return { parts: result.parts, base: 0, sums: result.scores };
}

function laneBoxes(width) {
  const small = width < 560;
  const heights = { words: 30, f0: small ? 130 : 170, energy: small ? 64 : 80, duration: small ? 64 : 76, adds: small ? 120 : 150 };
  const boxes = {};
  let top = 0;
  for (const [name, height] of Object.entries(heights)) {
    boxes[name] = { top, height };
    top += height + 14;
  }
  boxes.axis = { top: top - 8, height: 26 };
  return { boxes, height: top + 20 };
}
