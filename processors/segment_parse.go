package processors

import (
	"context"
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const (
	spFieldDropInvalid = "drop_invalid"
)

func segmentParseSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Version("0.1.0").
		Categories("Parsing", "Segment").
		Summary("Reads Segment calls: checks them, takes batches apart and sets metadata to route on.").
		Description(`
Takes one call, an envelope `+"`{\"batch\":[…]}`"+` or a JSON array of calls, and returns one message per call. A single
call passes unchanged, byte for byte. A call of an envelope is merged with the envelope's `+"`context`, `integrations` and `sentAt`"+`;
its own members win.

A call that is not valid becomes an errored message of its own and its siblings go on; errored messages come first. The
error reads `+"`segment_parse: reason: field: rule`"+`, with Segment's own reason words: `+"`invalid_json`, `empty_batch`, `unsupported_type`, `no_user_anon_id`, `id_required`, `id_not_string`, `event_not_defined`, `event_not_string`, `properties_not_object`, `traits_not_object`, `name_not_string`, `category_not_string`"+`.

`+"`segment_to_clevertap`"+` reads batches itself: you need this processor only to route, filter or change calls before they
are mapped.

### Metadata

- segment_type: identify, track, page, screen, group, alias or delete
- segment_user_id, segment_anonymous_id, segment_message_id: where the call has them

### Metrics

- segment_parse_calls_total{type}
- segment_parse_errors_total{reason}`).
		Field(service.NewBoolField(spFieldDropInvalid).
			Description("Leave calls that are not valid out, counted, instead of passing them on as errored messages.").
			Default(false)).
		Example("Orders only", "Reads batches from a queue and keeps the orders.", `
pipeline:
  processors:
    - segment_parse: {}
    - mapping: |
        root = if @segment_type != "track" || this.event != "Order Completed" { deleted() }
`)
}

func init() {
	service.MustRegisterProcessor("segment_parse", segmentParseSpec(),
		func(conf *service.ParsedConfig, mgr *service.Resources) (service.Processor, error) {
			dropInvalid, err := conf.FieldBool(spFieldDropInvalid)
			if err != nil {
				return nil, err
			}
			return newSegmentParse(dropInvalid, mgr.Metrics()), nil
		})
}

type segmentParse struct {
	dropInvalid bool
	parsers     sync.Pool
	calls       *service.MetricCounter
	errors      *service.MetricCounter
}

func newSegmentParse(dropInvalid bool, metrics *service.Metrics) *segmentParse {
	return &segmentParse{
		dropInvalid: dropInvalid,
		parsers:     sync.Pool{New: func() any { return new(segment.Parser) }},
		calls:       metrics.NewCounter("segment_parse_calls_total", "type"),
		errors:      metrics.NewCounter("segment_parse_errors_total", "reason"),
	}
}

// Process returns one message per call of the document.
func (p *segmentParse) Process(_ context.Context, msg *service.Message) (service.MessageBatch, error) {
	raw, err := msg.AsBytes()
	if err != nil {
		return nil, err
	}
	parser := p.parsers.Get().(*segment.Parser)
	defer p.parsers.Put(parser)
	doc, err := parse(parser, raw, metadata.OriginOf(msg))
	if err != nil {
		return p.refuse(err)
	}
	if doc.Bare {
		return p.processBare(msg, doc)
	}
	var refused, accepted service.MessageBatch
	for i := range doc.Calls() {
		out := msg.Copy()
		call, err := p.call(doc, i)
		out.SetBytes(doc.AppendCall(nil, i))
		if err == nil {
			setCallMetadata(out, &call)
			accepted = append(accepted, out)
		} else if !p.dropInvalid {
			out.SetError(componentError("segment_parse", err))
			refused = append(refused, out)
		}
	}
	return append(refused, accepted...), nil
}

func (p *segmentParse) processBare(msg *service.Message, doc segment.Document) (service.MessageBatch, error) {
	call, err := p.call(doc, 0)
	if err != nil {
		return p.drop(err)
	}
	setCallMetadata(msg, &call)
	return service.MessageBatch{msg}, nil
}

// call decodes one call and counts it.
func (p *segmentParse) call(doc segment.Document, i int) (segment.Call, error) {
	call, err := doc.Call(i)
	if err == nil {
		err = call.Validate()
	}
	if err != nil {
		p.errors.Incr(1, reasonOf(err))
		return call, err
	}
	p.calls.Incr(1, string(call.Type))
	return call, nil
}

// refuse counts and returns the error of a document that holds no calls.
func (p *segmentParse) refuse(err error) (service.MessageBatch, error) {
	p.errors.Incr(1, reasonOf(err))
	return p.drop(err)
}

func (p *segmentParse) drop(err error) (service.MessageBatch, error) {
	if p.dropInvalid {
		return nil, nil
	}
	return nil, componentError("segment_parse", err)
}

// setCallMetadata sets what pipelines route on. The strings are copied: the call's point into the parser.
func setCallMetadata(msg *service.Message, call *segment.Call) {
	msg.MetaSetMut("segment_type", string(call.Type))
	setID(msg, "segment_user_id", call.UserID)
	setID(msg, "segment_anonymous_id", call.AnonymousID)
	setID(msg, "segment_message_id", call.MessageID)
}

// parse reads what a message holds: of one that a receiver has let in the one call that was looked at there, though it
// may look like an envelope by now.
func parse(parser *segment.Parser, raw []byte, origin metadata.Origin) (segment.Document, error) {
	if origin.Received() {
		return parser.ParseCall(raw, "")
	}
	return parser.Parse(raw)
}

// Close has nothing to release.
func (p *segmentParse) Close(context.Context) error { return nil }
