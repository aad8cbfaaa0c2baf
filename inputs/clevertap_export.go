package inputs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

const (
	cexFieldMaxBufferSize = "max_buffer_size"

	// cexMaxBufferSize leaves room for a profile with 256 attributes of 512 bytes each.
	cexMaxBufferSize = 1 << 20

	cexMetaSource     = "clevertap_source"
	cexMetaEventName  = "clevertap_event_name"
	cexMetaOccurrence = "clevertap_occurrence"

	cexSource = "storage_export"
)

func clevertapExportSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Version("0.1.0").
		Categories("Services").
		Summary("Reads the files of CleverTap's cloud-storage exports, line by line.").
		Description(cexDescription).
		Field(service.NewIntField(cexFieldMaxBufferSize).
			Description("The longest line in bytes. A longer one is cut there and passed on like any broken line, and the log names its number.").
			Default(cexMaxBufferSize).
			LintRule(`root = if this < 1 { ["max_buffer_size must be at least 1"] }`).
			Advanced()).
		Example("Files on disk", cexExampleSummary, cexExample)
}

func init() {
	service.MustRegisterBatchScannerCreator("clevertap_export", clevertapExportSpec(),
		func(conf *service.ParsedConfig, mgr *service.Resources) (service.BatchScannerCreator, error) {
			maxLine, err := conf.FieldInt(cexFieldMaxBufferSize)
			if err != nil {
				return nil, err
			}
			return newClevertapExport(maxLine, mgr.Logger())
		})
}

type clevertapExport struct {
	maxLine int
	log     *service.Logger
}

func newClevertapExport(maxLine int, log *service.Logger) (*clevertapExport, error) {
	if maxLine < 1 {
		return nil, fmt.Errorf("%s must be at least 1", cexFieldMaxBufferSize)
	}
	return &clevertapExport{maxLine: maxLine, log: log}, nil
}

// Create reads one file. The engine's wrapper acknowledges it after the last of its lines.
func (e *clevertapExport) Create(source io.ReadCloser, ack service.AckFunc, details *service.ScannerSourceDetails) (service.BatchScanner, error) {
	return service.AutoAggregateBatchScannerAcks(&storageFile{
		source: source,
		lines:  newStorageLines(source, e.maxLine),
		log:    e.log.With("file", details.Name()),
		seen:   map[storageLineHash]uint32{},
	}, ack), nil
}

// Close has nothing to release.
func (*clevertapExport) Close(context.Context) error { return nil }

// storageLineHash is a hash of a line, short because a file may hold a million of them.
type storageLineHash [16]byte

// storageFile is one file being read.
type storageFile struct {
	source io.Closer
	lines  *storageLines
	log    *service.Logger

	begun bool
	// event is the event that the file is about, empty in a file of profiles.
	event string
	// seen counts the lines of an event file.
	seen map[storageLineHash]uint32
}

// NextBatch returns the next line that is not empty. What a line is worth is for the processor behind to say, so that
// a broken one takes the way of all failed messages.
func (f *storageFile) NextBatch(context.Context) (service.MessageBatch, error) {
	for {
		line, cut, err := f.lines.next()
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			continue
		}
		if cut {
			f.log.Warnf("Line %d is longer than %s and was cut", f.lines.number, cexFieldMaxBufferSize)
		}
		if !f.begun {
			f.begun = true
			names, err := storageEventName(line, cut)
			if err != nil {
				return nil, err
			}
			if names {
				f.event = strings.TrimSpace(string(line))
				continue
			}
		}
		return service.MessageBatch{f.message(line)}, nil
	}
}

// storageEventName tells whether the first line of a file names an event. A line that begins like an object does not,
// even if it is broken: taken for a name, it would make events of all the profiles behind it.
func storageEventName(line []byte, cut bool) (bool, error) {
	switch text := strings.TrimSpace(string(line)); {
	case strings.HasPrefix(text, "{"):
		return false, nil
	case cut:
		return false, errors.New("clevertap_export: the first line is too long to name an event")
	case text == "" || text == "[" || strings.HasPrefix(text, "[{"):
		return false, errors.New("clevertap_export: the first line neither names an event nor is a JSON object")
	}
	return true, nil
}

func (f *storageFile) message(line []byte) *service.Message {
	if f.event == "" {
		msg := service.NewMessage(append([]byte(nil), line...))
		msg.MetaSetMut(cexMetaSource, cexSource)
		return msg
	}
	sum := sha256.Sum256(line)
	hash := storageLineHash(sum[:])
	before := f.seen[hash]
	f.seen[hash]++
	msg := service.NewMessage(clevertap.WithEventName(append([]byte(nil), line...), f.event))
	msg.MetaSetMut(cexMetaSource, cexSource)
	msg.MetaSetMut(cexMetaEventName, f.event)
	msg.MetaSetMut(cexMetaOccurrence, strconv.FormatUint(uint64(before), 10))
	return msg
}

// Close closes the file.
func (f *storageFile) Close(context.Context) error { return f.source.Close() }
