// Opsgenie's own client for Node makes, acknowledges and closes an alert; prints what it heard, as JSON.
// Run where the client is installed: `node opsgenie_story.js MODULE URL KEY`.
"use strict";

const { promisify } = require("node:util");

const [module_, host, key] = process.argv.slice(2);
const opsgenie = require(module_);
opsgenie.configure({ host, api_key: key, maxAttempts: 1 });
const alerts = opsgenie.alertV2;
const call = (name, ...given) => promisify(alerts[name].bind(alerts))(...given, {});

async function done(accepted) {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      const { data } = await call("getRequestStatus", accepted.requestId);
      return [data.success, data.status];
    } catch (error) {
      if (error.httpStatusCode !== 404) throw error;
    }
  }
  throw new Error("the request was never processed");
}

async function story() {
  const by = { identifier: "node-alias", identifierType: "alias" };
  const created = await done(await call("create", { message: "Disk is full", alias: "node-alias", priority: "P3" }));
  const acknowledged = await done(await call("acknowledge", by, { user: "Grace" }));
  const { data } = await call("get", by);
  const listed = await call("list", { query: "status: open", limit: 10 });
  const closed = await done(await call("close", by, { note: "Mended." }));
  const pinged = await promisify(opsgenie.heartbeat.ping.bind(opsgenie.heartbeat))({ identifier: "nightly" }, {});
  const got = [data.message, data.acknowledged, data.priority];
  return { created, acknowledged, got, listed: listed.data.map((row) => row.alias), closed, pinged: pinged.result };
}

story().then(
  (said) => process.stdout.write(JSON.stringify(said)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
