// Package clevertaptest is a stand-in for CleverTap's upload, delete and export API, with real state behind it: profiles,
// identities, devices, tokens and events. It is for tests, demos and development; nothing leaves the process.
//
//	fake := clevertaptest.New(clevertaptest.Options{})
//	server := httptest.NewServer(fake)
//	// upload to server.URL with account TEST-ACCOUNT and passcode TEST-PASSCODE, then look at
//	fake.Profiles(), fake.Events(), fake.Rejections(), fake.Notices(), fake.Stats()
//
// It answers POST /1/upload and POST /1/delete/profiles.json as the service was recorded doing: always HTTP 200 when
// the request as a whole is in order, `status` success, partial or fail, refused records by number with CleverTap's
// code and text, printed with a space around every token, echoed as the checks have left them. Only the first failing
// check of a record is told: 524, 523 or 526, 525, then 514 to 520 for profiles, and 509, 513, 528, 512, 522 for events.
//
// Exports (GET /getSchema, POST and GET /1/events.json and /1/profiles.json) give out what was uploaded, and what Seed
// stored: also system events, and events that arrive late. An export is a snapshot; its cursors come percent-encoded,
// tell once that the page is still in progress, and expire by the clock of the options.
//
// SetFaults orders troubles at run time: latency, errors, throttling, records refused with 555, lost replies, slow
// replies, silence. Intercept lets a test answer by itself.
//
// # What is not documented
//
// Where CleverTap's documents are silent or contradict each other, the server does this:
//
//   - A root `identity` wins over `objectId`; whichever id nobody has yet is attached to the profile. Numbers are taken
//     for their digits.
//   - Any unknown id makes a profile, also an anonymous one by `objectId`. Profiles made by identity get a generated
//     objectId.
//   - objectIds are stored as sent and compared without regard to case. 526: empty, no string, one of the words that
//     importers refuse, or over 64 characters after the SDK's prefix (MaxObjectIDChars).
//   - 523 also for those words, such as "null" or "0", as identity (AllowRefusedIDs), and from 1024 characters on.
//   - `ts`: 525 for anything but a positive integer or its digits; no window; milliseconds only cause a notice.
//   - Over 1000 records or 100 tokens, and an empty, missing or wrong `d`: HTTP 400, nothing processed.
//   - No limit on the request size (MaxBodyBytes).
//   - 401 says "Invalid Credentials", 429 "Too many concurrent requests", without Retry-After.
//   - Over 100 properties (MaxEventProperties): 522. Objects and arrays outside `Charged.Items`: 512 (NestedObjects).
//   - Event values over 512 UTF-8 bytes: 512 (LongValues). Attributes, for which no code exists, are cut, with a notice.
//   - Names with forbidden characters or over 120 characters: accepted, the property or attribute dropped, a notice.
//   - Null values, unknown operators, nested attributes: accepted and dropped, with a notice.
//   - The published system events are refused with 513. "Web Page Viewed" is not, since Segment's own integration sends
//     it; RestrictWebPageViewed is for accounts that do refuse it.
//   - A profile without `profileData`: 524. An event without `evtData`: 512.
//   - Attributes keep the name as first written and match without regard to case. Phone keeps its plus.
//   - A profile that is given an identity becomes it; an identity that somebody has merges the two, and the history
//     stays (ForbidMerging). The platform's Identity Set and Identity Error are in IdentityEvents, not among Events.
//   - Tokens need a known objectId, else 530 (AllowUnknownTokenDevices); 534 when the type is unknown or contradicts
//     the SDK prefix of the objectId; 535 for chrome without its keys.
//   - Deletes take effect at once, unknown ids are fine, events stay.
//   - A dry run checks everything and stores nothing.
//   - Unknown paths answer an empty 200 (UnknownPath404).
//   - Pages hold the wanted number of records rounded down to a multiple of 23, at most 4991, by default 483; a number
//     below 23 means one page with everything. Records come by bucket of their person, then by time. The last of
//     several pages has no `records`, as an empty range has none.
//   - A cursor that was never given out, or was encoded twice: 400 "Incorrect Usage", code 3. An expired one: 400
//     "invalid cursor", CURSOR_INVALIDATED. Cursors may be used again while they live.
//   - Notification and Channel events, Push Impressions and Control Group: 400 "Export not allowed for this event".
//     Unknown events: 400 with a list as text. Wrong or future dates: 400, code 4002.
//   - Filters of events and profiles are ignored. `app` is false by default, `events` and `profile` are true.
//
// Replies from 2017, with `record` as a string and always `status` success, are available as LegacyReplies.
//
// There is no promise of compatibility before v1.
package clevertaptest
