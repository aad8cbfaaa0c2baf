package processors

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func init() {
	service.MustRegisterProcessor("segment_to_clevertap", segmentToClevertapSpec(),
		func(conf *service.ParsedConfig, mgr *service.Resources) (service.Processor, error) {
			cfg, err := segmentToClevertapFromParsed(conf)
			if err != nil {
				return nil, err
			}
			return newSegmentToClevertap(cfg, mgr)
		})
}

type segmentToClevertap struct {
	links   *linkCache // nil without an identity cache
	workers pool[*worker]
	metrics mappingMetrics
}

// worker is what one goroutine needs to map a document: memory that is used again and again.
type worker struct {
	parser segment.Parser
	mapper *mapping.Mapper
	call   segment.Call
}

func newSegmentToClevertap(cfg segmentToClevertapConfig, mgr *service.Resources) (*segmentToClevertap, error) {
	p := &segmentToClevertap{metrics: newMappingMetrics(mgr.Metrics())}
	var err error
	if p.links, err = newLinkCache(cfg.identityCache, cfg.identityMaxLinks, mgr); err != nil {
		return nil, err
	}
	if p.links == nil && cfg.mapping.AnonymousID == mapping.Link {
		mgr.Logger().Warn("anonymous_id is link without an identity_cache: every identify call with both ids joins them " +
			"for good, also when two people use one device")
	}
	if cfg.mapping.DeleteEvent != "" && !cfg.mapping.DeleteEventTrusted {
		mgr.Logger().Warn("segment_to_clevertap: delete_event deletes for calls that a webhook's signature covers, and " +
			"Segment signs what anybody sends with the public key of a source; behind a source other than segment_http to which " +
			"only you can write, set delete_event_trusted")
	}
	if _, err := mapping.NewMapper(cfg.mapping); err != nil {
		return nil, err
	}
	p.workers.fresh = func() *worker {
		mapper, _ := mapping.NewMapper(cfg.mapping) // the same options as above
		return &worker{mapper: mapper}
	}
	return p, nil
}

// Process maps every call of the document. Records replace their call, in order; refused calls stay as they are, with
// their error, in front.
func (p *segmentToClevertap) Process(ctx context.Context, msg *service.Message) (service.MessageBatch, error) {
	raw, err := msg.AsBytes()
	if err != nil {
		return nil, err
	}
	w := p.workers.get()
	defer p.giveBack(w)
	origin := metadata.OriginOf(msg)
	doc, err := parse(&w.parser, raw, origin)
	if err != nil {
		return nil, p.refuse(err)
	}
	if doc.Bare {
		result, err := p.mapCall(ctx, w, doc, 0, origin)
		if err != nil {
			return nil, err
		}
		return appendRecords(nil, msg, w, result), nil
	}
	var refused, records service.MessageBatch
	for i := range doc.Calls() {
		call := msg.Copy()
		result, err := p.mapCall(ctx, w, doc, i, origin)
		if err != nil {
			call.SetBytes(doc.AppendCall(nil, i))
			call.SetError(err)
			refused = append(refused, call)
			continue
		}
		records = appendRecords(records, call, w, result)
	}
	return append(refused, records...), nil
}

// giveBack keeps a worker for another document, but not what a large one took.
func (p *segmentToClevertap) giveBack(w *worker) {
	if w.parser.Release() {
		w.call = segment.Call{} // it points into the document
	}
	w.mapper.Release()
	p.workers.put(w)
}

// mapCall maps one call and counts what becomes of it.
func (p *segmentToClevertap) mapCall(
	ctx context.Context, w *worker, doc segment.Document, i int, origin metadata.Origin,
) (result mapping.Result, err error) {
	err = doc.Decode(i, &w.call)
	sender := origin.SenderOf(w.call.MessageID, w.call.UserID)
	if err != nil {
		if result.Dropped = w.mapper.Dropped(&w.call, sender); result.Dropped == mapping.NotDropped {
			return result, p.refuse(err)
		}
		p.metrics.count(result)
		return result, nil
	}
	var linker mapping.Linker
	if p.links != nil {
		linker = func(pair mapping.Pair) (mapping.Linking, error) { return p.links.decide(ctx, pair, origin) }
	}
	if result, err = w.mapper.Map(&w.call, sender, linker); err != nil {
		return result, p.refuse(err)
	}
	p.metrics.count(result)
	return result, nil
}

// appendRecords appends a message for each record of the worker's call. The call's own message becomes the last of them.
func appendRecords(out service.MessageBatch, msg *service.Message, w *worker, result mapping.Result) service.MessageBatch {
	for i, record := range result.Records {
		mapped := msg
		if i < len(result.Records)-1 {
			mapped = msg.Copy()
		}
		mapped.SetBytes(record.JSON)
		mapped.MetaSetMut("clevertap_type", kindValue(record.Kind))
		if i == 0 && result.Fixes != 0 {
			mapped.MetaSetMut("clevertap_fixes", result.Fixes.String())
		} else if _, stale := mapped.MetaGetMut("clevertap_fixes"); stale {
			mapped.MetaDelete("clevertap_fixes")
		}
		setID(mapped, "segment_message_id", w.call.MessageID)
		out = append(out, mapped)
	}
	return out
}

// kindValue is the value of clevertap_type. A constant is made once, and not for each message.
func kindValue(kind clevertap.Kind) any {
	switch kind {
	case clevertap.KindProfile:
		return string(clevertap.KindProfile)
	case clevertap.KindEvent:
		return string(clevertap.KindEvent)
	case clevertap.KindToken:
		return string(clevertap.KindToken)
	default:
		return string(clevertap.KindDelete)
	}
}

func (p *segmentToClevertap) refuse(err error) error {
	p.metrics.errors.Incr(1, reasonOf(err))
	return componentError("segment_to_clevertap", err)
}

// Close has nothing to release.
func (p *segmentToClevertap) Close(context.Context) error { return nil }

// mappingMetrics count what the engine's own metrics cannot tell: records by kind, and why calls were repaired, dropped
// or refused.
type mappingMetrics struct {
	records, fixes, dropped, errors *service.MetricCounter
}

func newMappingMetrics(m *service.Metrics) mappingMetrics {
	return mappingMetrics{
		records: m.NewCounter("segment_to_clevertap_records_total", "kind"),
		fixes:   m.NewCounter("segment_to_clevertap_fixes_total", "fix"),
		dropped: m.NewCounter("segment_to_clevertap_dropped_total", "reason"),
		errors:  m.NewCounter("segment_to_clevertap_errors_total", "reason"),
	}
}

func (m *mappingMetrics) count(result mapping.Result) {
	for _, record := range result.Records {
		m.records.Incr(1, string(record.Kind))
	}
	for _, fix := range result.Fixes.Names() {
		m.fixes.Incr(1, fix)
	}
	if result.Dropped != mapping.NotDropped {
		m.dropped.Incr(1, string(result.Dropped))
	}
}
