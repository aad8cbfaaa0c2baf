// Sends CALLS track calls, PER_REQUEST of them in a request, with Segment's SDK for Node and prints how each one ended.
const { Analytics } = require('@segment/analytics-node');

const analytics = new Analytics({ writeKey: process.env.WRITE_KEY, host: process.env.SEGMENT_HOST, flushAt: Number(process.env.PER_REQUEST) });
const result = { delivered: 0, failed: [] };

for (let number = 1; number <= Number(process.env.CALLS); number++) {
  analytics.track({ userId: 'ada-1815', event: 'Lesson Finished', properties: { number } }, (error) => {
    if (error) result.failed.push(String(error));
    else result.delivered++;
  });
}

analytics.closeAndFlush({ timeout: 40000 }).then(() => console.log(JSON.stringify(result)));
