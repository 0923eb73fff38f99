// The chart in its scrolling room, and in rows for print.

// Pixels a second at which the usual word can be written out
function legibleScale({ words }) {
  const spoken = words.reduce((sum, word) => sum + word.end_s - word.start_s, 0);
  return Math.min(Math.max((44 * words.length) / spoken, 90), 260);
}

// The chart in its scrolling room: only what is in sight is drawn
function makeChart(parts, contours, onPick) {
  const { scroller, room, canvas, playhead } = parts;
  const chart = { shown: null, zoom: 1, t: 0, drawn: () => {} }; // `drawn` is what else moves with the chart
  let scale = 100;

  chart.show = (shown) => {
    const moved = chart.shown?.sentence.index !== shown.sentence.index;
    chart.shown = { ...shown, contours, ranges: measureLanes(shown.sentence, shown.result, contours) };
    if (moved) scroller.scrollLeft = 0;
    chart.draw();
  };
  chart.draw = () => {
    if (!chart.shown) return;
    const { sentence } = chart.shown;
    const width = scroller.clientWidth;
    const { height } = laneBoxes(width);
    const length = sentence.end - sentence.start + 2 * EDGE_S;
    const fitting = (width - GUTTER) / length;
    scale = Math.min(Math.max(fitting, legibleScale(sentence)) * chart.zoom, 4000000 / length); // browsers take no wider element
    room.style.width = `${Math.max(GUTTER + length * scale, width)}px`;
    room.style.height = `${height}px`;
    const dense = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const g = canvas.getContext("2d");
    g.setTransform(dense, 0, 0, dense, 0, 0);
    const t0 = sentence.start - EDGE_S + scroller.scrollLeft / scale;
    drawChart(g, { width, height }, { t0, t1: t0 + (width - GUTTER) / scale }, chart.shown);
    chart.head(chart.t);
    chart.drawn();
  };
  chart.place = (t) => GUTTER + (t - chart.shown.sentence.start + EDGE_S) * scale; // in the room, px
  chart.timeAt = (px) => chart.shown.sentence.start - EDGE_S + (px - GUTTER) / scale;
  chart.box = (lane) => laneBoxes(scroller.clientWidth).boxes[lane];
  chart.hides = (px) => px < scroller.scrollLeft + GUTTER - 2;
  chart.head = (t) => {
    chart.t = t;
    if (!chart.shown) return;
    const { sentence } = chart.shown;
    const px = chart.place(t);
    const hidden = t < sentence.start - EDGE_S || t > sentence.end + EDGE_S || px < scroller.scrollLeft + GUTTER;
    playhead.hidden = hidden;
    if (!hidden) playhead.style.transform = `translateX(${px}px)`;
  };
  chart.follow = (t) => {
    const px = chart.place(t);
    const [left, width] = [scroller.scrollLeft, scroller.clientWidth];
    if (px < left + GUTTER || px > left + width - 24) scroller.scrollLeft = px - GUTTER - 0.12 * width;
  };
  chart.reveal = (word) => {
    const left = GUTTER + (word.start_s - chart.shown.sentence.start) * scale;
    const right = GUTTER + (word.end_s - chart.shown.sentence.start + 2 * EDGE_S) * scale;
    const [from, width] = [scroller.scrollLeft, scroller.clientWidth];
    if (left < from + GUTTER || right > from + width) scroller.scrollLeft = left - GUTTER - 0.3 * (width - GUTTER);
  };
  chart.widen = (factor) => {
    chart.zoom = Math.min(Math.max(chart.zoom * factor, 0.5), 8);
    chart.draw();
  };
  scroller.addEventListener("scroll", () => requestAnimationFrame(chart.draw));
  new ResizeObserver(() => requestAnimationFrame(chart.draw)).observe(scroller);
  canvas.addEventListener("click", (event) => {
    if (event.offsetX >= GUTTER) onPick(chart.timeAt(event.offsetX + scroller.scrollLeft));
  });
  return chart;
}

// For print: the whole sentence in rows
function drawRows(holder, shown, contours, width) {
  const ranges = measureLanes(shown.sentence, shown.result, contours);
  const { height } = laneBoxes(width);
  const [start, end] = [shown.sentence.start - EDGE_S, shown.sentence.end + EDGE_S];
  const count = Math.max(1, Math.ceil((end - start) / 6));
  const span = (end - start) / count;
  holder.replaceChildren(...Array.from({ length: Math.min(count, 40) }, (_, n) => {
    const canvas = document.createElement("canvas");
    canvas.width = 2 * width;
    canvas.height = 2 * height;
    const g = canvas.getContext("2d");
    g.setTransform(2, 0, 0, 2, 0, 0);
    drawChart(g, { width, height }, { t0: start + n * span, t1: start + (n + 1) * span }, { ...shown, contours, ranges, selected: null });
    return canvas;
  }));
}
