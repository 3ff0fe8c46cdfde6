// Shows what the site pushes to this device, also while none of its pages is open, and leads to the page behind it.
// The message is a declarative one, see src/server/delivery/push.rs: browsers that know of it show it without this file.

/** A page of this site; anything else leads to the board. */
function ownPage(navigate) {
  try {
    const url = new URL(navigate, self.location.origin);
    return url.origin === self.location.origin ? url.href : `${self.location.origin}/`;
  } catch {
    return `${self.location.origin}/`;
  }
}

function read(data) {
  try {
    const { notification } = data.json();
    return notification && typeof notification === 'object' ? notification : {};
  } catch {
    return {};
  }
}

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
  const { title, body, navigate, tag, requireInteraction } = event.data ? read(event.data) : {};
  // A browser takes the permission away from a site that is pushed to and shows nothing.
  event.waitUntil(
    self.registration.showNotification(String(title ?? 'MS5 Floor'), {
      body: String(body ?? ''),
      tag: String(tag ?? ''),
      requireInteraction: requireInteraction === true,
      data: { navigate: ownPage(navigate ?? '/') },
    }),
  );
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const to = ownPage(event.notification.data?.navigate ?? '/');
  event.waitUntil(
    self.clients.matchAll({ type: 'window' }).then((windows) => {
      const open = windows.find((one) => one.url === to);
      return open ? open.focus() : self.clients.openWindow(to);
    }),
  );
});
