// The sound: decoded once from the page, or at an address; played as a whole or from one place to another.

function makePlayer(audio, holder, address, onTick, onChange) {
  const encoded = holder.textContent.trim();
  const player = { has: encoded.length > 0 || address !== undefined, stop: Infinity, start: 0, loop: false };
  if (address !== undefined) {
    audio.src = address;
  } else if (player.has) {
    audio.src = URL.createObjectURL(new Blob([decodeBase64(encoded)], { type: holder.dataset.type }));
  }
  holder.remove();

  function check() {
    if (audio.paused || audio.currentTime < player.stop) return;
    if (player.loop) {
      audio.currentTime = player.start;
    } else {
      audio.pause();
      audio.currentTime = player.stop;
    }
  }

  function tick() {
    check();
    onTick(audio.currentTime);
    if (!audio.paused) requestAnimationFrame(tick);
  }

  player.now = () => audio.currentTime;
  player.playing = () => !audio.paused;
  player.seek = (time) => {
    if (!player.has) return;
    player.stop = Infinity;
    audio.currentTime = time;
    onTick(time);
  };
  player.play = (start, stop) => {
    if (!player.has) return;
    player.start = start;
    player.stop = stop;
    audio.currentTime = start;
    audio.play().catch(() => {});
  };
  player.toggle = () => {
    if (!player.has) return;
    if (!audio.paused) {
      audio.pause();
      return;
    }
    player.stop = Infinity;
    audio.play().catch(() => {});
  };
  player.speed = (factor) => { audio.playbackRate = factor; };
  audio.addEventListener("timeupdate", check); // where no frame is drawn, such as in a hidden tab
  audio.addEventListener("play", () => { onChange(); requestAnimationFrame(tick); });
  audio.addEventListener("pause", () => { onChange(); onTick(audio.currentTime); });
  audio.addEventListener("seeked", () => onTick(audio.currentTime));
  return player;
}
