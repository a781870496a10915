// Makes Tocsin installable. It keeps nothing: pages are private, and an old one about an alert is worse than none.

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
