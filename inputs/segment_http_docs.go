package inputs

const shDescription = `
Point any Segment SDK at it in place of ` + "`api.segment.io`" + `, or a webhook destination; neither has to be changed otherwise. Each call becomes a message of its own.

| Route | Who calls it |
| --- | --- |
| ` + "`POST /v1/identify`, `track`, `page`, `screen`, `group`, `alias`" + `, and their first letters | browsers, HTTP by hand |
| ` + "`POST /v1/batch`, `/v1/b`, `/v1/import`" + ` | servers and phones |
| ` + "`GET /v1/projects/{write key}/settings`" + ` | browsers and phones; the answer sends their calls to the ` + "`Host`" + ` of the request, so a proxy must pass it on |
| ` + "`POST /v1/m`" + ` | the browser SDK about itself; answered and dropped |
| ` + "`POST /webhook`" + ` | Segment's webhook destinations, signed |

A slash at the end does no harm. The write key may stand in Basic authentication, with and without its colon, or in the body; a Bearer token is not looked at. Bodies may be gzip and chunked, and may claim any content type. In React Native set ` + "`proxy`" + ` to the address that ends in ` + "`/v1/b`" + `. Not there: pixels (` + "`/v1/pixel`" + `), which cannot be told of a failure; the browser's script itself, which comes from npm or from Segment; ` + "`context.ip`" + `, which is not filled in.

### Calls

A call comes out merged with the ` + "`context`, `integrations` and `sentAt`" + ` of its batch (its own members win), with ` + "`type`, `messageId`, `receivedAt`, `originalTimestamp` and `timestamp`" + ` filled in, and without ` + "`writeKey` and `context.userHash`" + `. The ` + "`timestamp`" + ` is corrected by the difference between the two clocks, as Segment does, and never lies ahead.

On a route of one call, the type in the body counts, where there is one.

A call that is not valid is refused by itself, and its siblings go on. The answer to a batch tells how many were refused and describes the first ten; a route of one call answers 400. Refused calls are not kept. With ` + "`validate: false`" + ` most are passed on in place of being refused (the field says which are not), and the processor that maps them sends them to the dead letter. Reasons: ` + "`invalid_json`, `unsupported_type`, `no_user_anon_id`, `id_required`, `id_not_string`, `event_not_defined`, `event_not_string`, `properties_not_object`, `traits_not_object`, `name_not_string`, `category_not_string`, `call_too_large`, `delete_not_allowed`, `identity_hash_invalid`" + `.

### Trust

Each call has a level of trust, which components behind this input go by. It does not survive a queue, and a mapping cannot raise it.

| Level | Which calls | May |
| --- | --- | --- |
| ` + "`tracking`" + ` | all that came with a write key. Write keys are public, so anybody can have sent them, in anybody's name. Also the calls of a webhook's array that its signature does not cover | not delete; with ` + "`public_calls: limited`" + ` on the mapping also not link, alias, add push tokens or unsubscribe |
| ` + "`verified`" + ` | the same, with a ` + "`context.userHash`" + ` that ` + "`identity_secret`" + ` confirms | not delete |
| ` + "`signed`" + ` | those that the signature of a webhook covers | delete |

A delete from anybody else is rejected with ` + "`delete_not_allowed`" + `, here, in the mapping and in the output, unless ` + "`allow_public_deletes`" + ` is set. Calls with a member ` + "`batch`" + ` are rejected, whatever ` + "`validate`" + ` says: a processor could take them for an envelope.

The calls of a request form one batch. If their levels differ, the calls of each level form one. A person's calls keep their order: a call whose level differs from that of the person's call before is handed over when that one has been acknowledged. The request is answered when all batches are acknowledged.

### Delivery

The answer is 200 only after the pipeline has acknowledged every call of the request. 429 and 5xx say: send it again; SDKs and webhooks do. All other answers are final. A request that was delivered in part counts as not delivered, and comes again. Let the output be quick (` + "`batching.period`" + ` and its retries below ` + "`timeout`" + `), or put a queue in between and answer when the queue has it.

| Status | Meaning |
| --- | --- |
| 200 | delivered, or dropped on purpose, or refused for good (` + "`rejected`" + ` in the body) |
| 400 | not JSON, no write key, a single call that is not valid, or a request for settings with an invalid ` + "`Host`" + ` |
| 400 (413 on the webhook's path) | larger than ` + "`max_body_bytes`" + `, or with more JSON values than calls ever have; or, unpacked and with its envelope repeated in each call, more than a hundred times what was sent (16 KB are always allowed) or sixteen times ` + "`max_body_bytes`" + ` |
| 401 | wrong write key or signature |
| 403 | a page of an origin that is not in ` + "`allowed_origins`" + ` |
| 404, 405, 415 | another path, or settings of an unknown write key; another method; another content encoding than gzip |
| 429 (503 on the webhook's path) | too much at once, see ` + "`max_in_flight_requests`, `max_in_flight_bytes`" + `; or more than ` + "`rate_limit`" + ` |
| 431 | more than 16 KB of headers |
| 503 | not delivered, or shutting down |
| 503 (504 on the webhook's path) | no acknowledgement within ` + "`timeout`" + ` |

429 and 503 carry ` + "`Retry-After`" + `. When no acknowledgement came in time, or the caller left before the answer, a call may still be delivered and then come twice. With a ` + "`dedupe_cache`" + ` it is delivered once, as long as the cache lasts: ids are remembered after the acknowledgement, by route, write key and level of trust, and a call that comes again in the meantime waits for the first one's outcome. A ` + "`memory`" + ` cache forgets at a restart and is not shared between processes: take Redis in production. The ` + "`dedupe`" + ` processor remembers ids before delivery and loses what failed; do not use it behind this input.

### Metadata

- segment_type: identify, track, page, screen, group, alias or delete
- segment_user_id, segment_anonymous_id: where the call has them
- segment_message_id
- segment_route: tracking or webhook
- segment_note: null; our own components keep the level of trust in it

Headers are not passed on: they hold secrets.

### Metrics

- segment_http_requests_total{route, code}: answers by route (tracking, webhook, settings, metrics, none) and status
- segment_http_latency_ns{route}: from the request to its answer
- segment_http_refused_total{route, reason}: requests refused as a whole: missing_write_key, invalid_write_key, invalid_signature, invalid_host, origin_not_allowed (also a page's preflight), malformed_json, payload_too_large, growth_exceeded, unsupported_encoding, overloaded, rate_limited, timed_out, not_delivered, stopping, not_found, method_not_allowed, or the reason of a single call. The log reports each, at most once a minute, except not_found, method_not_allowed and stopping
- segment_http_calls_total{type}: calls taken, those that are dropped as duplicates later among them
- segment_http_rejected_total{reason}: calls refused by themselves
- segment_http_trust_total{trust}: calls taken, by level of trust
- segment_http_dropped_total{reason}: integrations, duplicate
- segment_http_dedupe_errors_total: calls for which the cache failed to look up or to store an id; they were delivered all the same
- segment_http_dedupe_unasked_total: calls for which the cache was not asked, because it had just failed; alert on both
`

const (
	shExampleTitle   = "SDKs to CleverTap"
	shExampleSummary = "Takes calls on port 4196 behind a proxy that terminates TLS, and answers when CleverTap has them."
	shExample        = `
input:
  segment_http:
    address: 127.0.0.1:4196
    write_keys: [ "${SEGMENT_WRITE_KEY:TEST-WRITE-KEY}" ]
    allowed_origins: [ "https://shop.example.com" ]

pipeline:
  processors:
    - try_catch:
        processors:
          - segment_to_clevertap: {}

output:
  clevertap:
    account_id: ${CLEVERTAP_ACCOUNT_ID}
    passcode: "${CLEVERTAP_PASSCODE}"
    batching: { count: 1000, period: 100ms }
`
)
