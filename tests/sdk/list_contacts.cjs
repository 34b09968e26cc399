// Reads a simulator with the official JavaScript client (`@sentdm/sentdm` on npm) and checks that it works as with the real API.
//
// Usage: NODE_PATH=.../node_modules node list_contacts.cjs BASE_URL LIMITED_BASE_URL API_KEY MESSAGE_ID
//
// LIMITED_BASE_URL is a second simulator with a burst of one request, then one per second.

"use strict";

const assert = require("node:assert/strict");
const Sent = require("@sentdm/sentdm").default;
const { VERSION } = require("@sentdm/sentdm/version");

const UNKNOWN_ID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

async function expectError(kind, status, code, call) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof kind, `${error} is not a ${kind.name}`);
    assert.equal(error.status, status);
    assert.equal(error.error.error.code, code);
    assert.equal(error.headers.get("x-request-id"), error.error.meta.request_id);
    return true;
  });
}

async function listAll(client, pageSize, query = {}) {
  const contacts = [];
  for (let page = 1; ; page += 1) {
    const answer = await client.contacts.list({ page, page_size: pageSize, ...query });
    assert.equal(answer.success, true);
    contacts.push(...answer.data.contacts);
    if (!answer.data.pagination.has_more) {
      assert.ok(query.channel || answer.data.pagination.total_count === contacts.length);
      return contacts;
    }
  }
}

async function checkContacts(client, baseURL) {
  const contacts = await listAll(client, 100);
  const truth = await (await fetch(`${baseURL}/_simulator/truth`)).json();
  assert.deepEqual(contacts.map((contact) => contact.id), truth.present_now);
  const first = await client.contacts.retrieve(contacts[0].id);
  assert.deepEqual(first.data, contacts[0]);
  assert.ok(contacts.some((contact) => contact.format_e164?.startsWith("+")));
  const rcs = await listAll(client, 50, { channel: "rcs" });
  assert.ok(rcs.length > 0 && rcs.length < contacts.length);
  const known = contacts.find((contact) => contact.format_e164);
  const found = await client.contacts.list({ page: 1, page_size: 10, phone: known.format_e164 });
  assert.ok(found.data.contacts.some((contact) => contact.id === known.id));
  return contacts;
}

async function checkErrors(client, baseURL) {
  const wrong = new Sent({ apiKey: "wrong", baseURL, maxRetries: 0 });
  const list = { page: 1, page_size: 10 };
  await expectError(Sent.AuthenticationError, 401, "AUTH_002", () => wrong.contacts.list(list));
  await expectError(Sent.BadRequestError, 400, "VALIDATION_003", () => client.contacts.retrieve("not-an-id"));
  await expectError(Sent.NotFoundError, 404, "RESOURCE_001", () => client.contacts.retrieve(UNKNOWN_ID));
  await expectError(Sent.BadRequestError, 400, "VALIDATION_005", () => client.contacts.list({ ...list, page: 0 }));
}

async function checkRateLimit(limitedBaseURL, apiKey) {
  const hasty = new Sent({ apiKey, baseURL: limitedBaseURL, maxRetries: 0 });
  const untilRefused = async () => {
    for (let request = 0; request < 5; request += 1) {
      await hasty.me.retrieve();
    }
  };
  await expectError(Sent.RateLimitError, 429, "BUSINESS_002", untilRefused);
  const patient = new Sent({ apiKey, baseURL: limitedBaseURL });
  assert.equal((await patient.me.retrieve()).success, true);
}

async function checkProfiles(client) {
  const profiles = (await client.profiles.list()).data.profiles;
  const own = await listAll(client, 100, { "x-profile-id": profiles[0].id });
  assert.ok(own.length > 0 && own.every((contact) => contact.customer_id === profiles[0].id));
  const foreign = { page: 1, page_size: 10, "x-profile-id": UNKNOWN_ID };
  await expectError(Sent.NotFoundError, 404, "RESOURCE_004", () => client.contacts.list(foreign));
  const malformed = { page: 1, page_size: 10, "x-profile-id": "not-an-id" };
  await expectError(Sent.BadRequestError, 400, "VALIDATION_003", () => client.contacts.list(malformed));
}

async function main() {
  const [baseURL, limitedBaseURL, apiKey, messageId] = process.argv.slice(2);
  const client = new Sent({ apiKey, baseURL, maxRetries: 0 });
  const contacts = await checkContacts(client, baseURL);
  await checkErrors(client, baseURL);
  await checkRateLimit(limitedBaseURL, apiKey);
  await checkProfiles(client);
  const { activities } = (await client.messages.retrieveActivities(messageId)).data;
  assert.ok(activities.length > 0);
  const message = (await client.messages.retrieveStatus(messageId)).data;
  assert.equal(message.status, activities[0].status);
  assert.deepEqual(
    message.events.map((event) => event.timestamp),
    activities.map((activity) => activity.timestamp).reverse(),
  );
  assert.ok(contacts.some((contact) => contact.id === message.contact_id));
  const malformed = () => client.messages.retrieveStatus("not-an-id");
  await expectError(Sent.BadRequestError, 400, "VALIDATION_001", malformed);
  const unknown = () => client.messages.retrieveActivities(UNKNOWN_ID);
  await expectError(Sent.NotFoundError, 404, "RESOURCE_003", unknown);
  const templates = (await client.templates.list({ page: 1, page_size: 100 })).data.templates;
  assert.ok(templates.length > 0);
  assert.equal((await client.me.retrieve()).data.type, "organization");
  console.log(`@sentdm/sentdm ${VERSION}: ${contacts.length} contacts, all errors as typed`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
