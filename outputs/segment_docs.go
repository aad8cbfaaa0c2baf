package outputs

const sgoSummary = "Sends calls to Segment's Tracking API, through Segment's own Go library."

const sgoDescription = `
Each message is one Segment call as JSON: an object whose ` + "`type`" + ` is ` + "`identify`, `track`, `page`, `screen`, `group` or `alias`" + `, as the ` + "`clevertap_to_segment`" + ` processor writes it or ` + "`segment_parse`" + ` hands it out.

### Delivery

At least once; exactly once in Segment for calls that have a ` + "`messageId`" + `, by which Segment drops repetitions for 24 hours. A message counts as delivered when Segment has answered the request that held it with a success. A call without ` + "`messageId`" + ` gets one here, which lasts for the retries of this output, but not for those of somebody else: give calls ids where they are made. Ids may repeat: what is delivered is told apart by position.

* Calls that Segment would not take fail one by one, before anything is sent: malformed ones, with Segment's word for it, and those over 32 KB. A ` + "`fallback`" + ` gets only these.
* What may succeed later is tried again here, in place: broken connections, timeouts, lost replies, the statuses 408, 410, 429, 460 and 5xx except 501, 505 and 511. After ` + "`max_retries`" + ` (or ` + "`backoff.max_elapsed_time`" + `) the calls fail. ` + "`Retry-After`" + ` is honoured up to a minute.
* 400, 413 and 422 for a whole request: it is halved until the call at fault stands alone. Nothing else is sent twice.
* 401 and 403 fail without a retry, with the rest of the batch. Other statuses fail without a retry.
* Messages that failed in a processor before are refused.
* Stopping waits for the outcome of every call that was handed over.

Delivered means that Segment has taken the call. It answers 200 also to calls that it discards afterwards, and to wrong write keys; the source's debugger and the delivery overview show them. For the same reason a connection test, which sends a batch without calls, proves that the endpoint answers, but not that the key is right.

### What arrives

Every member of a call arrives as it is, unknown ones, ` + "`integrations`, `context.device.token`, `originalTimestamp` and `sentAt`" + ` included; integers of any size and decimals keep their digits. Put right is only what Segment would discard or must not get: ids that are numbers become strings, empty ids are left out, ` + "`type`" + ` is written in lower case, of members with one name the first counts, and ` + "`writeKey`" + ` is removed. The ` + "`category`" + ` of a page or screen is copied into its properties.

### The library

Calls are queued, sent and acknowledged by ` + "`github.com/segmentio/analytics-go/v3`" + `. Its types cannot carry everything: they have no ` + "`context.device.token`" + `, no unknown members of calls, products or contexts, no ` + "`channel`, `version`, `originalTimestamp`, `sentAt`" + ` or ` + "`category`" + `, they round large integers and rewrite timestamps. Its batches name analytics-go as the library of every call. It tries every failure ten times, 400 as well, does not know ` + "`Retry-After`" + `, and drops calls when it is closed. So it is given a stand-in for each call, and its HTTP transport, which is ours, writes the calls themselves and does all retrying. What remains of its rules: an alias needs a ` + "`userId`" + ` and a ` + "`previousId`" + `, a group a ` + "`groupId`" + `. Bodies are not compressed, and OAuth is not supported.

### Order

The calls of a batch are sent in order, in requests one after the other; after a 400 for a request, too. Where a request fails, later ones are sent nevertheless. Batches overtake each other unless ` + "`max_in_flight`" + ` is 1.

### Requests

At most 2,500 calls and 500,000 bytes per request, whatever the size of a batch.

### Errors

An error's text begins with ` + "`segment: `" + ` and a reason: ` + "`invalid_json`, `unsupported_type`, `no_user_anon_id`, `id_required`, `id_not_string`, `event_not_defined`, `event_not_string`, `properties_not_object`, `traits_not_object`, `name_not_string`, `category_not_string`, `empty_batch`, `too_large`, `rejected`, `unmapped`, `unauthorized`, `unreachable`, `timeout`, `throttled`, `server_error`, `unclear_reply`, `unexpected_status`, `stopped`" + `. It holds no key and nothing of the call. Behind a ` + "`fallback`" + ` it is in the metadata ` + "`fallback_error`" + `.

### Metrics

` + "`segment_requests_total{code}`, `segment_request_latency_ns`, `segment_calls_total{type}` (accepted), `segment_rejected_total{reason}` (calls that will never be taken), `segment_retries_total{reason}`" + `.
`

const (
	sgoExampleTitle   = "With a dead letter"
	sgoExampleSummary = "Calls that Segment does not take, and those that could not be delivered after all retries, are written to a file together with the reason."
	sgoExample        = `
output:
  fallback:
    - segment:
        write_key: "${SEGMENT_WRITE_KEY}"
        region: eu1
    - file:
        path: ./dead-letter.jsonl
        codec: lines
      processors:
        - mapping: |
            root.call = content().string()
            root.error = @fallback_error
            root.reason = @fallback_error.re_find_object("^segment: (?P<reason>[a-z_]+)").reason | ""
`
)
