// Package segmentgen invents Segment calls: the same seed gives the same bytes, on every machine. It feeds the example
// data, the demo, benchmarks and end-to-end tests.
//
// The calls look like what Segment's libraries send and like what Segment writes to S3: full context, nested
// properties, Unicode names, dates, numbers beyond 2^53, visitors who are anonymous first and known later, and a chosen
// share of calls that something is wrong with. Nobody in them exists: e-mail addresses are on example domains, phone
// numbers from ranges set aside for fiction where a country has one.
//
// WriteSeed invents the other side: what CleverTap's own SDKs raise, for the sandbox's exports to give out. WriteExport
// invents the same as it comes out of an event export.
//
// It imports the standard library only. There is no promise of compatibility before v1.
package segmentgen
