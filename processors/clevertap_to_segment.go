package processors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const (
	ctsFieldEmit              = "emit"
	ctsFieldUserIDFrom        = "user_id_from"
	ctsFieldTimezone          = "timezone"
	ctsFieldWebhookEvent      = "webhook_event"
	ctsFieldChargedAs         = "charged_as"
	ctsFieldSpecNames         = "spec_names"
	ctsFieldDropSegmentOrigin = "drop_segment_origin"
)

// Metadata that our inputs set and this processor reads.
const (
	metaAccountID  = "clevertap_account_id"
	metaEventName  = "clevertap_event_name"
	metaTimezone   = "clevertap_timezone"
	metaOccurrence = "clevertap_occurrence"
	metaDay        = "clevertap_day"
)

var (
	emits = []fields.Option{
		{Word: string(mapping.EmitAuto), Meaning: "Events become track calls and profiles identify calls; a webhook becomes an identify call, and with event properties a track call too."},
		{Word: string(mapping.EmitTrack), Meaning: "Track calls only."},
		{Word: string(mapping.EmitIdentify), Meaning: "Identify calls only; of an event with what its record says about the person."},
		{Word: string(mapping.EmitBoth), Meaning: "Both, where the record gives both."},
	}
	userIDSources = []fields.Option{
		{Word: string(mapping.FromIdentity), Meaning: "CleverTap's identity."},
		{Word: string(mapping.FromEmail), Meaning: "The e-mail address."},
		{Word: string(mapping.FromPhone), Meaning: "The phone number, with its plus."},
		{Word: string(mapping.FromObjectID), Meaning: "The CleverTap id of the device."},
	}
)

func clevertapToSegmentSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Version("0.1.0").
		Categories("Mapping", "CleverTap", "Segment").
		Summary("Turns CleverTap's exports and webhooks into Segment calls.").
		Description(clevertapToSegmentDescription).
		Fields(
			service.NewStringField(ctsFieldTimezone).
				Description("The time zone of the CleverTap project: exported events are dated in it and do not name it, so a wrong zone shifts every event. The metadata `clevertap_timezone` of our inputs wins.").
				Example("Asia/Kolkata").
				Default("UTC"),
			fields.Enum(ctsFieldUserIDFrom, userIDSources).
				Description("Which of CleverTap's ids becomes `userId`.").
				Default(string(mapping.FromIdentity)),
			fields.Enum(ctsFieldEmit, emits).
				Description("Which calls a record becomes.").
				Default(string(mapping.EmitAuto)),
			service.NewInterpolatedStringField(ctsFieldWebhookEvent).
				Description("The event of webhooks that do not name one in the key-value `event`.").
				Default("CleverTap Campaign Triggered"),
			service.NewStringField(ctsFieldChargedAs).
				Description("What `Charged` is called, with `order_id`, `total` and `products` again. Empty: it stays as it is.").
				Default("Order Completed").
				Advanced(),
			service.NewBoolField(ctsFieldSpecNames).
				Description("Give CleverTap's system events the names of Segment's spec: `App Installed` becomes `Application Installed`.").
				Default(false).
				Advanced(),
			service.NewBoolField(ctsFieldDropSegmentOrigin).
				Description("Leave out exported events whose `CT Source` is `segment`: they came from there.").
				Default(true).
				Advanced(),
		).
		Example("Files of a storage export", "", `
input:
  file:
    paths: [ ./export/*.json ]
    scanner:
      lines: {}
pipeline:
  processors:
    - clevertap_to_segment:
        timezone: Asia/Kolkata
`)
}

const clevertapToSegmentDescription = `
One CleverTap record in, one or more Segment calls out, each a message of its own. Reads records of the event and the
profile export, lines of storage-export files, and the bodies of campaign and journey webhooks in all their forms. The
form is recognised, not configured.

An event becomes track, ` + "`Web Page Viewed` page and `App Screen Viewed`" + ` screen; a profile becomes identify. Traits are the
inverse of ` + "`segment_to_clevertap`: `Name` is `name` again, `DOB` is `birthday`, `Photo` is `avatar`" + `; CleverTap's dates are ISO 8601
again, wherever they stand. What does not come back as it went: the case of names, times below the second, dates without
a time (they get midnight, but for birthdays), and nested data that was flattened.

### No loops

Every call carries ` + "`integrations: {\"All\": true, \"CleverTap\": false, \"CleverTap (Actions)\": false}`" + ` and a mark in
` + "`context.integration`; `segment_to_clevertap`" + ` drops calls with either. Exported events that came from Segment are dropped here.
Webhooks are new facts and are not; profiles do not tell where they came from: they echo once and stop.

### Message ids

A hash, so that the same record exported twice is one message to Segment, which drops the second. Of an event: account,
person, name, time, properties, session, and its number among identical ones of the day. Of a profile: account, ids, traits,
context (devices, push token) and day. Of a webhook: campaign, person, properties and day of receipt. So two identical events of one second count twice only
where the input numbers them, as ours do; and the same campaign reaches a person with the same properties once a day.

### Metadata

Reads ` + "`clevertap_account_id`, `clevertap_event_name`, `clevertap_timezone`, `clevertap_occurrence`, `clevertap_day`" + ` where an input set
them. Sets ` + "`segment_type`, `segment_user_id`, `segment_anonymous_id`, `segment_message_id`" + `.

### Errors

` + "`clevertap_to_segment: reason: field: rule`, reasons `invalid_json`, `unsupported_type`, `missing_identity`, `event_not_defined`, `ts_not_readable`, `timezone_not_known`" + `.

### Metrics

- clevertap_to_segment_calls_total{type}
- clevertap_to_segment_dropped_total{reason}: segment_origin, test or emit
- clevertap_to_segment_errors_total{reason}`

func init() {
	service.MustRegisterProcessor("clevertap_to_segment", clevertapToSegmentSpec(),
		func(conf *service.ParsedConfig, mgr *service.Resources) (service.Processor, error) {
			cfg, err := clevertapToSegmentFromParsed(conf)
			if err != nil {
				return nil, err
			}
			return newClevertapToSegment(cfg, mgr.Metrics(), time.Now), nil
		})
}

type clevertapToSegmentConfig struct {
	mapping      mapping.BackOptions
	zone         *time.Location
	webhookEvent *service.InterpolatedString
}

func clevertapToSegmentFromParsed(conf *service.ParsedConfig) (c clevertapToSegmentConfig, err error) {
	c.mapping = mapping.DefaultBackOptions()
	r := reader{conf: conf}
	readEnum(&r, &c.mapping.Emit, ctsFieldEmit, emits)
	readEnum(&r, &c.mapping.UserIDFrom, ctsFieldUserIDFrom, userIDSources)
	read(&r, &c.mapping.ChargedAs, ctsFieldChargedAs, conf.FieldString)
	read(&r, &c.mapping.SpecNames, ctsFieldSpecNames, conf.FieldBool)
	read(&r, &c.mapping.DropSegmentOrigin, ctsFieldDropSegmentOrigin, conf.FieldBool)
	read(&r, &c.webhookEvent, ctsFieldWebhookEvent, conf.FieldInterpolatedString)
	var zone string
	read(&r, &zone, ctsFieldTimezone, conf.FieldString)
	if r.err != nil {
		return c, r.err
	}
	if c.zone, err = mapping.ParseZone(zone); err != nil {
		return c, fmt.Errorf("%s %w", ctsFieldTimezone, err)
	}
	return c, nil
}

type clevertapToSegment struct {
	cfg     clevertapToSegmentConfig
	now     func() time.Time
	zones   sync.Map // of *time.Location by name: those of the inputs, few
	workers sync.Pool

	calls, dropped, errors *service.MetricCounter
}

// backWorker is what one goroutine needs to map a document.
type backWorker struct {
	parser jsontree.Parser
	mapper *mapping.BackMapper
}

func newClevertapToSegment(cfg clevertapToSegmentConfig, m *service.Metrics, now func() time.Time) *clevertapToSegment {
	return &clevertapToSegment{
		cfg: cfg,
		now: now,
		workers: sync.Pool{New: func() any {
			return &backWorker{mapper: mapping.NewBackMapper(cfg.mapping)}
		}},
		calls:   m.NewCounter("clevertap_to_segment_calls_total", "type"),
		dropped: m.NewCounter("clevertap_to_segment_dropped_total", "reason"),
		errors:  m.NewCounter("clevertap_to_segment_errors_total", "reason"),
	}
}

// Process returns the calls that one record becomes.
func (p *clevertapToSegment) Process(_ context.Context, msg *service.Message) (service.MessageBatch, error) {
	raw, err := msg.AsBytes()
	if err != nil {
		return nil, err
	}
	origin, err := p.origin(msg)
	if err != nil {
		return nil, p.refuse(err)
	}
	w := p.workers.Get().(*backWorker)
	defer p.workers.Put(w)
	doc, err := w.parser.Parse(raw)
	if err != nil {
		return nil, p.refuse(&segment.Error{Reason: segment.InvalidJSON, Rule: err.Error()})
	}
	result, err := w.mapper.Map(doc, origin)
	if err != nil {
		return nil, p.refuse(err)
	}
	if result.Dropped != mapping.NotDropped {
		p.dropped.Incr(1, string(result.Dropped))
	}
	out := make(service.MessageBatch, 0, len(result.Calls))
	for i, call := range result.Calls {
		mapped := msg
		if i < len(result.Calls)-1 { // the record's own message becomes that of its last call
			mapped = msg.Copy()
		}
		mapped.SetBytes(call.JSON)
		mapped.MetaSetMut("segment_type", string(call.Type))
		setID(mapped, "segment_user_id", call.UserID)
		setID(mapped, "segment_anonymous_id", call.AnonymousID)
		setID(mapped, "segment_message_id", call.MessageID)
		p.calls.Incr(1, string(call.Type))
		out = append(out, mapped)
	}
	return out, nil
}

// origin collects what the message's metadata tells about the record.
func (p *clevertapToSegment) origin(msg *service.Message) (o mapping.Origin, err error) {
	o.AccountID, _ = msg.MetaGet(metaAccountID)
	o.EventName, _ = msg.MetaGet(metaEventName)
	o.Occurrence, _ = msg.MetaGet(metaOccurrence)
	if o.Day, _ = msg.MetaGet(metaDay); o.Day == "" {
		o.Day = p.now().UTC().Format(time.DateOnly)
	}
	if o.WebhookEvent, err = p.cfg.webhookEvent.TryString(msg); err != nil {
		return o, &segment.Error{Reason: segment.EventNotDefined, Field: ctsFieldWebhookEvent, Rule: "the interpolation fails"}
	}
	o.Zone = p.cfg.zone
	if name, ok := msg.MetaGet(metaTimezone); ok {
		o.Zone, err = p.zone(name)
	}
	return o, err
}

func (p *clevertapToSegment) zone(name string) (*time.Location, error) {
	if known, ok := p.zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	zone, err := mapping.ParseZone(name)
	if err != nil {
		return nil, &segment.Error{Reason: "timezone_not_known", Field: metaTimezone, Rule: err.Error()}
	}
	p.zones.Store(name, zone)
	return zone, nil
}

func (p *clevertapToSegment) refuse(err error) error {
	p.errors.Incr(1, reasonOf(err))
	return componentError("clevertap_to_segment", err)
}

// Close has nothing to release.
func (p *clevertapToSegment) Close(context.Context) error { return nil }
