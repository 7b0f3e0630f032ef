/** Watches for Ctrl-C, a terminal that closes, and a request to end. */
export interface Interrupt {
  /** How it was interrupted, if it was. */
  readonly by?: string;
  /** Fires when the running command has to stop. */
  readonly signal: AbortSignal;
  /** To be called when the command says that it is stopping: it has got the terminal's Ctrl-C itself. */
  isStopping(): void;
  /** From here on, only another interruption counts: for cleaning up. */
  reset(): void;
}

/** npm passes on the Ctrl-C that the terminal has already sent. */
const SAME_MILLISECONDS = 1000;

/**
 * @param graceMilliseconds how long to wait for the command to stop by itself: the terminal's Ctrl-C reaches it, too,
 *   and a second one would make the Pulumi CLI drop what it is doing
 */
export function watchForInterrupt(graceMilliseconds: number, onInterrupt: (by: string) => void): Interrupt {
  let controller = new AbortController();
  let by: string | undefined;
  let last = 0;
  let timer: NodeJS.Timeout | undefined;
  let isTold = false;
  const stop = (name: string) => {
    if (Date.now() - last < SAME_MILLISECONDS) return;
    last = Date.now();
    by = name;
    onInterrupt(name);
    const underWay = controller;
    if (isTold) return;
    timer = setTimeout(() => underWay.abort(), graceMilliseconds);
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  // A closed terminal takes no more output.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  return {
    get by() {
      return by;
    },
    get signal() {
      return controller.signal;
    },
    isStopping() {
      isTold = true;
      clearTimeout(timer);
    },
    reset() {
      isTold = false;
      clearTimeout(timer);
      controller = new AbortController();
    },
  };
}
