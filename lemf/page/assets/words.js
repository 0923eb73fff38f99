// The sentence: every word a button, set in weight and size by its score.

const LIGHTEST = 350;
const HEAVIEST = 850;
const MANY = 40; // words, which are set smaller
const LARGEST = 0.95; // added to the size of the word with the highest score, em

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function signed(x, digits = 2) {
  const text = Math.abs(x).toFixed(digits);
  if (Number(text) === 0) return text;
  return (x < 0 ? "−" : "+") + text;
}

function describe(word, i, result) {
  const says = [word.word, `rank ${result.ranks[i]}`, `score ${signed(result.scores[i])}`];
  if (result.decision) says.push(`P ${result.decision.p[i].toFixed(2)}`);
  if (result.marked.includes(i)) says.push("emphasised");
  if (i >= result.segment[0] && i <= result.segment[1]) says.push("in the segment");
  if (result.doubts[i].length) says.push(`doubtful: ${result.doubts[i].join(", ")}`);
  return says.join(", ");
}

function makeWords(holder, onSelect, onPlay) {
  let buttons = [];
  let current = -1;
  let selected = 0;

  function build(sentence) {
    holder.replaceChildren();
    buttons = sentence.words.map((word, i) => {
      const button = make("button", { type: "button", class: "word", dir: "auto", "data-index": i });
      button.append(make("span", { class: "label", text: word.word }), make("sub", { "aria-hidden": "true" }));
      holder.append(button, " ");
      return button;
    });
    holder.dir = "auto";
    holder.classList.toggle("many", sentence.words.length > MANY);
    current = -1;
  }

  function style(sentence, result) {
    const lowest = Math.min(...result.scores.slice(0, 60000));
    const spread = Math.max(...result.scores.slice(0, 60000)) - lowest;
    buttons.forEach((button, i) => {
      const strength = spread > 0 ? (result.scores[i] - lowest) / spread : 0.35;
      button.style.fontSize = `${(1 + LARGEST * strength ** 1.5).toFixed(3)}em`;
      button.style.fontWeight = String(Math.round(LIGHTEST + (HEAVIEST - LIGHTEST) * strength));
      const inside = i >= result.segment[0] && i <= result.segment[1];
      button.classList.toggle("faint", strength < 0.34 && !inside);
      button.classList.toggle("segment", inside);
      button.classList.toggle("first", i === result.segment[0]);
      button.classList.toggle("last", i === result.segment[1]);
      button.classList.toggle("marked", result.marked.includes(i));
      button.classList.toggle("doubtful", result.doubts[i].length > 0);
      button.lastChild.textContent = result.ranks[i] + (result.doubts[i].length ? "?" : "");
      button.setAttribute("aria-label", describe(sentence.words[i], i, result));
      button.title = `${i + 1}: ${signed(result.scores[i])}`;
    });
  }

  function select(i, focus) {
    buttons[selected]?.classList.remove("selected");
    selected = i;
    buttons.forEach((button, k) => { button.tabIndex = k === i ? 0 : -1; });
    buttons.forEach((button, k) => { button.setAttribute("aria-pressed", String(k === i)); });
    buttons[i].classList.add("selected");
    reveal(buttons[i]);
    if (focus) buttons[i].focus();
  }

  // Scroll the words alone, not the page
  function reveal(button) {
    const [box, room] = [button.getBoundingClientRect(), holder.getBoundingClientRect()];
    if (box.top < room.top || box.bottom > room.bottom) holder.scrollTop += box.top - room.top - room.height / 3;
  }

  function light(i) {
    if (i === current) return;
    buttons[current]?.classList.remove("now");
    current = i;
    if (i < 0) return;
    buttons[i].classList.add("now");
    reveal(buttons[i]);
  }

  holder.addEventListener("click", (event) => {
    const button = event.target.closest(".word");
    if (!button) return;
    onSelect(Number(button.dataset.index));
    onPlay();
  });
  holder.addEventListener("keydown", (event) => {
    const right = getComputedStyle(holder).direction === "rtl" ? -1 : 1;
    const steps = { ArrowRight: right, ArrowLeft: -right, ArrowDown: 1, ArrowUp: -1 };
    let to = selected + (steps[event.key] ?? 0);
    if (event.key === "Home") to = 0;
    else if (event.key === "End") to = buttons.length - 1;
    else if (!(event.key in steps)) return;
    event.preventDefault();
    onSelect(Math.min(Math.max(to, 0), buttons.length - 1), true);
  });
  return { build, style, select, light };
}
