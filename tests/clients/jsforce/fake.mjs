// Starts fake Salesforce and steers it; and a browser without a screen, to sign in with.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

const program = process.env.PBX_CRM ?? fileURLToPath(new URL('../../../target/debug/pbx-crm', import.meta.url));

/** Starts a fake of its own; gives its variables, its control side and how to stop it. */
export async function startFake(...options) {
  const child = spawn(program, ['fake-salesforce', '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const variables = {};
  const lines = createInterface({ input: child.stdout });
  await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`fake-salesforce ended with ${code}`)));
    child.once('error', reject);
    lines.on('line', (line) => {
      const found = /^(SF_[A-Z_]+)='?(.*?)'?$/.exec(line);
      if (found) variables[found[1]] = found[2];
      if (['SF_URL', 'SF_CLIENT_ID', 'SF_CLIENT_SECRET', 'SF_ADMIN_USER', 'SF_ACCESS_TOKEN'].every((name) => variables[name])) resolve();
    });
  });
  const control = async (method, topic, body) => {
    const answer = await fetch(`${variables.SF_URL}/_control/${topic}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${topic}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  return {
    ...variables,
    knob: (name, value = {}) => control('POST', `knobs/${name}`, value),
    requests: () => control('GET', 'requests'),
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.once('exit', resolve);
        child.kill('SIGTERM');
      }),
  };
}

const unescape = (text) =>
  text.replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16))).replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

/** Fills in the only form of a page: hidden fields, the chosen option of each list, and the button that is pressed. */
function fillIn(page, choose, button) {
  const form = /<form[^>]*method="post"[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(page);
  if (!form) throw new Error(`no form in: ${page}`);
  const fields = new URLSearchParams();
  for (const [, name, value] of form[2].matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)) {
    fields.append(unescape(name), unescape(value));
  }
  for (const [, name] of form[2].matchAll(/<select[^>]*name="([^"]*)"/g)) fields.append(name, choose);
  const pressed = new RegExp(`<button[^>]*id="${button}"[^>]*>`).exec(form[2]);
  if (!pressed) throw new Error(`no button ${button} in: ${page}`);
  const named = /name="([^"]*)" value="([^"]*)"/.exec(pressed[0]);
  if (named) fields.append(named[1], named[2]);
  return { action: unescape(form[1]), fields };
}

/** Opens an authorisation page as a person would: signs in, presses Allow or Deny, and gives the address of the call-back. */
export async function authorizeAs(url, username, button = 'oaapprove') {
  const cookies = new Map();
  let at = new URL(url);
  const callback = new URL(at.searchParams.get('redirect_uri'));
  let request = { method: 'GET' };
  for (let step = 0; step < 12; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(at, { ...request, redirect: 'manual', headers: cookie ? { cookie } : {} });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location) {
      at = new URL(location, at);
      if (at.origin === callback.origin && at.pathname === callback.pathname) return at;
      request = { method: 'GET' };
      continue;
    }
    const page = await answer.text();
    const { action, fields } = page.includes('id="Login"') ? fillIn(page, username, 'Login') : fillIn(page, username, button);
    at = new URL(action, at);
    request = { method: 'POST', body: fields };
  }
  throw new Error('the authorisation does not come to an end');
}
