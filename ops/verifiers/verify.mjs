// Checks an assertion of Doorpost. Node.js 18 or newer, without packages.
const { subtle } = globalThis.crypto ?? (await import('node:crypto')).webcrypto;
const [origin, assertion] = process.argv.slice(2); // https://app.example.com, and the header Doorpost-Assertion

let keys = [], fetched = -Infinity;

// The key with an ID. All are kept for five minutes, and fetched again for one that is not known.
async function keyFor(id) {
  const age = () => performance.now() - fetched;
  const known = () => keys.find((key) => key.kid === id);
  if (age() > 300_000 || (!known() && age() > 10_000)) {
    const answer = await fetch(`${origin}/_doorpost/keys`);
    if (!answer.ok) throw new Error(`the keys: ${answer.status}`);
    ({ keys } = await answer.json());
    fetched = performance.now();
  }
  if (!known()) throw new Error('its key is not known');
  return subtle.importKey('jwk', known(), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
}

// The claims of a good assertion; an exception for any other.
async function check(token) {
  const parts = token.split('.');
  if (parts.length !== 3) throw new Error('it is not a JWT');
  const bytes = parts.map((part) => Buffer.from(part, 'base64url'));
  const header = JSON.parse(bytes[0]);
  if (header.alg !== 'ES256' || header.typ !== 'doorpost+jwt') throw new Error('it is a JWT of another kind');
  const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
  if (!await subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, await keyFor(header.kid), bytes[2], signed)) {
    throw new Error('its signature is wrong');
  }
  const claims = JSON.parse(bytes[1]), now = Date.now() / 1000, leeway = 60;
  if (claims.iss !== origin || claims.aud !== origin) throw new Error('it is for another site');
  if (!(claims.exp > now - leeway)) throw new Error('it is too old');
  if (!(claims.iat <= now + leeway)) throw new Error('it is from the future');
  if (!claims.sub) throw new Error('it does not say whose it is');
  return claims;
}

try {
  const { sub, email, groups } = await check(assertion);
  console.log(sub, email, groups.join(','));
} catch (reason) {
  console.error(`refused: ${reason.message}`);
  process.exit(1);
}
