// The edges of the chosen word as handles on the chart, for mouse, finger and keys.

const STEP_S = 0.005;
const FINE_S = 0.001;
const FAR_S = 0.02;

function makeHandles(room, chart, limits, onMove, onEnd) {
  let handles = [];

  function show(word, active) {
    const edges = edgesOf(word);
    while (handles.length > edges.length) handles.pop().remove();
    while (handles.length < edges.length) handles.push(build());
    handles.forEach((handle, k) => {
      handle.dataset.time = String(edges[k]);
      handle.classList.toggle("inner", k > 0 && k < edges.length - 1);
      const [low, high] = limits(edges[k]);
      const side = k === 0 ? "Start" : k === edges.length - 1 ? "End" : "Phone edge";
      handle.setAttribute("aria-label", `${side} of ${word.word}`);
      handle.setAttribute("aria-valuemin", String(low));
      handle.setAttribute("aria-valuemax", String(high));
      handle.setAttribute("aria-valuenow", String(edges[k]));
      handle.setAttribute("aria-valuetext", `${edges[k].toFixed(3)} s`);
    });
    place();
    if (active !== undefined) handles[edges.indexOf(active)]?.focus();
  }

  function build() {
    const handle = make("div", { class: "handle", role: "slider", tabindex: 0, "aria-orientation": "horizontal" });
    handle.addEventListener("keydown", onKey);
    handle.addEventListener("pointerdown", onDown);
    handle.addEventListener("keyup", () => { if (handle.dataset.moved) { delete handle.dataset.moved; onEnd(); } });
    handle.addEventListener("blur", () => { if (handle.dataset.moved) { delete handle.dataset.moved; onEnd(); } });
    room.append(handle);
    return handle;
  }

  function place() {
    const { top, height } = chart.box("duration");
    for (const handle of handles) {
      const px = chart.place(Number(handle.dataset.time));
      handle.style.transform = `translateX(${px}px)`;
      handle.classList.toggle("covered", chart.hides(px));
      const inner = handle.classList.contains("inner");
      handle.style.top = inner ? `${top}px` : "0";
      handle.style.height = `${inner ? height : top + height}px`;
    }
  }

  function moveTo(handle, target) {
    const from = Number(handle.dataset.time);
    const [low, high] = limits(from);
    const to = Math.min(Math.max(roundTime(target), low), high);
    if (to === from) return;
    onMove(from, to);
  }

  function onKey(event) {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -1, PageUp: 1 };
    const now = Number(event.target.dataset.time);
    let target;
    if (event.key in steps) {
      const size = event.key.startsWith("Page") ? FAR_S : event.shiftKey ? FINE_S : STEP_S;
      target = now + steps[event.key] * size;
    } else if (event.key === "Home" || event.key === "End") {
      target = limits(now)[event.key === "Home" ? 0 : 1];
    } else return;
    event.preventDefault();
    event.stopPropagation();
    event.target.dataset.moved = "1";
    moveTo(event.target, target);
  }

  function onDown(event) {
    if (event.button !== 0) return;
    const handle = event.currentTarget;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const offset = event.clientX - chart.place(Number(handle.dataset.time));
    const drag = (moved) => moveTo(handle, chart.timeAt(moved.clientX - offset));
    const end = () => {
      handle.removeEventListener("pointermove", drag);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      onEnd();
    };
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  }

  return { show, place };
}
