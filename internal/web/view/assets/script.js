// The script of all pages. Each part looks for its elements and does nothing on pages
// without them. Nobody needs the script to sign in.
(() => {
  'use strict';
  const one = (selector) => document.querySelector(selector);

  // To this site, or from a portal to one behind it. The server has made sure of it; a
  // script is no place to go, whatever the page says.
  const goTo = (to) => {
    const url = new URL(to || '/', location.origin);
    location.replace(/^https?:$/.test(url.protocol) ? url.href : '/');
  };

  // The fragment of the page that sent people here; no server ever sees it. A form takes it
  // along in its field, a link by itself.
  const withFragment = (to) => to.includes('#') ? to : to + location.hash;
  document.querySelectorAll('[data-keep-fragment]').forEach((kept) => {
    const to = kept.querySelector('[name=to]');
    if (to) to.value = withFragment(to.value);
    if (kept.href && !kept.hash) kept.hash = location.hash;
  });
  // Each form is sent once, and shows that it was taken if the answer is slow. It goes after
  // what is under way: two answers at once would give the browser two marks.
  // A field of an app's form that is kept may have the name of any method, and hide it.
  let underWay;
  const { addEventListener: listen, hasAttribute, setAttribute, removeAttribute, requestSubmit } = HTMLFormElement.prototype;
  document.querySelectorAll('form[method=post]').forEach((post) => listen.call(post, 'submit', (event) => {
    const busy = hasAttribute.call(post, 'aria-busy');
    if (busy || underWay) event.preventDefault();
    if (busy) return;
    if (underWay) underWay.then(() => requestSubmit.call(post, event.submitter));
    else setAttribute.call(post, 'aria-busy', 'true');
  }));

  // Passkeys, in browsers that have them. The server makes the options, and checks what
  // comes of them.
  const passkeys = window.PublicKeyCredential, mayHave = passkeys && passkeys.parseRequestOptionsFromJSON;
  const post = async (path, body) => {
    const answer = await fetch('/_doorpost/passkey' + path, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body)
    });
    if (!answer.ok) throw answer;
    return answer.json();
  };
  const partsOf = (passkey) => [withFragment(passkey.dataset.to), passkey.querySelector('button'), passkey.querySelector('[data-failed]')];
  // Where the device can do it by itself, an offer may come after the sign-in.
  const can = mayHave ? Promise.race([
    passkeys.isUserVerifyingPlatformAuthenticatorAvailable(), new Promise((late) => setTimeout(late, 300))
  ]).catch(() => false) : Promise.resolve(false);
  can.then((yes) => yes && document.querySelectorAll('[action="/_doorpost/code"],[action="/_doorpost/link"]').forEach((form) => {
    const field = document.createElement('input');
    Object.assign(field, { type: 'hidden', name: 'passkeys', value: '1' });
    form.append(field);
  }));
  if (mayHave) {
    document.querySelectorAll('[data-if-passkeys]').forEach((part) => { part.hidden = false; });
    document.querySelectorAll('[data-accepted]').forEach((part) => {
      for (const signal of ['signalAllAcceptedCredentials', 'signalCurrentUserDetails']) {
        if (passkeys[signal]) passkeys[signal](JSON.parse(part.dataset.accepted)).catch(() => {});
      }
    });
  }
  const use = one('[data-passkey]');
  if (use && mayHave) {
    const [to, button, failed] = partsOf(use);
    let options = use.dataset.passkey, waiting, asked;
    const askOptions = () => {
      const answer = post('/options', {}), late = new Promise((end) => setTimeout(end, 3000));
      underWay = Promise.race([answer.catch(() => {}), late]).then(() => { underWay = null; });
      return answer;
    };
    const signIn = async (mediation) => {
      if (waiting) waiting.abort();
      const mine = waiting = new AbortController();
      asked = !mediation;
      let chosen;
      try {
        const publicKey = passkeys.parseRequestOptionsFromJSON(options ? JSON.parse(options) : await askOptions());
        chosen = await navigator.credentials.get({ publicKey, mediation, signal: mine.signal });
        options = ''; // each is good once
        goTo((await post('?to=' + encodeURIComponent(to), chosen)).to);
      } catch (e) {
        if (mine !== waiting || mediation && !chosen) return;
        failed.hidden = false;
        inField();
      }
    };
    // In the list of the field for the address.
    const inField = async () => {
      if (await passkeys.isConditionalMediationAvailable() && !one('[aria-busy]')) signIn('conditional');
    };
    const none = use.querySelector('[data-no-passkeys]');
    if (none) none.hidden = true;
    button.hidden = false;
    button.onclick = () => signIn();
    // A browser that nobody has signed in with has no options yet.
    if (options) inField();
    else document.addEventListener('pointerdown', inField, { once: true });
    // The options are good for five minutes.
    setInterval(() => {
      options = '';
      if (!asked && !document.hidden) inField();
    }, 240000);
  }
  const make = one('[data-make-passkey]');
  if (make) (() => {
    const [to, button, failed] = partsOf(make);
    if (!mayHave) {
      one('[data-no-passkeys]').hidden = false;
      return;
    }
    setTimeout(() => location.reload(), 270000);
    button.hidden = false;
    button.onclick = async () => {
      try {
        const publicKey = passkeys.parseCreationOptionsFromJSON(JSON.parse(make.dataset.makePasskey));
        goTo((await post('/new?to=' + encodeURIComponent(to), await navigator.credentials.create({ publicKey }))).to);
      } catch (e) {
        if (e.name === 'InvalidStateError') return goTo(to); // there is one already
        failed.hidden = false;
      }
    };
  })();

  const session = () => fetch('/_doorpost/session', {
    credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'application/json' }
  });
  // The link was opened in another tab: this one goes on too, once it has said so.
  const goOn = (to) => {
    const status = one('[data-going-on]');
    if (!status) return goTo(to);
    status.textContent = status.dataset.goingOn;
    status.className = 'notice';
    setTimeout(goTo, 500, to);
  };
  const wait = one('[data-wait-for-sign-in]');
  if (wait) {
    const end = Date.now() + 15 * 60 * 1000;
    let timer, asking = false;
    const ask = async () => {
      if (asking || Date.now() > end) return;
      asking = true;
      clearTimeout(timer);
      try {
        if (!document.hidden) {
          const answer = await session();
          if (answer.status === 200) {
            const before = wait.dataset.before;
            if (!before || (await answer.json()).signed_in !== before) return goOn(wait.dataset.waitForSignIn);
          }
        }
      } catch (e) {
        // Offline: try again the next time.
      }
      asking = false;
      timer = setTimeout(ask, 3000);
    };
    timer = setTimeout(ask, 3000);
    document.addEventListener('visibilitychange', ask);
  }

  // The window of a sign-in tells the page of this site that opened it, and all others.
  const channel = 'doorpost', renewed = 'doorpost:renewed';
  if (one('[data-renewed]')) {
    new BroadcastChannel(channel).postMessage(renewed);
    if (opener) opener.postMessage(renewed, location.origin);
    close();
  }
  if (one('[data-kept]')) new BroadcastChannel(channel).onmessage = async () => {
    const answer = await session().catch(() => ({}));
    if (!answer.ok) return;
    // It may be another person than the one who typed.
    const { email } = await answer.json(), ready = one('[data-signed-in]');
    ready.textContent = ready.dataset.signedIn.replace('{address}', () => email);
    one('[data-sign-in]').hidden = true;
    ready.hidden = false;
    const send = one('[data-kept] button');
    send.className = '';
    send.focus();
  };

  // Who has waited for two minutes should look elsewhere.
  const late = one('[data-late]');
  if (late) setTimeout(() => { late.className = 'late'; }, 120000);

  const again = one('button[data-seconds]');
  if (again && again.dataset.seconds > 0) {
    const label = again.textContent;
    const ready = Date.now() + again.dataset.seconds * 1000;
    const tick = () => {
      const left = Math.ceil((ready - Date.now()) / 1000);
      again.disabled = left > 0;
      again.textContent = left > 0 ? again.dataset.waiting.replace('{seconds}', left) : label;
      if (left > 0) return setTimeout(tick, 500);
      // Announced once at the end: a screen reader would read every second aloud.
      const status = one('[data-again-status]');
      if (status) status.textContent = again.dataset.ready;
    };
    tick();
  }

  const landing = one('[data-landing]'), form = one('[data-landing] form'), paste = one('[data-paste]');
  const link = location.hash.slice(1);
  // First of all, remove it from the address bar and the history.
  if (form || paste) history.replaceState(null, '', location.pathname);
  // A page that answers a form is loaded again without sending it again.
  const reloadAs = document.documentElement.dataset.reloadAs;
  if (reloadAs) history.replaceState(null, '', reloadAs);
  if (paste && link) {
    paste.hidden = true;
    one('[name=token]').value = link;
  }
  if (form) {
    if (!link) {
      landing.hidden = true;
      const cutOff = one('[data-cut-off]');
      if (cutOff) cutOff.hidden = false;
    } else {
      const ready = one('[data-ready]');
      form.elements.token.value = link;
      if (ready) ready.hidden = false;
      can.then(() => form.requestSubmit());
    }
  }

  // The person came back. A link has been used, so it is not sent again.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    if (form && form.hasAttribute('aria-busy')) goTo('/_doorpost/sign-in?to=' + encodeURIComponent(form.dataset.to || '/'));
    document.querySelectorAll('[aria-busy]').forEach((post) => removeAttribute.call(post, 'aria-busy'));
  });

  // Times in the reader's zone, in the language of the page; of today without the day.
  const lang = document.documentElement.lang;
  const locale = (navigator.languages || []).find((tag) => tag.split('-')[0] === lang) || lang;
  document.querySelectorAll('time[datetime]').forEach((time) => {
    const at = new Date(time.dateTime);
    if (isNaN(at)) return;
    const today = at.toDateString() === new Date().toDateString();
    time.textContent = at.toLocaleString(locale || undefined, { dateStyle: today ? undefined : 'medium', timeStyle: 'short' });
  });

  if (one('[data-reload]')) setInterval(() => document.hidden || location.reload(), 2000);
})();
