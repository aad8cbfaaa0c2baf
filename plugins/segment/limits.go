package segment

// What the Tracking API takes.
// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#max-request-size
// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#batch
const (
	// MaxCallBytes is the size of one call.
	MaxCallBytes = 32 << 10
	// MaxBatchBytes is the size of one request. The documents say 500 KB; clients disagree on what a KB is.
	MaxBatchBytes = 500 << 10
	// MaxBatchCalls is how many calls of a request are taken. The rest is dropped, and the answer is a success.
	MaxBatchCalls = 2500
)
