/** What is logged during the tests of a `describe` block, emptied before each of them. Nothing reaches the terminal. */
export function recordLog(): unknown[] {
  const logged: unknown[] = [];
  const { info, warn, error } = console;
  before(() => {
    console.info = console.warn = console.error = (...values: unknown[]) => logged.push(...values);
  });
  beforeEach(() => logged.splice(0));
  after(() => Object.assign(console, { info, warn, error }));
  return logged;
}
