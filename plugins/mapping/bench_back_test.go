package mapping_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
)

// BenchmarkMapBack maps export records with the properties and traits of BenchmarkMap's calls, bytes in and call bytes
// out.
func BenchmarkMapBack(b *testing.B) {
	b.Run("mix", func(b *testing.B) { benchmarkRecords(b, exported(b, clevertap.KindEvent, clevertap.KindProfile)) })
	b.Run("events", func(b *testing.B) { benchmarkRecords(b, exported(b, clevertap.KindEvent)) })
	b.Run("profiles", func(b *testing.B) { benchmarkRecords(b, exported(b, clevertap.KindProfile)) })
}

// BenchmarkBackProperties maps exported events of more and more properties.
func BenchmarkBackProperties(b *testing.B) {
	for _, count := range []int{100, 200, 400, 800, 1600} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			members := joined(count, func(i int) string { return fmt.Sprintf(`"property %d":"value %d"`, i, i) })
			benchmarkRecords(b, [][]byte{exportedEvent("E", `{`+members+`}`)})
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count), "ns/part")
		})
	}
}

func benchmarkRecords(b *testing.B, records [][]byte) {
	var parser jsontree.Parser
	mapper := mapping.NewBackMapper(mapping.DefaultBackOptions())
	origin := testOrigin()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		doc, err := parser.Parse(records[i%len(records)])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := mapper.Map(doc, origin); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// exported are records of exports with what generated calls hold.
func exported(b *testing.B, kinds ...clevertap.Kind) (records [][]byte) {
	options := mapping.DefaultOptions(mapping.Server)
	options.SourceTag = false
	mapper, err := mapping.NewMapper(options)
	if err != nil {
		b.Fatal(err)
	}
	for _, call := range generated(2000) {
		for _, uploaded := range mapAny(mapper, call, nil).Records {
			var record struct {
				Type                 clevertap.Kind
				EvtName              string
				EvtData, ProfileData json.RawMessage
			}
			if err := json.Unmarshal(uploaded, &record); err != nil {
				b.Fatal(err)
			}
			for _, kind := range kinds {
				switch {
				case record.Type != kind:
				case kind == clevertap.KindEvent:
					records = append(records, exportedEvent(record.EvtName, string(record.EvtData)))
				default:
					records = append(records, exportedProfile(string(record.ProfileData)))
				}
			}
		}
	}
	return records
}

func exportedEvent(name, properties string) []byte {
	return fmt.Appendf(nil, `{"profile":%s,"ts":20260301130935,"event_props":%s,"session_props":{},"event_name":%q}`,
		exportedProfile(`{"plan":"gold","last order":"$D_1790373205"}`), properties, name)
}

func exportedProfile(own string) []byte {
	return fmt.Appendf(nil, `{"objectId":"__g123abc","platform":"Android","identity":"u-1001","all_identities":["+584120000000","u-1001"],`+
		`"name":"Ana Núñez","email":"ana@example.com","phone":584120000000,"push_token":"fcm:f3Kd:APA91b","profileData":%s,`+
		`"events":{"App Launched":{"count":10,"first_seen":1772000000,"last_seen":1772300000}},`+
		`"os_version":"13","app_version":"2.1","make":"Samsung","model":"SM-G991B"}`, own)
}
