// Sends every type of call with Segment's SDK for Node and prints how each one ended: {"delivered": 9, "failed": []}.
const { Analytics } = require('@segment/analytics-node');

const analytics = new Analytics({ writeKey: process.env.WRITE_KEY, host: process.env.SEGMENT_HOST });
const result = { delivered: 0, failed: [] };
const ended = (error) => (error ? result.failed.push(String(error)) : result.delivered++);

const userId = 'ada-1815';
const anonymousId = 'visitor-7f3a';

analytics.track({ anonymousId, event: 'Landing Viewed' }, ended);
analytics.identify({
  userId,
  anonymousId,
  traits: {
    name: 'Ada Lovelace 👩‍💻', email: 'ada@example.com', phone: '+442079460958', birthday: '1815-12-10', gender: 'female',
    address: { city: 'London', geo: { lat: 51.5 } }, tags: ['maths', 'poetry'], Größe: 'Straße', creditLimit: Number.MAX_SAFE_INTEGER,
  },
  context: { device: { token: 'f00d-cafe', type: 'ios' } },
}, ended);
analytics.track({
  userId,
  event: 'Course Started',
  timestamp: new Date('2026-03-01T12:34:56.000Z'),
  properties: { title: 'Bernoulli numbers', hours: 12.5, ledgerId: Number.MAX_SAFE_INTEGER, author: { firstName: 'Luigi' }, lang: ['en', 'fr'] },
}, ended);
analytics.track({
  userId,
  event: 'Order Completed',
  properties: {
    order_id: 'o-1843', total: 27.5, currency: 'GBP',
    products: [{ product_id: 'p-1', name: 'Sketch of the Engine', price: 20, quantity: 1 }, { product_id: 'p-2', price: 7.5 }],
  },
}, ended);
analytics.page({ userId, category: 'Shop', name: 'Pricing', properties: { path: '/pricing' } }, ended);
analytics.screen({ userId, name: 'Basket', properties: { items: 2 } }, ended);
analytics.group({ userId, groupId: 'royal-society', traits: { name: 'Royal Society' } }, ended);
analytics.alias({ previousId: 'ada-byron', userId }, ended);
analytics.identify({ userId, traits: { gender: 'male' }, integrations: { All: true, CleverTap: false } }, ended);

analytics.closeAndFlush({ timeout: 20000 }).then(() => console.log(JSON.stringify(result)));
