// What the page holds: JSON, deflated and in base 85, which browsers since 2023 can read.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%.()*+-;,=>?@^_`{|}~";

function decodeBase85(text) {
  const values = new Uint8Array(128);
  [...DIGITS].forEach((digit, value) => { values[digit.charCodeAt(0)] = value; });
  const padded = text + DIGITS[84].repeat((5 - (text.length % 5)) % 5);
  const view = new DataView(new ArrayBuffer((padded.length / 5) * 4));
  for (let i = 0; i < padded.length; i += 5) {
    let sum = 0;
    for (let k = i; k < i + 5; k += 1) sum = 85 * sum + values[padded.charCodeAt(k)];
    view.setUint32((i / 5) * 4, sum);
  }
  return new Uint8Array(view.buffer, 0, Math.floor((text.length * 4) / 5));
}

function decodeBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

async function readData(holder) {
  if (typeof DecompressionStream === "undefined") {
    const notice = document.createElement("p");
    notice.className = "notice";
    notice.textContent = "This browser is too old for this page: it needs Chrome or Edge from 80, Firefox from 113 or Safari from 16.4.";
    document.querySelector("header").after(notice);
    return new Promise(() => {}); // the page stays with the notice
  }
  const deflated = new Blob([decodeBase85(holder.textContent.trim())]).stream();
  holder.remove();
  return new Response(deflated.pipeThrough(new DecompressionStream("deflate"))).json();
}
