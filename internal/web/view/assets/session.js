// Shows a bar when the session has ended under a page that is open. Its button opens the
// sign-in in a window; then the page gets the event doorpost:renewed, and repeats what it
// wants to. A page that wants it says: <script src="/_doorpost/session.js"></script>
(() => {
  const own = '/_doorpost/', really = window.fetch;
  let bar, asking;
  const show = () => {
    if (bar) return;
    bar = document.createElement('div');
    bar.setAttribute('role', 'alert');
    bar.style.cssText = 'position:fixed;z-index:2147483647;inset:auto 0 0;padding:12px;background:#222;color:#fff;font:16px/1.4 system-ui;text-align:center';
    const button = document.createElement('button');
    button.textContent = GO_ON;
    button.style.cssText = 'margin:0 12px;padding:8px 16px;font:inherit';
    button.onclick = () => open(own + 'renew', 'doorpost', 'popup,width=480,height=640');
    bar.append(SIGNED_OUT, button);
    (document.body || document.documentElement).append(bar);
  };
  const done = () => {
    if (bar) bar.remove();
    bar = null;
    dispatchEvent(new Event('doorpost:renewed'));
  };
  const refused = (status, challenge) => status === 401 && /^Doorpost/.test(challenge) && show();
  const ask = () => {
    asking = asking || really(own + 'session', { cache: 'no-store' }).then((a) => a.status === 401 && show(), () => {}).then(() => { asking = null; });
  };
  window.fetch = async (...all) => {
    const answer = await really(...all);
    refused(answer.status, answer.headers.get('WWW-Authenticate'));
    return answer;
  };
  const request = XMLHttpRequest.prototype, send = request.send;
  request.send = function (...all) {
    this.addEventListener('load', () => refused(this.status, this.status === 401 && this.getResponseHeader('WWW-Authenticate')));
    return send.apply(this, all);
  };
  for (const [name, event] of [['WebSocket', 'close'], ['EventSource', 'error']]) {
    window[name] = class extends window[name] {
      constructor(...all) {
        super(...all);
        this.addEventListener(event, ask);
      }
    };
  }
  new BroadcastChannel('doorpost').onmessage = done;
})();
