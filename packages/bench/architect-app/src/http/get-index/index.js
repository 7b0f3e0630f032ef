const { http } = require("@architect/functions");

exports.handler = http.async(async ({ session }) => {
  const counter = (session.counter ?? 0) + 1;
  return { session: { ...session, counter }, text: `counter: ${counter}` };
});
