/** Two people use one browser, one after the other. Returns the anonymous ids that the SDK gave them. */
async function visit(settings) {
  const analytics = AnalyticsNext.AnalyticsBrowser.load(settings);
  const anonymousId = async () => (await analytics.user()).anonymousId();

  await analytics.track('Landing Viewed');
  const first = await anonymousId();
  await analytics.identify('ada-1815', { name: 'Ada Lovelace', email: 'ada@example.com', plan: 'gold' });
  await analytics.track('Course Started', { title: 'Bernoulli numbers', hours: 12.5 });
  await analytics.page('Shop', 'Pricing', { aisle: 7 });

  await analytics.reset();
  const second = await anonymousId();
  await analytics.identify('grace-1906', { name: 'Grace Hopper', email: 'grace@example.com', plan: 'silver' });
  await analytics.track('Course Finished', { title: 'Compilers' });
  return { first, second };
}
