package inputs

const cwhDescription = `
For the channel *Webhooks* of campaigns and journeys, and for the post-action webhooks of pushes. In CleverTap's dashboard (Settings, Channels, Webhooks) choose the method POST, the type JSON and Basic authentication; or set a secret header of your own.

Each profile of a call becomes a message of its own: the body as CleverTap sent it, byte for byte, but with ` + "`profiles`" + ` holding an array of just this one profile. All documented shapes are read: profiles in an array, one or many, a single profile that stands alone, keys in any case. A template with a JSON body of its own, without ` + "`profiles`" + `, becomes one message as it is. The messages of a call form one batch.

Not supported: webhooks with the methods GET, PUT or DELETE, plain text, packed bodies.

### Delivery

The answer is 200 only after the pipeline has acknowledged everything in the call. CleverTap treats every other status as an error, tries once more after about three seconds and then gives the call up. So let the pipeline be quick (small ` + "`batching.period`" + ` and few retries at the output, well below ` + "`timeout`" + `), or put a queue in between and answer when the queue has it.

| Status | Meaning |
| --- | --- |
| 200 | delivered; or the test call; or a call that holds no profiles |
| 400 | not a JSON object, nested too deeply, or ` + "`profiles`" + ` is neither object nor array |
| 401 | the credentials or the secret are missing or wrong |
| 404, 405, 415 | another path, a method other than POST, a packed body |
| 413 | larger than ` + "`max_body_bytes`" + `, more than 10,000 profiles, or too much to repeat for each of them |
| 431 | more than 16 KB of headers |
| 503 | not delivered: the pipeline refused it, too many calls at once, or shutting down |
| 504 | no acknowledgement within ` + "`timeout`" + `; it may still be delivered |

After 504, and when the caller left before the answer, the same data may come twice. ` + "`clevertap_to_segment`" + ` gives both the same message id when they come on the same day (UTC), and Segment drops the second.

The call that CleverTap makes when a template is saved (` + "`is_test: true`" + `) is answered 200 and not passed on, since its profiles are invented. This is the one call with profiles that is answered 200 without being delivered.

### Metadata

- clevertap_source: webhook
- clevertap_day: the day of receipt, as YYYY-MM-DD in UTC
- clevertap_target_id: the id of the campaign, where the call has it
- clevertap_account_id: the ` + "`account_id`" + `, where it is set

Headers are not passed on: they hold secrets.

### Metrics

- clevertap_webhook_requests_total{code}: answers by status
- clevertap_webhook_profiles_total: profiles delivered
`

const (
	cwhExampleTitle   = "Basic authentication"
	cwhExampleSummary = "Takes webhooks on port 4197 behind a proxy that terminates TLS, and writes one line per profile."
	cwhExample        = `
input:
  clevertap_webhook:
    address: 127.0.0.1:4197
    path: /clevertap
    username: ${WEBHOOK_USERNAME}
    password: "${WEBHOOK_PASSWORD}"

output:
  file:
    path: ./webhooks.jsonl
    codec: lines
`
)
