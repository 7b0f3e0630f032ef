/** Records what the tests in a `describe` block log, instead of printing it. The list is emptied before each test. */
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
