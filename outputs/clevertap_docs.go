package outputs

const ctoSummary = "Uploads profiles, events and device tokens to CleverTap, and deletes profiles."

const ctoDescription = `
Each message is one record of CleverTap's upload API, as the ` + "`segment_to_clevertap`" + ` processor writes it: a JSON object whose ` + "`type`" + ` is ` + "`profile`, `event` or `token`" + `. A message ` + "`{\"type\":\"delete\",\"identity\":\"…\"}`" + ` (or ` + "`objectId`" + `) deletes that person. Records are sent byte for byte as they are.

### Delivery

At least once. A message counts as delivered when CleverTap has accepted its record. What is sent again is only what was not accepted; the one case in which CleverTap may count an event twice is a reply that got lost on the way (or came after ` + "`timeout`" + `).

* Records that CleverTap refuses fail one by one, at once, and the others of the batch go on: a ` + "`fallback`" + ` gets only the refused ones.
* What may succeed later is tried again here, in place: broken connections, timeouts, the statuses 408, 429 and 5xx, lost replies, and single records answered with 555. After ` + "`max_retries`" + ` (or ` + "`backoff.max_elapsed_time`" + `) the records fail.
* 401 and 403 (credentials, or the wrong region) fail without a retry, with the rest of the batch.
* 400 and 413 for a whole request: it is halved until the record at fault stands alone.
* Messages that failed in a processor before are refused.
* A delete fails with ` + "`delete_not_allowed`" + ` if its call came with a public write key, whatever stands in front of this output.

Accepted does not mean stored as sent: CleverTap applies the limits of its schema later and shows what it dropped in the dashboard's error stream.

### Order

Records that share an id (` + "`identity`, `objectId`, `FBID`, `GPID`, `profileData.Identity`" + `) are sent in the order in which the output is given them, also when ` + "`max_in_flight`" + ` lets it send several batches at the same time: a later one goes into the same request, behind the earlier one, or waits until the fate of the earlier one is known. Nobody else waits, and what waits in several batches is sent together.

Batches that share an id are also acknowledged in that order: one is done when its own records are, and each earlier batch that has one of its people is done. So a crash does not bring back an old record alone of a person whose newer one was acknowledged (docs/guarantees.md names the moments in which it may). The price: while one record of a batch is tried again, later batches with people in common keep their place in flight, and when all ` + "`max_in_flight`" + ` places are taken, the pipeline waits. Bounded retries bound that. And the engine needs time to pass acknowledgements on, so that two such batches are done 10 ms apart (20 after one of more than 1000 messages, and so on): at most a hundred in a second, so let ` + "`batching`" + ` collect records where the same people come again and again.

* When a record could not be delivered, later ones of the same person in its batch are held back and fail, too. Those of other batches go on: by then the record is on its way to the dead letter, or back to its source, and holding up more would not change that.
* A record that is answered 555 is sent again after later ones of its own request.
* The order is the one in which batches reach this output. ` + "`pipeline.threads: 1`" + ` keeps it from the input up to here; several threads mix batches.

### Requests

At most 1000 profiles and events per request; at most 100 tokens, in requests of their own; at most 100 deletes, one delete request at a time. Deletes take effect within two days and cannot be tried out with ` + "`dry_run`" + `.

### Errors

An error's text begins with ` + "`clevertap: `" + ` and a reason: ` + "`rejected`" + ` (followed by CleverTap's code and text), ` + "`invalid_record`, `unmapped`, `unauthorized`, `unreachable`, `timeout`, `throttled`, `server_error`, `unclear_reply`, `held_back`, `delete_not_allowed`, `stopped`" + `. It holds no credentials and nothing of the record: of CleverTap's text only known words of error messages are kept, and everything else becomes ` + "`***`" + `. Behind a ` + "`fallback`" + ` it is in the metadata ` + "`fallback_error`" + `; an output cannot set metadata there itself, so the dead letter takes code and text out of it, as the example shows.

### Metrics

` + "`clevertap_requests_total{code}`, `clevertap_request_latency_ns`, `clevertap_records_total{kind}` (accepted), `clevertap_records_rejected_total{code}`, `clevertap_retries_total{reason}`" + `.
`

const (
	ctoExampleTitle   = "With a dead letter"
	ctoExampleSummary = "What CleverTap refuses, and what could not be delivered after all retries, is written to a file together with the reason. The code is CleverTap's, and empty for other failures."
	ctoExample        = `
output:
  fallback:
    - clevertap:
        account_id: ${CLEVERTAP_ACCOUNT_ID}
        passcode: "${CLEVERTAP_PASSCODE}"
        region: in1
    - file:
        path: ./dead-letter.jsonl
        codec: lines
      processors:
        - mapping: |
            let code = @fallback_error.re_find_object("^clevertap: rejected (?P<code>[0-9]+)").code | ""
            meta clevertap_error = @fallback_error
            meta clevertap_error_code = $code
            root.record = content().string()
            root.error = @fallback_error
            root.code = $code
`
)
