// jsforce against a running fake, unchanged: `npm install jsforce@3.10.16`, then with the variables that
// `cargo run -p fake-salesforce --example serve -- --seed-org 6000` prints in the environment: `node jsforce.js`.
'use strict';
const assert = require('node:assert/strict');
const jsforce = require('jsforce');

const { SF_URL, SF_CLIENT_ID, SF_CLIENT_SECRET, SF_ADMIN_USER, SF_ACCESS_TOKEN } = process.env;
const REDIRECT = 'http://localhost:8080/callback';

async function knob(name, value) {
  const answer = await fetch(`${SF_URL}/_control/knobs/${name}`, { method: 'POST', body: JSON.stringify(value) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

async function fails(code, work) {
  await assert.rejects(work, (error) => {
    assert.equal(error.errorCode ?? error.name, code, error.message);
    return true;
  });
}

/** Everything that needs no signing in. */
async function api() {
  const connection = new jsforce.Connection({ instanceUrl: SF_URL, accessToken: SF_ACCESS_TOKEN, version: '66.0' });
  assert.equal((await connection.identity()).username, SF_ADMIN_USER);

  const first = await connection.query('SELECT Id, Name FROM Contact ORDER BY Name');
  assert.deepEqual([first.totalSize, first.done, first.records.length], [4000, false, 2000]);
  const second = await connection.queryMore(first.nextRecordsUrl);
  assert.deepEqual([second.done, second.records.length], [true, 2000]);

  const contacts = connection.sobject('Contact');
  const phone = '+14155550142';
  const made = await contacts.create({ LastName: 'Jsforce', Email: 'jsforce@example.com', Phone: phone });
  assert.equal(made.success, true);
  assert.equal((await contacts.retrieve(made.id)).Phone, phone);
  const found = await connection.search(`FIND {${phone.slice(1)}} IN PHONE FIELDS RETURNING Contact(Id, Name), Lead(Id), Account(Id)`);
  assert.ok(found.searchRecords.some((record) => record.Id === made.id));
  assert.equal((await contacts.update({ Id: made.id, LastName: 'Changed' })).success, true);
  assert.deepEqual(await contacts.find({ LastName: 'Changed' }, ['Id']).then((rows) => rows.map((row) => row.Id)), [made.id]);
  assert.equal((await contacts.upsert({ Email: 'jsforce@example.com', LastName: 'Upserted' }, 'Email')).created, false);
  assert.equal((await contacts.upsert({ Email: 'jsforce2@example.com', LastName: 'New' }, 'Email')).created, true);

  const tasks = await connection.sobject('Task').create([{ Subject: 'One', WhoId: made.id }, { Subject: 'Two', Nothing: 1 }]);
  assert.deepEqual(tasks.map((task) => task.success), [true, false]);
  assert.equal(tasks[1].errors[0].statusCode, 'INVALID_FIELD');
  assert.equal((await contacts.retrieve([made.id, made.id])).length, 2);
  assert.equal((await contacts.update([{ Id: made.id, LastName: 'Many' }]))[0].success, true);

  const composite = await connection.request({
    method: 'POST',
    url: '/composite',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: '/services/data/v66.0/sobjects/Contact', referenceId: 'c1', body: { LastName: 'Composite' } },
        { method: 'POST', url: '/services/data/v66.0/sobjects/Task', referenceId: 't1', body: { WhoId: '@{c1.id}', Subject: 'Call' } },
      ],
    }),
  });
  assert.deepEqual(composite.compositeResponse.map((part) => part.httpStatusCode), [201, 201]);

  assert.ok((await contacts.describe()).fields.some((field) => field.name === 'MobilePhone'));
  assert.ok((await connection.describeGlobal()).sobjects.length > 5);
  assert.equal((await connection.limits()).DailyApiRequests.Max, 15000);
  assert.equal(connection.limitInfo.apiUsage.limit, 15000);
  await fails('REQUIRED_FIELD_MISSING', contacts.create({}));
  await fails('INVALID_FIELD', connection.query('SELECT Nothing FROM Contact'));
  await fails('MALFORMED_QUERY', connection.query('SELECT Id FRM Contact'));
  await fails('MALFORMED_SEARCH', connection.search('FIND 415'));
  assert.equal((await contacts.destroy(made.id)).success, true);
  await fails('ENTITY_IS_DELETED', contacts.retrieve(made.id));
}

/** The web flow with PKCE, a refresh when the session ends, and the end of the refresh token. */
async function signingIn() {
  const oauth2 = { loginUrl: SF_URL, clientId: SF_CLIENT_ID, clientSecret: SF_CLIENT_SECRET, redirectUri: REDIRECT, useVerifier: true };
  const connection = new jsforce.Connection({ oauth2, version: '66.0' });
  await knob('auto-approve', 'admin');
  const authorize = connection.oauth2.getAuthorizationUrl({ scope: 'api refresh_token id', state: 's 1' });
  const answer = await fetch(authorize, { redirect: 'manual' });
  const callback = new URL(answer.headers.get('location'));
  assert.equal(callback.searchParams.get('state'), 's 1');
  const user = await connection.authorize(callback.searchParams.get('code'));
  assert.match(user.id, /^005/);
  assert.equal((await connection.query('SELECT Id FROM Organization')).totalSize, 1);

  const refreshed = [];
  connection.on('refresh', (token) => refreshed.push(token));
  await knob('expire-access-tokens', null);
  await Promise.all([1, 2, 3].map(() => connection.query('SELECT Id FROM Organization')));
  assert.equal(refreshed.length, 1);

  await knob('expire-access-tokens', null);
  await knob('kill-refresh-tokens', null);
  await assert.rejects(connection.query('SELECT Id FROM Organization'), /expired access\/refresh token/);
  await knob('auto-approve', null);
}

api()
  .then(signingIn)
  .then(() => console.log('jsforce: all as with Salesforce'));
