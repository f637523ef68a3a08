// Loaded before Mem0's command line: each of its commands stays for five seconds after its work is done, since the timer
// that limits its first request is never cleared. With this, that timer does not keep the process.
const start = globalThis.setTimeout;
globalThis.setTimeout = (callback, delay, ...rest) => {
  const timer = start(callback, delay, ...rest);
  return delay === 5000 ? timer.unref() : timer;
};
