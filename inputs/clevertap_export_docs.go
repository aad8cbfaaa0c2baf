package inputs

import "strings"

var cxDelivery = `
### Delivery

At least once, and hardly ever twice. Every page of the export is one batch. Only when all its messages were acknowledged is it noted in the cache, and only then the next page is read; so an output that collects batches needs a period.

* After a restart, a killed process included, the export goes on where it was: at most the one page that was under way comes again.
* When the cursor has expired by then (events: 4 hours, or 1 hour unused; profiles: 4 days), the days are read again and what was delivered is skipped: the cache keeps 16 bytes per record for days that can still change.
* The API can only be asked for whole days. Every round reads the last ` + "`lookback`" + ` days and today again and delivers what is new in them, however late it arrived.
* Rejected messages (nacks) come again without end while ` + "`auto_replay_nacks`" + ` is on; end the pipeline in a dead letter.

### Requests

At most three at once for an account, over all inputs of the process, since CleverTap answers a fourth with 429. The input waits while CleverTap answers "still in progress", and retries after throttling, timeouts and server errors.

### Errors

Errors begin with the component and one of these reasons. No record is skipped: a checkpoint moves only past records that were delivered.

| Reason | What to do |
| --- | --- |
` + cxReasons() + `
* **One event name fails** while CleverTap answers other requests: the input logs a warning once per reason, reads the other names, and tries this one again in the next round. With ` + "`poll_interval: 0s`" + ` it tries the name twice more after the others. If that fails too, it logs an error with the reason word ` + "`incomplete`" + ` that lists what was left unread, the process exits with 1, and the next run continues from the checkpoints.
* **CleverTap does not know an event name or does not export it** (` + "`unknown_event`, `not_exportable`" + `): the input skips the name and counts it in ` + "`clevertap_export_skipped_total`" + `, with a warning if it is one of ` + "`event_names`" + `. It does not count as unread: the process can exit with 0.
* **Everything fails** (credentials, network, rate limit, cache, or CleverTap does not list the events either): the input logs an error and retries forever, at most 30 seconds apart.

### Progress

After each window of days of an event name, the input logs one line at INFO: pages, records, how many of them are new, and the days and names that are left.

### Memory

A page of more than 64 MB is refused with ` + "`page_too_large`" + `: lower ` + "`batch_size`" + `. The process takes about 60 MB plus six times the size of a page: 5,000 events of 2 KB are 10 MB, so 100 to 130 MB. With a ` + "`GOMEMLIMIT`" + ` it is three times the size of a page.

### Metrics

* ` + "`clevertap_requests_total{code}`, `clevertap_request_latency_ns`, `clevertap_retries_total{reason}`" + `
* ` + "`clevertap_export_pages_total`, `clevertap_export_records_total{outcome}` (`delivered`, `known`), `clevertap_export_restarts_total`" + `
* ` + "`clevertap_export_skipped_total{reason}`: `unknown_event`, `not_exportable`" + `
* ` + "`clevertap_export_failures_total{reason}`" + `: attempts that failed with a reason of the table.
* ` + "`clevertap_export_events_failing`" + `: event names whose last attempt failed. Alert on it.
* ` + "`clevertap_export_events_left`" + `: event names that the round has yet to read.
* ` + "`clevertap_export_event_pages_total{event}`, `clevertap_export_event_records_total{event,outcome}`, `clevertap_export_event_days_left{event}`" + `: for the first 500 event names; pages and records of all others are counted as ` + "`others`" + `.
`

func cxReasons() string {
	var rows strings.Builder
	for _, reason := range exportReasons {
		rows.WriteString("| `" + reason.word + "` | " + reason.remedy + " |\n")
	}
	return rows.String()
}

const cevSummary = "Reads events from CleverTap's export API: once, or again and again."

var cevDescription = `
Each message is one event as CleverTap exports it, byte for byte, with its name added: ` + "`{\"event_name\":…,\"profile\":{…},\"ts\":20260331173000,\"event_props\":{…}}`" + `. Its ` + "`ts`" + ` is in the project's time zone. The ` + "`clevertap_to_segment`" + ` processor turns it into Segment's track.

### Metadata

* ` + "`clevertap_account_id`, `clevertap_event_name`, `clevertap_timezone`" + `
* ` + "`clevertap_day`" + `: the day of the event in that zone, such as 2026-03-31.
* ` + "`clevertap_occurrence`" + `: how many equal events of that day came before it, from 0. Exports have no record ids, so an event that really happened twice in a second is told from a repetition only by this number. Equal means: same person (objectId), time, event properties and session properties, whatever became of the profile since.
* ` + "`clevertap_source`" + `: ` + "`events_export`" + `
` + cxDelivery + `
### Limits

* Notification events (sent, viewed, clicked, …), push impressions, channel and control-group events cannot be exported by API: they come by webhook or in storage exports only. They are skipped.
* Events that arrive more than ` + "`lookback`" + ` days after their day are missed.
* One event name after the other, in windows of at most 31 days, whose records are counted in memory (about 50 bytes each).
* Nested properties are not exported by CleverTap.
`

const (
	cevExampleTitle   = "Every quarter of an hour"
	cevExampleSummary = "Reads all events since the start of the year, then what is new every 15 minutes. What was delivered is kept in files."
	cevExample        = `
input:
  clevertap_events:
    account_id: ${CLEVERTAP_ACCOUNT_ID}
    passcode: "${CLEVERTAP_PASSCODE}"
    region: in1
    from: 2026-01-01
    timezone: Asia/Kolkata
    poll_interval: 15m
    checkpoint_cache: checkpoints
output:
  stdout: {}
cache_resources:
  - label: checkpoints
    file:
      directory: ./checkpoints
`
)

const cprSummary = "Reads profiles from CleverTap's export API: once, or again and again."

var cprDescription = `
Each message is one profile as CleverTap exports it, byte for byte. An export finds the people who raised an event on certain days, so ` + "`event_names`" + ` says who is meant: people with at least one of these events since ` + "`from`" + `. A person is delivered once however many of the events and devices are found, and again when anything in the profile has changed. The ` + "`clevertap_to_segment`" + ` processor turns it into Segment's identify.

### Metadata

* ` + "`clevertap_account_id`, `clevertap_timezone`" + `
* ` + "`clevertap_day`" + `: the day of the export in that zone, such as 2026-03-31.
* ` + "`clevertap_occurrence`" + `: always 0.
* ` + "`clevertap_source`" + `: ` + "`profiles_export`" + `
` + cxDelivery + `
### Limits

* People who only ever received notifications, without any other event, are not exported.
* A change of someone who raised none of the events in the last ` + "`lookback`" + ` days is not seen, and deletions never are: CleverTap has no filter for changes.
* What was delivered is remembered for ` + "`lookback`" + ` days: who is found after that comes again, changed or not. About 100 bytes of memory per person while reading.
`

const (
	cprExampleTitle   = "Once a day"
	cprExampleSummary = "Reads the profiles of everybody who has opened the app since the start of the year, then once a day those that have changed."
	cprExample        = `
input:
  clevertap_profiles:
    account_id: ${CLEVERTAP_ACCOUNT_ID}
    passcode: "${CLEVERTAP_PASSCODE}"
    region: in1
    event_names: [ App Launched ]
    from: 2026-01-01
    timezone: Asia/Kolkata
    poll_interval: 24h
    checkpoint_cache: checkpoints
output:
  stdout: {}
cache_resources:
  - label: checkpoints
    file:
      directory: ./checkpoints
`
)
