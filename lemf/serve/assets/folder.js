// The list of the recordings, and what adds one: dropped, chosen or spoken, with its words.

const $ = (id) => document.getElementById(id);
const data = await readData($("data"));
const AUDIO = /\.(wav|flac|ogg)$/i;
const take = { blocks: [], samples: 0, microphone: null, blob: null };

function list() {
  const wanted = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = data.recordings.filter(({ name }) => wanted.every((part) => name.toLowerCase().includes(part)));
  $("count").textContent = `${found.length} of ${data.recordings.length}`;
  $("list").replaceChildren(...found.slice(0, 500).map(({ id, name, words, corrected }) => {
    const link = make("a", { href: `/recording/${id}`, dir: "auto", text: name });
    const cell = make("td", { dir: "auto" });
    if (corrected) {
      cell.append(corrected);
      if (words) cell.append("; before: ", make("a", { href: `/recording/${id}?words=original`, text: words }));
    } else cell.append(words ?? make("span", { class: "muted", text: "none yet" }));
    return make("tr", null, make("th", { scope: "row" }, link), cell);
  }));
  if (found.length > 500) $("list").append(make("tr", null, make("td", { colspan: 2, class: "muted", text: "and others: search for them" })));
}

// Files: recordings first, so that their words find them
async function send(files) {
  $("fault").textContent = "";
  const sorted = [...files].sort((a, b) => Number(AUDIO.test(b.name)) - Number(AUDIO.test(a.name)));
  const unused = [];
  let opened = null;
  let done = 0;
  for (const file of sorted) {
    $("done").textContent = `Sending ${file.name} …`;
    try {
      if (AUDIO.test(file.name) && file.size > data.largest) throw new Error(`${file.name}: ${Math.round(file.size / 1e6)} MB; a file that is sent has at most ${Math.round(data.largest / 1e6)} MB: copy it into the folder instead`);
      const answer = await (await ask(`/upload?name=${encodeURIComponent(file.name)}`, file)).json();
      opened ??= answer.id;
      if (answer.unused) unused.push(answer.unused);
      done += 1;
    } catch (error) {
      $("fault").textContent = error.message;
      $("done").textContent = done ? "The other files are in the folder; load the page again to see them." : "";
      return;
    }
  }
  if (unused.length > 0) { // said before the page goes on
    $("fault").textContent = unused.join(". ");
    $("done").replaceChildren(make("a", { href: opened ? `/recording/${opened}` : "/", text: opened ? "To the recording" : "Show the list again" }));
    return;
  }
  location.assign(opened ? `/recording/${opened}` : "/");
}

// The microphone
async function record() {
  if (take.microphone) {
    stop();
    return;
  }
  $("fault").textContent = "";
  Object.assign(take, { blocks: [], samples: 0, blob: null });
  $("take").hidden = true;
  try {
    take.microphone = await openMicrophone(hear);
  } catch (error) {
    $("fault").textContent = `The microphone cannot be opened: ${error.message}`;
    return;
  }
  $("record").textContent = "Stop";
  $("meter").hidden = false;
}

function hear(block) {
  if (!take.microphone) return;
  take.blocks.push(block);
  take.samples += block.length;
  const seconds = take.samples / take.microphone.rate;
  $("record-clock").textContent = `${seconds.toFixed(1)} s`;
  const loudest = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  $("meter").firstElementChild.style.width = `${Math.min(100, 100 * Math.sqrt(loudest)).toFixed(0)}%`;
  if (seconds >= data.longest_s) stop();
}

function stop() {
  const { rate } = take.microphone;
  take.microphone.close();
  take.microphone = null;
  $("record").textContent = "Record";
  $("meter").hidden = true;
  take.blob = encodeWav(take.blocks, rate);
  take.blocks = [];
  $("take-sound").src = URL.createObjectURL(take.blob);
  const now = new Date();
  const two = (x) => String(x).padStart(2, "0");
  $("take-name").value = `take-${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.wav`;
  $("take").hidden = false;
  $("take-name").focus();
}

function discard() {
  URL.revokeObjectURL($("take-sound").src);
  $("take-sound").removeAttribute("src");
  take.blob = null;
  $("take").hidden = true;
  $("record-clock").textContent = "";
}

// The words
async function alignWords(event) {
  event.preventDefault();
  $("words-fault").textContent = "";
  $("aligning").textContent = "Aligning …";
  $("align").disabled = true;
  try {
    const content = { text: $("text").value, language: $("language").value, force_fit: $("force-fit").checked };
    const done = await (await ask(`/words/${$("words-of").value}`, content)).json();
    location.assign(`/recording/${done.id}`);
  } catch (error) {
    $("words-fault").textContent = error.message;
    $("aligning").textContent = "";
    $("align").disabled = false;
  }
}

function start() {
  $("name").textContent = data.folder;
  const silent = data.recordings.filter(({ words, corrected }) => !words && !corrected);
  $("words-of").append(...silent.map(({ id, name }) => make("option", { value: id, text: name })));
  $("language").append(make("option", { value: "", text: "choose" }), ...data.languages.map(([code, name]) => make("option", { value: code, text: `${name} (${code})` })));
  $("align").disabled = silent.length === 0 || data.languages.length === 0;
  $("aligning").textContent = data.languages.length === 0 ? "Needs pip install 'lemf[align]'." : silent.length === 0 ? "Every recording has words." : "";
  if (data.wanted) {
    $("words-of").value = data.wanted.id;
    $("text").focus();
  }
  list();
  $("search").addEventListener("input", list);
  $("list").addEventListener("click", (event) => { // a long recording is measured before its page comes
    if (event.target.closest("a")) $("opening").textContent = `Opening ${event.target.textContent} …`;
  });
  addEventListener("pageshow", () => { $("opening").textContent = ""; });
  $("files").addEventListener("change", () => send($("files").files));
  $("record").addEventListener("click", record);
  $("take-keep").addEventListener("click", () => send([new File([take.blob], $("take-name").value)]));
  $("take-drop").addEventListener("click", discard);
  $("words-form").addEventListener("submit", alignWords);
  for (const kind of ["dragenter", "dragover"]) {
    addEventListener(kind, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
  }
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").classList.remove("over"); });
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").classList.remove("over");
    send(event.dataTransfer.files);
  });
}

start();
