// Package segmenttest is a stand-in for Segment's Tracking API, for tests, demos and development; nothing leaves the
// process.
//
//	fake := segmenttest.New(segmenttest.Options{})
//	server := httptest.NewServer(fake)
//	// send calls to server.URL with the write key TEST-WRITE-KEY, then look at
//	fake.Calls(), fake.Rejections(), fake.Stats()
//
// It answers POST on /v1/ followed by identify, track, page, screen, group, alias, batch, import, or one of the letters
// b, t, i, p, s, g, a, with or without a slash at the end. The write key comes as the user of Basic authentication, with
// or without a colon, or as `writeKey` in the body, alone or next to a Bearer token. Bodies may be gzipped; their content
// type does not matter.
//
// As the service does, it says {"success":true} to nearly everything. What it accepted and then discarded is found in
// Rejections, with Segment's word for the reason:
// https://segment.com/docs/connections/delivery-overview/.
//
// SetFaults orders troubles at run time: latency, errors, throttling, lost replies, slow replies, silence. Intercept lets
// a test answer by itself.
//
// # What is not documented
//
// Where Segment's documents are silent or contradict each other, the server does this:
//
//   - A wrong write key is answered 200 and its calls are lost, as live tests reported (RejectWrongKey answers 401). No
//     key at all: 400.
//   - Any Bearer token is good; the write key decides.
//   - A key of another region likewise: 200 and silent loss (RejectWrongRegion answers 400, as the page on regions has
//     it). The region is that of the host asked for, or Options.Region where the host does not tell.
//   - 400 for the whole request: invalid JSON, a `batch` that is no list, bad gzip, more than 500 KB after unzipping, and
//     any call over 32 KB as it is written in the body. A KB is 1,024 bytes. Other methods than POST are answered like
//     invalid JSON.
//   - Over 2,500 calls in a request: 200, the surplus is rejected as `too_many_events`, a word of ours.
//   - Ids must be strings that are not empty. Null counts as absent.
//   - A batch's type must be written in lower case. On the routes of one type it may be missing.
//   - alias without `previousId` and group without `groupId`: `id_required`.
//   - A call that is no object: `invalid_json`, a word of ours. A type that is none, `delete` too: `unsupported_type`,
//     likewise.
//   - Only the first thing wrong with a call is told; there is no `multi_user_error` on top.
//   - `context` and `integrations` of the envelope are merged into each call member by member, the call's own win.
//   - A message id that came before within 24 hours is a duplicate: 200, counted, not kept. Rejected calls leave no id
//     behind. A call without one gets an id.
//   - The texts and codes of errors, but for malformed JSON, are ours.
//   - 429 carries Retry-After and X-RateLimit-Reset in seconds.
//   - Connections are told apart by the client's address and port.
//   - Other paths: 404.
//
// There is no promise of compatibility before v1.
package segmenttest
