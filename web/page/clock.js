/** Minutes and seconds left, rounded up: 0:59. */
export const clock = ms => {
  const s = Math.ceil(ms / 1000), h = Math.floor(s / 3600), two = n => String(n).padStart(2, "0");
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
};
