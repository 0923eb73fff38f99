// Cue set, weights and decision: what changes them, and how they read on the command line.

const MOST = 1e6; // the largest weight that lemf takes

// What is typed, with a decimal point or comma; NaN for what is no plain number
function readNumber(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

function makeWeights(parts, data, state, onChange) {
  const { sets, weights, decide, threshold, reset, fault } = parts;

  for (const name of Object.keys(data.sets)) {
    const input = make("input", { type: "radio", name: "cue-set", value: name, id: `set-${name}` });
    input.addEventListener("change", () => choose(name));
    sets.append(make("label", { class: "chip" }, input, make("span", { text: name })));
  }
  for (const [key, model] of Object.entries(data.models)) {
    decide.append(make("option", { value: key, text: key === "file" ? `${model.decision} (file)` : key }));
  }
  decide.append(make("option", { value: "off", text: "nothing" }));
  decide.addEventListener("change", () => { state.decide = decide.value; onChange(); });
  threshold.addEventListener("input", () => {
    const value = readNumber(threshold.value);
    const fine = value > 0 && value < 1;
    judge(threshold, fine, () => `P: write a number above 0 and below 1; ${state.threshold} stays`);
    if (fine) { state.threshold = value; onChange(); }
  });
  threshold.addEventListener("change", () => restore(threshold, state.threshold));
  reset.addEventListener("click", () => {
    Object.assign(state, structuredClone(data.start));
    build();
    onChange();
  });

  // Say what is wrong with what is typed; when the field is left, it shows what was read, or stays
  function judge(box, fine, say) {
    box.setAttribute("aria-invalid", String(!fine));
    fault.textContent = fine ? "" : say();
  }

  function restore(box, value) {
    box.value = String(value);
    box.setAttribute("aria-invalid", "false");
  }

  function choose(name) {
    state.cues = name;
    state.weights = { ...data.sets[name].weights };
    state.decide = name === "listeners" ? "emphasis" : "off";
    build();
    onChange();
  }

  function set(name, value) {
    if (!(Math.abs(value) <= MOST)) return false;
    state.weights[name] = value;
    onChange();
    return true;
  }

  function build() {
    sets.querySelector(`#set-${state.cues}`).checked = true;
    fault.textContent = "";
    threshold.setAttribute("aria-invalid", "false");
    threshold.value = String(state.threshold);
    weights.replaceChildren(...Object.entries(state.weights).map(([name, value]) => {
      const label = make("label", { for: `weight-${name}`, text: shownName(name) });
      const slider = make("input", { type: "range", min: -1, max: 3, step: 0.1, "aria-label": `${shownName(name)}, slider` });
      const box = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", id: `weight-${name}` });
      slider.value = String(value);
      box.value = String(value);
      slider.addEventListener("input", () => { box.value = slider.value; set(name, slider.valueAsNumber); });
      box.addEventListener("input", () => {
        const fine = set(name, readNumber(box.value));
        judge(box, fine, () => `${shownName(name)}: write a number from −1,000,000 to 1,000,000; ${state.weights[name]} stays`);
        if (fine) slider.value = String(state.weights[name]);
      });
      box.addEventListener("change", () => restore(box, state.weights[name]));
      return make("div", { class: "weight" }, label, slider, box);
    }));
  }

  // Show which decisions belong to these scores; return the one that is made, or null
  function effective() {
    let note = "";
    let made = null;
    for (const option of decide.options) {
      const model = data.models[option.value];
      const why = model ? misfit(model, state.cues, state.weights, data.settings.normalise) : "";
      option.disabled = why !== "";
      if (option.value !== state.decide) continue;
      if (why) note = `No decision: ${option.textContent} is ${why}.`;
      else made = model ?? null;
    }
    decide.value = made ? state.decide : "off";
    threshold.disabled = made === null;
    return { model: made, note };
  }

  function command() {
    const { given, options, decide: file } = data.command;
    const words = [given, `--cues ${state.cues}`];
    const changed = Object.entries(state.weights).filter(([name, value]) => value !== data.sets[state.cues].weights[name]);
    if (changed.length) words.push(`--weights ${changed.map(([name, value]) => `${name}=${value}`).join(",")}`);
    const usual = state.cues === "listeners" && !changed.length ? "emphasis" : "off";
    if (decide.value !== usual) words.push(`--decide ${decide.value === "file" ? file : decide.value}`);
    if (decide.value !== "off" && state.threshold !== 0.5) words.push(`--threshold ${state.threshold}`);
    if (options) words.push(options);
    return words.join(" ");
  }

  return { build, effective, command };
}
