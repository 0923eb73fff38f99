// In the thread of the sound: hands on the samples of the first channel.

registerProcessor("lemf-recorder", class extends AudioWorkletProcessor {
  process([input]) {
    if (input.length) this.port.postMessage(input[0].slice());
    return true;
  }
});
