// A stretch of the chart on a canvas: words, F0, energy, durations and what each cue adds.

// Draw a stretch of a sentence; `x` places a time, from `t0` to `t1` seconds on the canvas
function drawChart(g, size, stretch, shown) {
  const { sentence, result, contours, ranges, palette, colours, selected } = shown;
  const { boxes } = laneBoxes(size.width);
  const right = size.width;
  const scale = (right - GUTTER) / (stretch.t1 - stretch.t0);
  const x = (t) => GUTTER + (t - stretch.t0) * scale;
  const at = (lane, value) => {
    const [low, high] = ranges[lane];
    return boxes[lane].top + boxes[lane].height * (1 - (value - low) / (high - low));
  };
  const words = sentence.words
    .map((word, i) => ({ ...word, i, left: x(word.start_s), right: x(word.end_s) }))
    .filter((word) => word.right > GUTTER - 40 && word.left < right + 40);
  const text = (size_px, weight = 400) => { g.font = `${weight} ${size_px}px ${palette.font}`; };

  g.clearRect(0, 0, size.width, size.height);
  g.save();
  g.beginPath();
  g.rect(GUTTER, 0, right - GUTTER, size.height);
  g.clip();
  drawBands();
  drawWords();
  drawEnergy();
  drawF0();
  drawDurations();
  drawAdds();
  drawTimes();
  g.restore();
  drawAxes();

  function drawBands() {
    const bottom = boxes.adds.top + boxes.adds.height;
    for (const word of words) {
      if (result.marked.includes(word.i)) {
        g.fillStyle = palette.wash;
        g.fillRect(word.left, boxes.words.top, word.right - word.left, bottom);
      }
      if (word.i === selected) {
        g.strokeStyle = palette.accent;
        g.lineWidth = 1.5;
        g.strokeRect(word.left + 0.75, 0.75, word.right - word.left - 1.5, bottom - 1.5);
      }
    }
    g.strokeStyle = palette.line;
    g.lineWidth = 1;
    for (const edge of new Set(words.flatMap((word) => [Math.round(word.left), Math.round(word.right)]))) {
      g.beginPath();
      g.moveTo(edge + 0.5, boxes.words.top + 4);
      g.lineTo(edge + 0.5, bottom);
      g.stroke();
    }
    for (const lane of ["f0", "energy", "duration"]) {
      const y = Math.round(boxes[lane].top + boxes[lane].height) + 0.5;
      g.beginPath();
      g.moveTo(GUTTER, y);
      g.lineTo(right, y);
      g.stroke();
    }
  }

  function drawWords() {
    g.textAlign = "center";
    g.textBaseline = "middle";
    const y = boxes.words.top + boxes.words.height / 2;
    for (const word of words) {
      const marked = result.marked.includes(word.i);
      g.fillStyle = marked ? palette.accent : palette.ink;
      const room = word.right - word.left - 4;
      for (const size_px of [13, 11, 9]) {
        text(size_px, marked ? 700 : 400);
        if (g.measureText(word.word).width <= room) break;
      }
      g.fillText(shorten(word.word, room), (word.left + word.right) / 2, y);
    }
    const [from, to] = result.segment.map((i) => sentence.words[i]);
    g.fillStyle = palette.ink;
    g.fillRect(x(from.start_s), boxes.words.top + boxes.words.height - 2, x(to.end_s) - x(from.start_s), 2);
  }

  function shorten(label, room) {
    if (g.measureText(label).width <= room) return label;
    const letters = [...label];
    while (letters.length > 1 && g.measureText(`${letters.join("")}…`).width > room) letters.pop();
    return g.measureText(letters[0]).width > room ? "" : `${letters.join("")}…`;
  }

  function drawF0() {
    g.strokeStyle = palette.pitch;
    g.fillStyle = palette.pitch;
    g.lineWidth = 1.6;
    g.lineJoin = "round";
    const [first, stop] = framesOf(stretch.t0, stretch.t1, contours);
    const dots = scale * contours.period > 0.45;
    g.beginPath();
    let before = false;
    for (let k = first; k < stop; k += 1) {
      const f0 = contours.f0[k];
      if (f0 > 0) {
        const [px, py] = [x(k * contours.period), at("f0", Math.log(f0))];
        if (before) g.lineTo(px, py);
        else g.moveTo(px, py);
        if (dots) g.fillRect(px - 1, py - 1, 2, 2);
      }
      before = f0 > 0;
    }
    g.stroke();
    if (!ranges.voiced) {
      text(12);
      g.fillStyle = palette.muted;
      g.textAlign = "center";
      g.fillText("no voiced frame", (GUTTER + right) / 2, boxes.f0.top + boxes.f0.height / 2);
    }
    if (!("pitch" in result.weights)) return;
    for (const word of words) { // the highest F0, which the paper's cue of pitch measures
      const value = sentence.values.pitch[word.i];
      if (!Number.isFinite(value)) continue;
      const [from, to] = framesOf(word.start_s, word.end_s, contours);
      let best = from;
      for (let k = from; k < to; k += 1) if (contours.f0[k] > contours.f0[best]) best = k;
      g.beginPath();
      g.arc(x(best * contours.period), at("f0", value), 3.6, 0, 2 * Math.PI);
      g.fillStyle = palette.paper;
      g.fill();
      g.stroke();
    }
  }

  function drawEnergy() {
    const [first, stop] = framesOf(stretch.t0, stretch.t1, contours);
    const bottom = boxes.energy.top + boxes.energy.height;
    g.beginPath();
    g.moveTo(x(first * contours.period), bottom);
    for (let k = first; k < stop; k += 1) g.lineTo(x(k * contours.period), at("energy", contours.energy[k]));
    g.lineTo(x((stop - 1) * contours.period), bottom);
    g.fillStyle = palette.energy;
    g.globalAlpha = 0.22;
    g.fill();
    g.globalAlpha = 1;
    g.beginPath();
    for (let k = first; k < stop; k += 1) {
      const [px, py] = [x(k * contours.period), at("energy", contours.energy[k])];
      if (k === first) g.moveTo(px, py);
      else g.lineTo(px, py);
    }
    g.strokeStyle = palette.energy;
    g.lineWidth = 1.1;
    g.stroke();
    if (!("energy" in result.weights)) return;
    g.lineWidth = 2.2;
    for (const word of words) { // the mean, which the paper's cue of energy measures
      const value = sentence.values.energy[word.i];
      if (Number.isFinite(value)) drawLevel(word.left + 1, word.right - 1, at("energy", value));
    }
  }

  function drawLevel(from, to, y) {
    g.beginPath();
    g.moveTo(from, y);
    g.lineTo(to, y);
    g.stroke();
  }

  function drawDurations() {
    const bottom = boxes.duration.top + boxes.duration.height;
    for (const word of words) {
      const value = sentence.values.duration[word.i];
      if (Number.isFinite(value)) {
        const top = at("duration", value);
        g.fillStyle = palette.duration;
        g.globalAlpha = 0.22;
        g.fillRect(word.left + 1, top, word.right - word.left - 2, bottom - top);
        g.globalAlpha = 1;
        g.strokeStyle = palette.duration;
        g.lineWidth = 2.2;
        drawLevel(word.left + 1, word.right - 1, top);
        text(10);
        const label = `${Math.round(1000 * value)}`;
        if (g.measureText(label).width < word.right - word.left - 4) {
          g.fillStyle = palette.ink;
          g.textAlign = "center";
          g.fillText(label, (word.left + word.right) / 2, top - 8);
        }
      }
      g.lineWidth = 1;
      g.strokeStyle = palette.duration;
      g.fillStyle = palette.muted;
      text(10);
      for (const [label, start, end] of word.phones) {
        const [left, stop] = [x(start), x(end)];
        g.beginPath();
        g.moveTo(Math.round(stop) + 0.5, bottom - 14);
        g.lineTo(Math.round(stop) + 0.5, bottom);
        g.stroke();
        if (g.measureText(label).width < stop - left - 1) {
          g.textAlign = "center";
          g.fillText(label, (left + stop) / 2, bottom - 7);
        }
      }
    }
  }

  function drawAdds() {
    const { parts, base, sums } = shownParts(result);
    for (const word of words) {
      const width = Math.max((word.right - word.left) * 0.72, 3);
      const left = (word.left + word.right) / 2 - width / 2;
      let [above, below] = [base, base];
      for (const [name, part] of Object.entries(parts)) {
        const value = part[word.i];
        if (!value) continue;
        const from = value > 0 ? above : below;
        const [y0, y1] = [at("adds", from), at("adds", from + value)];
        g.fillStyle = colours[name];
        g.fillRect(left, Math.min(y0, y1), width, Math.abs(y1 - y0));
        if (value > 0) above += value;
        else below += value;
      }
      g.strokeStyle = palette.ink;
      g.lineWidth = 2.4;
      drawLevel(left - 3, left + width + 3, at("adds", sums[word.i]));
    }
    g.lineWidth = 1;
    g.strokeStyle = palette.muted;
    drawLevel(GUTTER, right, Math.round(at("adds", base)) + 0.5);
    if (result.threshold === null) return;
    g.setLineDash([3, 3]);
    g.strokeStyle = palette.accent;
    drawLevel(GUTTER, right, Math.round(at("adds", result.threshold)) + 0.5);
    g.setLineDash([]);
  }

  function drawTimes() {
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20].find((s) => s * scale >= 56) ?? 60;
    g.fillStyle = palette.muted;
    g.strokeStyle = palette.muted;
    g.lineWidth = 1;
    g.textAlign = "center";
    g.textBaseline = "top";
    text(11);
    for (let n = Math.ceil(stretch.t0 / step); n * step <= stretch.t1; n += 1) {
      const px = Math.round(x(n * step)) + 0.5;
      g.beginPath();
      g.moveTo(px, boxes.axis.top);
      g.lineTo(px, boxes.axis.top + 4);
      g.stroke();
      const label = `${Number((n * step).toFixed(1))} s`;
      const half = g.measureText(label).width / 2 + 1;
      g.fillText(label, Math.min(Math.max(px, GUTTER + half), right - half), boxes.axis.top + 7);
    }
    g.textBaseline = "middle";
  }

  function drawAxes() {
    text(11);
    g.textBaseline = "middle";
    const name = (lane, label, unit) => {
      g.textAlign = "left";
      g.fillStyle = palette.ink;
      g.fillText(label, 0, boxes[lane].top + 8);
      g.fillStyle = palette.muted;
      g.fillText(unit, 0, boxes[lane].top + 22);
    };
    name("f0", "F0", "Hz");
    name("energy", "Energy", "");
    name("duration", "Length", "ms");
    name("adds", result.decision ? "Log-odds" : "Score", result.decision ? "" : "w · z");
    g.textAlign = "right";
    g.fillStyle = palette.muted;
    const tick = (lane, value, label) => {
      const y = at(lane, value);
      if (y < boxes[lane].top + 30 || y > boxes[lane].top + boxes[lane].height - 4) return;
      g.fillText(label, GUTTER - 6, y);
    };
    for (const hz of HZ_TICKS) tick("f0", Math.log(hz), String(hz));
    const [low, high] = ranges.adds;
    const step = [0.5, 1, 2, 5, 10, 20, 50, 100].find((s) => (high - low) / s <= 6) ?? (high - low) / 4;
    for (let n = Math.ceil(low / step); n * step <= high; n += 1) tick("adds", n * step, signed(n * step, step < 1 ? 1 : 0));
  }
}
