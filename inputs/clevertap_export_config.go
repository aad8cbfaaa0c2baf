package inputs

import (
	"errors"
	"fmt"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	// Zones must be known on machines without a zone database, too: a wrong one shifts every event.
	_ "time/tzdata"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

const (
	cxFieldEventNames     = "event_names"
	cxFieldFrom           = "from"
	cxFieldTo             = "to"
	cxFieldTimezone       = "timezone"
	cxFieldPollInterval   = "poll_interval"
	cxFieldLookback       = "lookback"
	cxFieldBatchSize      = "batch_size"
	cxFieldIncludeProfile = "include_profile"
	cxFieldCache          = "checkpoint_cache"
	cxFieldCacheKey       = "checkpoint_cache_key"

	cxMaxLookback = 366
)

// The rules let an empty value pass: that is what lint sees of a variable which is not set where it runs. They see the
// form only, since lint rules have neither dates, zones nor durations; the rest is refused when the component is built.
const (
	cxLintDay = `root = if this != "" && !this.string().re_match("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$") {
  ["%s must be a day such as 2026-03-31"]
}`
	cxLintTimezone = `root = if this != "" && !this.string().re_match("^(UTC|GMT|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$") {
  ["timezone must be a name of the IANA database, such as Asia/Kolkata"]
}`
	cxLintPoll = `root = if this != "" && !this.string().re_match("^([0-9]+([.][0-9]*)?(ns|us|µs|ms|s|m|h))+$") {
  ["poll_interval must be a duration such as 15m, or 0s"]
}`
)

var (
	cxLintOrder     = `root = if this.to.or("") != "" && this.from.or("") != "" && this.to.string() < this.from.string() { ["to must not lie before from"] }`
	cxLintLookback  = fmt.Sprintf(`root = if this < 0 || this > %d { ["lookback must be 0 to %d days"] }`, cxMaxLookback, cxMaxLookback)
	cxLintBatchSize = fmt.Sprintf(`root = if this < %d || this > %d { ["batch_size must be %d to %d"] }`,
		clevertap.MinExportBatch, clevertap.MaxExportBatch, clevertap.MinExportBatch, clevertap.MaxExportBatch)
)

// exportFields are those that say what to read and how often.
func exportFields(records string) []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringListField(cxFieldEventNames).
			Description("The names of the events. Empty: all names of the project's schema, looked up for every round. Names that the project does not have yet, and events that the API does not export, are skipped with a warning.").
			Example([]any{"App Launched", "Charged"}).
			Default([]any{}),
		service.NewStringField(cxFieldFrom).
			Description("The first day to read, as `YYYY-MM-DD` in the project's time zone. Once a checkpoint exists it only has an effect when it lies behind it.").
			Example("2026-01-01").
			LintRule(fmt.Sprintf(cxLintDay, cxFieldFrom)),
		service.NewStringField(cxFieldTo).
			Description("The last day to read, inclusive. Empty: today, whenever that is.").
			Default("").
			LintRule(fmt.Sprintf(cxLintDay, cxFieldTo)),
		service.NewStringField(cxFieldTimezone).
			Description("The time zone of the CleverTap project (dashboard, Settings, Project), by its IANA name. Exports say nowhere which zone their days and times are in, and a wrong one shifts every " + records + ". It cannot be changed once a checkpoint exists.").
			Example("Asia/Kolkata").
			LintRule(cxLintTimezone),
		service.NewDurationField(cxFieldPollInterval).
			Description("How long to wait between rounds. `0s`: the input ends after one round, and tries event names that it could not read twice more.").
			Example("15m").
			Default("0s").
			LintRule(cxLintPoll),
		service.NewIntField(cxFieldLookback).
			Description("For how many days after its end a day is read again, and for how long it is remembered what was delivered of it. What arrives later than that is missed.").
			Default(3).
			LintRule(cxLintLookback),
		service.NewIntField(cxFieldBatchSize).
			Description("How many records to ask for per page. CleverTap's pages come in multiples of 23 and may be larger or smaller.").
			Default(clevertap.MaxExportBatch).
			LintRule(cxLintBatchSize).
			Advanced(),
	}
}

// checkpointFields are those that say where to remember how far the reading has come.
func checkpointFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(cxFieldCache).
			Description("The label of the `cache` resource that holds checkpoints and what was delivered. A `memory` cache forgets it when the process ends. The cache must not expire values, and each input needs a `checkpoint_cache_key` of its own in it.").
			Example("checkpoints"),
		service.NewStringField(cxFieldCacheKey).
			Description("What all keys in the cache begin with. Empty: the name of the component and the account id. Use another one to read everything again.").
			Default("").
			Advanced(),
		service.NewAutoRetryNacksToggleField(),
	}
}

// exportConfig is what the fields hold.
type exportConfig struct {
	account        fields.CleverTapConfig
	names          []string
	from, to       day // to is 0 for today
	zone           *time.Location
	poll           time.Duration
	lookback       int
	batchSize      int
	includeProfile bool
	cache          string
	cacheKey       string
}

func exportConfigFromParsed(conf *service.ParsedConfig, component string) (c exportConfig, err error) {
	if c.account, err = fields.CleverTapFromParsed(conf); err != nil {
		return
	}
	if c.names, err = conf.FieldStringList(cxFieldEventNames); err != nil {
		return
	}
	if err = c.parseTimes(conf); err != nil {
		return
	}
	if c.lookback, err = intBetween(conf, cxFieldLookback, 0, cxMaxLookback); err != nil {
		return
	}
	if c.batchSize, err = intBetween(conf, cxFieldBatchSize, clevertap.MinExportBatch, clevertap.MaxExportBatch); err != nil {
		return
	}
	if conf.Contains(cxFieldIncludeProfile) {
		if c.includeProfile, err = conf.FieldBool(cxFieldIncludeProfile); err != nil {
			return
		}
	}
	if c.cache, err = conf.FieldString(cxFieldCache); err != nil {
		return
	}
	if c.cacheKey, err = conf.FieldString(cxFieldCacheKey); c.cacheKey == "" {
		c.cacheKey = component + "_" + c.account.AccountID
	}
	return
}

func (c *exportConfig) parseTimes(conf *service.ParsedConfig) error {
	from, err := conf.FieldString(cxFieldFrom)
	if err != nil {
		return err
	}
	if c.from, err = parseDay(from); err != nil {
		return fmt.Errorf("%s: %w", cxFieldFrom, err)
	}
	to, err := conf.FieldString(cxFieldTo)
	if err != nil {
		return err
	}
	if to != "" {
		if c.to, err = parseDay(to); err != nil {
			return fmt.Errorf("%s: %w", cxFieldTo, err)
		}
		if c.to < c.from {
			return errors.New("to must not lie before from")
		}
	}
	zone, err := conf.FieldString(cxFieldTimezone)
	if err != nil {
		return err
	}
	if c.zone, err = time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return fmt.Errorf("%s: %q is not a name of the IANA database, such as Asia/Kolkata", cxFieldTimezone, zone)
	}
	if c.poll, err = conf.FieldDuration(cxFieldPollInterval); err == nil && c.poll < 0 {
		err = errors.New(cxFieldPollInterval + " must not be negative")
	}
	return err
}

func intBetween(conf *service.ParsedConfig, name string, least, most int) (int, error) {
	n, err := conf.FieldInt(name)
	if err == nil && (n < least || n > most) {
		err = fmt.Errorf("%s must be %d to %d", name, least, most)
	}
	return n, err
}
