// Package processors holds the components that look at one message at a time. Each file is one component; what a call
// or a record means is decided in plugins/segment and plugins/mapping, which know nothing of pipelines.
//
// A document may hold many calls, so one message may become many. All are derived from it and stay in its batch, which
// keeps acknowledgements right. Refused calls come first among them: try_catch and strict error handling look at the
// first message only to learn whether a step failed.
package processors
