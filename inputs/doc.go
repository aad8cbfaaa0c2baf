// Package inputs holds the inputs and scanners: where CleverTap's data comes in. clevertap_webhook answers a webhook call
// with success only after the pipeline has acknowledged all of it, and clevertap_export reads the lines of storage-export
// files and acknowledges a file after its last line.
package inputs
