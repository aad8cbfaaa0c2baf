package processors

import "github.com/redpanda-data/benthos/v4/public/service"

func segmentToClevertapSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Version("0.1.0").
		Categories("Mapping", "Segment", "CleverTap").
		Summary("Turns Segment calls into CleverTap upload records.").
		Description(segmentToClevertapDescription).
		Fields(segmentToClevertapFields()...).
		Example("File to CleverTap", "Calls that cannot be mapped and records that CleverTap refuses end in one file, each with its reason.", `
input:
  file:
    paths: [ ./calls.jsonl ]
pipeline:
  processors:
    - try_catch:
        processors:
          - segment_to_clevertap:
              phone_region: DE
output:
  switch:
    cases:
      - check: '@error != null'
        output:
          resource: dead_letter
      - output:
          fallback:
            - clevertap:
                account_id: ${CLEVERTAP_ACCOUNT_ID}
                passcode: "${CLEVERTAP_PASSCODE}"
            - resource: dead_letter
output_resources:
  - label: dead_letter
    file:
      path: ./dead_letter.jsonl
      codec: lines
`).
		Example("Visitors who sign in", "Joins what a visitor did before signing in to the user, once per visitor.", `
pipeline:
  processors:
    - segment_to_clevertap:
        identity_cache: identities
cache_resources:
  - label: identities
    redis:
      url: redis://127.0.0.1:6379
`)
}

const segmentToClevertapDescription = `
One call in, zero or more records out, each a message of its own: compact JSON, ready for the ` + "`clevertap`" + ` output. Takes
what ` + "`segment_parse`" + ` takes: a call, an envelope or an array.

- identify becomes a profile. ` + "`name`, `birthday`, `avatar`, `gender`, `phone`, `email`" + ` become CleverTap's own fields, in
  any spelling, and are made valid or left out, since CleverTap refuses a whole record for one bad value.
- track becomes an event of the same name. ` + "`Order Completed`" + ` becomes ` + "`Charged`" + ` with ` + "`Charged ID`, `Amount` and `Items`" + `.
- page and screen become the events ` + "`page_event` and `screen_event`" + `.
- alias gives the old id the new identity.
- group is dropped or becomes attributes; delete becomes a delete of the person, unless the call came with a public write
  key: then it fails with ` + "`delete_not_allowed`" + `. A message that ` + "`segment_http`" + ` has received is one call, even if it looks like
  an envelope.
- A push token in ` + "`context.device.token`" + ` gives one more record.

Dropped on purpose, and counted: calls whose ` + "`integrations`" + ` name CleverTap with ` + "`false`" + `, calls that this bridge itself wrote
on the way from CleverTap to Segment, and group calls.

A call that cannot be mapped becomes an errored message and does not disturb its neighbours. The error reads
` + "`segment_to_clevertap: reason: field: rule`" + ` and never holds a value. Reasons: ` + "`invalid_json`, `empty_batch`, `unsupported_type`, `missing_identity`, `invalid_products`, `limit_exceeded`, `delete_not_allowed`, `identity_cache_failed`" + `, and Segment's own
` + "`id_not_string`, `event_not_defined`, `event_not_string`, `properties_not_object`, `traits_not_object`, `name_not_string`, `category_not_string`" + `. Of the messages of a batch document the errored ones come first.

### Identity caches

A visitor that the ` + "`identity_cache`" + ` forgets is joined to the next user as well, and CleverTap merges the two people for good. So
` + "`run`" + ` refuses caches that forget:

- lru and ttlru, which drop entries when they are full, and memcached and noop
- memory with a ` + "`compaction_interval`" + `, which it has by default
- every cache with a ` + "`default_ttl`" + `
- ristretto, redpanda, aws_s3 and gcp_cloud_storage, which can replace an entry
- multilevel if its last level is one of these

Use file, nats_kv with a bucket that has no TTL, or redis with ` + "`maxmemory-policy noeviction`" + `. memory with
` + "`compaction_interval: \"\"`" + ` is allowed, with a warning: a restart empties it. A warning also names what cannot be examined: other
kinds of caches, caches in streams mode, with ` + "`--watcher`" + `, and in your own binaries.

While the cache fails or hangs, identify and alias calls that need it wait until it works, and the calls behind them with
them. A warning names the cache when it begins to fail, and then once a minute. Calls from ` + "`segment_http`" + `, whose senders wait for
an answer, wait for at most half a second and not beyond half of the input's ` + "`timeout`" + `. They then fail with ` + "`identity_cache_failed`" + `, and further
ones fail at once until the cache works. A visitor is joined to a user only once the cache has answered.

### Metadata

- clevertap_type: profile, event, token or delete
- clevertap_fixes: what had to be repaired, comma-separated, on the first record of the call; absent if nothing. ` + "`value_truncated`, `value_dropped`, `key_truncated`, `key_sanitized`, `key_collision`, `event_name_fixed`, `restricted_event`, `properties_dropped`, `items_dropped`, `gender_dropped`, `dob_dropped`, `phone_dropped`, `email_dropped`, `token_skipped`, `identity_conflict`, `not_trusted`" + `
- segment_message_id: the call's, where it has one

### Metrics

- segment_to_clevertap_records_total{kind}
- segment_to_clevertap_fixes_total{fix}
- segment_to_clevertap_dropped_total{reason}: not_trusted, integrations, origin or group
- segment_to_clevertap_links_refused_total: calls of visitors that were not joined because of ` + "`identity_max_links`" + `
- segment_to_clevertap_identity_cache_failing: 1 while the cache fails
- segment_to_clevertap_identity_cache_waiting: calls that wait for the cache
- segment_to_clevertap_errors_total{reason}`
