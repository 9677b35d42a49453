// jsforce, as published, against fake Salesforce: sign-in by the web flow, and all that follows.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { authorizeAs, startFake } from './fake.mjs';

const VERSION = '66.0';
let fake;

before(async () => {
  fake = await startFake('--seed-org', '5000');
});
after(() => fake.stop());

const oauth2 = () =>
  new jsforce.OAuth2({
    loginUrl: fake.SF_URL,
    clientId: fake.SF_CLIENT_ID,
    clientSecret: fake.SF_CLIENT_SECRET,
    redirectUri: 'http://localhost:3000/callback',
    useVerifier: true,
  });

/** Signs in as the administrator by the web flow. */
async function signedIn() {
  const conn = new jsforce.Connection({ oauth2: oauth2(), version: VERSION });
  const page = conn.oauth2.getAuthorizationUrl({ scope: 'api refresh_token openid', state: 'state-1' });
  const callback = await authorizeAs(page, fake.SF_ADMIN_USER);
  assert.equal(callback.searchParams.get('state'), 'state-1');
  await conn.authorize(callback.searchParams.get('code'));
  return conn;
}


const costs = async () => (await fake.requests()).reduce((sum, request) => sum + request.cost, 0);

describe('signing in', () => {
  test('the web flow with PKCE ends in a session of the administrator', async () => {
    const conn = await signedIn();
    assert.match(conn.accessToken, /^00D.*!/);
    assert.ok(conn.refreshToken);
    const who = await conn.identity();
    assert.equal(who.username, fake.SF_ADMIN_USER);
    assert.equal(who.user_id, conn.userInfo.id);
  });

  test('Deny comes back as access_denied, without a code', async () => {
    const callback = await authorizeAs(oauth2().getAuthorizationUrl({ scope: 'api', prompt: 'login consent' }), fake.SF_ADMIN_USER, 'oadeny');
    assert.equal(callback.searchParams.get('error'), 'access_denied');
    assert.equal(callback.searchParams.get('code'), null);
  });

  test('a code serves once', async () => {
    const flow = oauth2();
    const callback = await authorizeAs(flow.getAuthorizationUrl({ scope: 'api' }), fake.SF_ADMIN_USER);
    const code = callback.searchParams.get('code');
    await flow.requestToken(code);
    await assert.rejects(flow.requestToken(code), (error) => error.name === 'invalid_grant');
  });

  test('three requests after the expiry refresh once', async () => {
    const conn = await signedIn();
    let refreshed = 0;
    conn.on('refresh', () => (refreshed += 1));
    await fake.knob('expire-access-tokens');
    const answers = await Promise.all([1, 2, 3].map(() => conn.query('SELECT Id FROM User LIMIT 1')));
    assert.deepEqual(answers.map((answer) => answer.records.length), [1, 1, 1]);
    assert.equal(refreshed, 1);
  });

  test('a dead refresh token is told as such', async () => {
    const conn = await signedIn();
    await fake.knob('kill-refresh-tokens');
    await fake.knob('expire-access-tokens');
    await assert.rejects(conn.query('SELECT Id FROM User LIMIT 1'), /expired access\/refresh token/);
  });

  test('a revoked session is over', async () => {
    const conn = await signedIn();
    const { accessToken } = conn;
    await conn.logout(true);
    const gone = new jsforce.Connection({ instanceUrl: fake.SF_URL, accessToken, version: VERSION });
    await assert.rejects(gone.query('SELECT Id FROM User LIMIT 1'), (error) => error.errorCode === 'INVALID_SESSION_ID');
  });

  test('a token that was never issued is refused', async () => {
    const conn = new jsforce.Connection({ instanceUrl: fake.SF_URL, accessToken: '00D000000000062!never.issued', version: VERSION });
    await assert.rejects(conn.query('SELECT Id FROM User LIMIT 1'), (error) => error.errorCode === 'INVALID_SESSION_ID');
  });
});

describe('reading', () => {
  let conn;
  // Those above have ended every session that there was.
  before(async () => (conn = await signedIn()));

  test('a query comes page by page', async () => {
    const before = await costs();
    let answer = await conn.query('SELECT Id, Name FROM Contact ORDER BY Id');
    const ids = new Set(answer.records.map((record) => record.Id));
    let pages = 1;
    while (!answer.done) {
      answer = await conn.queryMore(answer.nextRecordsUrl);
      answer.records.forEach((record) => ids.add(record.Id));
      pages += 1;
    }
    assert.equal(ids.size, answer.totalSize);
    assert.equal(pages, Math.ceil(answer.totalSize / 2000));
    assert.ok(pages > 1);
    assert.equal((await costs()) - before, pages);
  });

  test('parents come as records of their own', async () => {
    const answer = await conn.query("SELECT Id, Profile.Name, IsActive FROM User WHERE Username = '" + fake.SF_ADMIN_USER + "'");
    assert.equal(answer.records[0].Profile.Name, 'System Administrator');
    assert.equal(answer.records[0].Profile.attributes.type, 'Profile');
  });

  test('a phone number is found by SOSL', async () => {
    const { records } = await conn.query("SELECT Id, Phone FROM Contact WHERE Phone LIKE '(___) 555-01__' LIMIT 1");
    const digits = records[0].Phone.replace(/\D/g, '');
    const found = await conn.search(`FIND {${digits} OR 1${digits}} IN PHONE FIELDS RETURNING Contact(Id, Name, Phone), Lead(Id), Account(Id)`);
    assert.ok(found.searchRecords.some((record) => record.Id === records[0].Id && record.attributes.type === 'Contact'));
  });

  test('the limits are known, and told with every answer', async () => {
    const limits = await conn.limits();
    assert.ok(limits.DailyApiRequests.Max > limits.DailyApiRequests.Remaining);
    assert.ok(conn.limitInfo.apiUsage.used > 0);
    assert.equal(conn.limitInfo.apiUsage.limit, limits.DailyApiRequests.Max);
  });

  test('an object describes itself', async () => {
    const contact = await conn.sobject('Contact').describe();
    const phone = contact.fields.find((field) => field.name === 'MobilePhone');
    assert.equal(phone.type, 'phone');
    assert.equal(phone.length, 40);
    assert.ok((await conn.describeGlobal()).sobjects.some((object) => object.name === 'Task'));
  });

  test('children come with their parents', async () => {
    const accounts = await conn.sobject('Account').find({}, 'Id, Name').include('Contacts').select('Id, LastName').end().limit(50).execute();
    assert.ok(accounts.some((account) => account.Contacts?.records.length > 0));
  });

  test('what it does not understand is refused by name', async () => {
    for (const [query, code] of [
      ['SELECT Nonsense FROM Contact', 'INVALID_FIELD'],
      ['SELECT Id FROM Nonsense', 'INVALID_TYPE'],
      ['SELECT Id FROM', 'MALFORMED_QUERY'],
      ["SELECT Id FROM Task WHERE Description = 'x'", 'INVALID_FIELD'],
      ["SELECT Id FROM Contact WHERE Phone = 5", 'INVALID_FIELD'],
    ]) {
      await assert.rejects(conn.query(query), (error) => error.errorCode === code, query);
    }
    await assert.rejects(conn.search('FIND 5550100 IN PHONE FIELDS'), (error) => error.errorCode === 'MALFORMED_SEARCH');
  });
});

describe('writing', () => {
  let conn;
  before(async () => (conn = await signedIn()));

  test('a record is made, read, changed and deleted', async () => {
    const made = await conn.sobject('Contact').create({ FirstName: 'Automatic New Contact', LastName: '-5550100177', Phone: '5550100177' });
    assert.ok(made.success);
    assert.match(made.id, /^003.{15}$/);
    await conn.sobject('Contact').update({ Id: made.id, Title: 'Buyer' });
    const read = await conn.sobject('Contact').retrieve(made.id);
    assert.equal(read.Name, 'Automatic New Contact -5550100177');
    assert.equal(read.Title, 'Buyer');
    await conn.sobject('Contact').destroy(made.id);
    await assert.rejects(conn.sobject('Contact').retrieve(made.id), (error) => ['NOT_FOUND', 'ENTITY_IS_DELETED'].includes(error.errorCode));
  });

  test('an upsert makes once and changes after that', async () => {
    const first = await conn.sobject('Contact').upsert({ LastName: 'Marsh', Email: 'cleo.marsh@example.org' }, 'Email');
    const second = await conn.sobject('Contact').upsert({ LastName: 'Marsh-Stone', Email: 'cleo.marsh@example.org' }, 'Email');
    assert.equal(first.created, true);
    assert.equal(second.created, false);
    assert.equal(second.id, first.id);
  });

  test('two hundred call logs are one request, each with an outcome of its own', async () => {
    const before = await costs();
    const logs = Array.from({ length: 200 }, (_, index) => ({
      Subject: 'Extension Call',
      Status: 'Completed',
      Priority: 'Normal',
      TaskSubtype: 'Call',
      CallType: index === 7 ? 'Sideways' : 'Inbound',
      CallDurationInSeconds: 65,
      CallObject: `call-${index}`,
      ActivityDate: '2026-11-22',
    }));
    const results = await conn.sobject('Task').create(logs, { allOrNone: false });
    assert.equal((await costs()) - before, 1);
    assert.equal(results.filter((result) => result.success).length, 199);
    assert.equal(results[7].errors[0].statusCode, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');
    const { records } = await conn.query("SELECT Id, Subject FROM Task WHERE CallObject = 'call-199'");
    assert.equal(records.length, 1);
  });

  test('a contact and its call log are one composite request', async () => {
    const before = await costs();
    const answer = await conn.requestPost(`/services/data/v${VERSION}/composite`, {
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: `/services/data/v${VERSION}/sobjects/Contact`, referenceId: 'c1', body: { LastName: 'Field' } },
        { method: 'POST', url: `/services/data/v${VERSION}/sobjects/Task`, referenceId: 't1', body: { WhoId: '@{c1.id}', Subject: 'Call', TaskSubtype: 'Call' } },
      ],
    });
    assert.deepEqual(answer.compositeResponse.map((part) => part.httpStatusCode), [201, 201]);
    assert.equal((await costs()) - before, 1);
    const { records } = await conn.query(`SELECT WhoId FROM Task WHERE Id = '${answer.compositeResponse[1].body.id}'`);
    assert.equal(records[0].WhoId, answer.compositeResponse[0].body.id);
  });

  test('mistakes are refused in the words of Salesforce', async () => {
    const refused = (fields, code) =>
      assert.rejects(conn.sobject('Contact').create(fields), (error) => error.errorCode === code, code);
    await refused({ FirstName: 'Nobody' }, 'REQUIRED_FIELD_MISSING');
    await refused({ LastName: 'x'.repeat(81) }, 'STRING_TOO_LONG');
    await refused({ LastName: 'x', Nonsense: 1 }, 'INVALID_FIELD');
    await refused({ LastName: 'x', OwnerId: '005000000000000AAA' }, 'INVALID_CROSS_REFERENCE_KEY');
  });
});

test('a session token alone is enough', async () => {
  const own = await startFake();
  try {
    const conn = new jsforce.Connection({ instanceUrl: own.SF_URL, accessToken: own.SF_ACCESS_TOKEN, version: VERSION });
    assert.equal((await conn.query('SELECT Id FROM Organization')).totalSize, 1);
  } finally {
    await own.stop();
  }
});
