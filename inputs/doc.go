// Package inputs holds the inputs and scanners: where CleverTap's data comes in. Each forgets what it has read only when
// that was delivered.
//
// clevertap_events and clevertap_profiles share the files clevertap_export_*: a round goes over all events, an event
// over windows of days, a window over the pages behind one cursor. A page is one batch and the unit of the checkpoint.
// What was delivered is kept in a book, because exports have neither record ids nor a finer filter than days.
//
// clevertap_webhook answers a call with success only after the pipeline has acknowledged all of it. The scanner
// clevertap_export reads the lines of storage-export files and acknowledges a file after its last line.
package inputs
