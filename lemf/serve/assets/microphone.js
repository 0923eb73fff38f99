// The microphone, as it is: without echo cancelling, noise suppression or gain control, which change loudness.

async function openMicrophone(onBlock) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  const context = new AudioContext();
  try {
    await context.audioWorklet.addModule("/recorder.js");
    const source = context.createMediaStreamSource(stream);
    const recorder = new AudioWorkletNode(context, "lemf-recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) => onBlock(data);
    source.connect(recorder);
    await context.resume();
  } catch (error) {
    close();
    throw error;
  }
  function close() {
    for (const track of stream.getTracks()) track.stop();
    context.close();
  }
  return { rate: context.sampleRate, close };
}
