// Push on this device, on the page of one's own account: asks the browser on the click, and sends what it tells as the form.

const form = document.getElementById('push-on');
const said = document.getElementById('push-said');

/** The site's public key, from base64url. */
function bytes(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function same(buffer, key) {
  return buffer && text(buffer) === text(key);
}

async function subscribed(key) {
  if ((await Notification.requestPermission()) !== 'granted') {
    throw new Error('This browser was told not to show messages. Allow them in its settings for this site, then try again.');
  }
  await navigator.serviceWorker.register('/service-worker.js', { scope: '/' });
  const { pushManager } = await navigator.serviceWorker.ready;
  const old = await pushManager.getSubscription();
  // One that was made for another key takes nothing from us.
  if (old && !same(old.options.applicationServerKey, key)) await old.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

async function turnOn() {
  const made = await subscribed(bytes(form.dataset.key));
  form.elements.endpoint.value = made.endpoint;
  form.elements.p256dh.value = text(made.getKey('p256dh'));
  form.elements.auth.value = text(made.getKey('auth'));
  form.submit();
}

function tell(words) {
  said.textContent = words;
}

if (form) {
  tell('');
  const can = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
  if (can) {
    form.hidden = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      tell('');
      turnOn().catch((why) => tell(`Not turned on: ${why instanceof Error ? why.message : why}`));
    });
  } else {
    tell(
      window.isSecureContext
        ? 'This browser takes no push messages. On an iPad or iPhone, put this site on the home screen first.'
        : 'Push messages need an encrypted connection to this server.',
    );
  }
}
