package inputs

const cexDescription = `
For every input that reads files (` + "`file`, `aws_s3`, `gcp_cloud_storage`, `sftp`" + `). CleverTap packs its files with gzip: put this scanner into ` + "`decompress`" + `, as the examples show. It reads exports in the format JSON; CSV, XML and Parquet are not supported.

* **Event files**: the first line names the event, every other line is one JSON object. The message is that object with ` + "`event_name`" + ` added in front; everything else is as in the file, byte for byte.
* **Profile files**: every line is one JSON object. The message is the line. A file is taken for one when its first line begins with ` + "`{`" + `.

Empty lines, a byte order mark and the line ends of any system are left out. A line that is not valid JSON is passed on as it is: ` + "`clevertap_to_segment`" + ` refuses it with ` + "`invalid_json`" + ` and it goes where failed messages go. A file that begins with something else (a JSON array, a line too long for a name) or whose archive is damaged ends with an error in the log; what was read before is delivered.

### Delivery

One message per line. A file counts as done (with ` + "`delete_on_finish`" + ` and the like) when all its lines have been acknowledged. End the output with a dead letter: the engine's ` + "`file`" + ` input stops when the last file has been read, and does not send again what is refused after that.

### Metadata

- clevertap_source: storage_export
- clevertap_event_name: the event, in event files
- clevertap_occurrence: in event files, how many identical lines came before it in this file, from 0. So a person who did the same thing twice in a second stays two events, and the same file read again yields the same numbers. Identical lines in two files of one export have the same number and so become one message for Segment. Counting takes about 40 MB of memory for a million lines, the most that one file holds.
`

const (
	cexExampleSummary = "Notification events, which CleverTap exports in no other way, from files that were copied to disk."
	cexExample        = `
input:
  file:
    paths: [ ./exports/*-Notification-Viewed-*.json.gz ]
    scanner:
      decompress:
        algorithm: gzip
        into:
          clevertap_export: {}
`
)
