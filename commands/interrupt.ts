/** Ctrl-C (SIGINT), a request to stop (SIGTERM) or a closed terminal (SIGHUP). */
export interface Interrupt {
  /** The signal received last, if any. */
  readonly signalName?: string;
  /** Aborts the running command. */
  readonly abortSignal: AbortSignal;
  /** Call this when the command reports that it is stopping: the terminal's Ctrl-C has reached it. */
  commandIsStopping(): void;
  /** Forgets the interruption, so that only a further one stops the cleanup. */
  reset(): void;
}

/** npm forwards the SIGINT that the terminal has already sent to the whole process group. */
const DUPLICATE_MILLISECONDS = 1000;

/**
 * @param graceMilliseconds how long the command has to stop by itself: the terminal's Ctrl-C reaches it, too, and a
 *   second one makes the Pulumi CLI abandon its operations
 */
export function watchForInterrupt(
  graceMilliseconds: number,
  onInterrupt: (signalName: string) => void,
): Interrupt {
  let controller = new AbortController();
  let signalName: string | undefined;
  let lastTime = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  const stop = (name: string) => {
    if (Date.now() - lastTime < DUPLICATE_MILLISECONDS) return;
    lastTime = Date.now();
    signalName = name;
    onInterrupt(name);
    const current = controller;
    if (isStopping) return;
    timer = setTimeout(() => current.abort(), graceMilliseconds);
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  // Writing to a closed terminal fails.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  return {
    get signalName() {
      return signalName;
    },
    get abortSignal() {
      return controller.signal;
    },
    commandIsStopping() {
      isStopping = true;
      clearTimeout(timer);
    },
    reset() {
      isStopping = false;
      clearTimeout(timer);
      controller = new AbortController();
    },
  };
}
