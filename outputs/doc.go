// Package outputs holds the outputs: components that hand messages to a service and report, message by message, what
// became of them.
//
// A batch is cut into requests here and the answers are traced back to the messages. What fails for good, or after all
// retries, fails by index: everything else of the batch counts as delivered. Retries happen inside the output and touch
// only what was not accepted, so that a `fallback` behind it sees nothing that is merely late.
package outputs
