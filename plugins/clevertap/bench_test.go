package clevertap_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// BenchmarkInspect is what the output pays for each record before it is sent.
func BenchmarkInspect(b *testing.B) {
	event := func(value string) string {
		var properties strings.Builder
		for i := range 11 {
			fmt.Fprintf(&properties, `"promotion_%d":%q,`, i, value)
		}
		return `{"type":"event","identity":"user-1234","ts":1700000000,"evtName":"Item Viewed","evtData":{"sku":"SKU-17","price":4.5,` +
			properties.String() + `"in_stock":true,"CT Source":"segment"}}`
	}
	items := strings.Repeat(`{"product_id":"p-17","name":"Garden chair","price":49.90,"quantity":2},`, 20)
	for _, record := range []struct{ name, raw string }{
		{"event", event("free shipping on orders above 100 EUR")},
		{"event in Greek", event("δωρεάν αποστολή πάνω από 100")},
		{"event with escapes", event("free \"shipping\" on orders above\n100 EUR")},
		{"linking profile", `{"type":"profile","objectId":"5F3A-1234","ts":1700000000,"profileData":{"Identity":"User-1234","Name":"Ada Lovelace","Email":"ada@example.com","Phone":"+4915112345678","plan":"gold"}}`},
		{"order of 20 items", `{"type":"event","identity":"user-1234","evtName":"Charged","evtData":{"Amount":1996,"Items":[` + strings.TrimSuffix(items, ",") + `]}}`},
	} {
		b.Run(record.name, func(b *testing.B) {
			raw := []byte(record.raw)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := clevertap.Inspect(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkInspectExported is what the inputs pay for each record of a page to know it again.
func BenchmarkInspectExported(b *testing.B) {
	profile := `"identity":"user-1234","profileData":{"Name":"Ada Lovelace","Email":"ada@example.com","plan":"gold","visits":17,"since":"$D_1700000000"},` +
		`"platformInfo":[{"platform":"Web","objectId":"5F3B","ls":1700000000,"os_version":"14"},{"platform":"Android","objectId":"5F3A","ls":1700000001,"app_version":"1.2.3"}]`
	b.Run("event", func(b *testing.B) {
		benchExported(b, clevertap.InspectExportedEvent, `{"profile":{"objectId":"5F3A",`+profile+`},"ts":20250607130935,"event_props":{"sku":"SKU-17","price":4.50,`+
			`"name":"Garden chair","url":"https://shop.example.com/items/17","in_stock":true,"CT Source":"app"},"session_props":{"utm_source":"mail","utm_medium":"email","session_id":1749301775}}`)
	})
	b.Run("profile", func(b *testing.B) {
		benchExported(b, clevertap.InspectExportedProfile, `{`+profile+`,"events":{"App Launched":{"count":17,"first_seen":1700000000,"last_seen":1700000001}}}`)
	})
}

func benchExported[T any](b *testing.B, inspect func([]byte) (T, error), record string) {
	raw := []byte(record)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := inspect(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkExportPage is what a page of 5,000 records takes to be fetched and split.
func BenchmarkExportPage(b *testing.B) {
	for _, size := range []int{1 << 10, 2 << 10, 8 << 10} {
		b.Run(fmt.Sprintf("records of %d KB", size>>10), func(b *testing.B) {
			body := exportedPage(clevertap.MaxExportBatch, size)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write(body)
			}))
			defer server.Close()
			client, err := clevertap.NewClient(clevertap.Config{AccountID: "A", Passcode: "P", BaseURL: server.URL})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				page, err := client.ExportPage(b.Context(), clevertap.ExportEvents, "c")
				if err != nil || len(page.Records) != clevertap.MaxExportBatch {
					b.Fatal(len(page.Records), err)
				}
			}
		})
	}
}

// exportedPage is a page of so many events of about that size.
func exportedPage(records, size int) []byte {
	var page bytes.Buffer
	page.WriteString(`{"status":"success","next_cursor":"n","records":[`)
	for i := range records {
		if i > 0 {
			page.WriteByte(',')
		}
		start := page.Len()
		fmt.Fprintf(&page, `{"profile":{"objectId":"o%d","identity":"user-%d","platform":"Web"},"ts":20250607130935,"event_props":{"sku":"SKU-%d","price":4.50`, i, i, i)
		for n := 0; page.Len()-start < size-60; n++ {
			fmt.Fprintf(&page, `,"property_%d":"a value of some length"`, n)
		}
		page.WriteString(`},"session_props":{"session_source":"Direct"}}`)
	}
	page.WriteString(`]}`)
	return page.Bytes()
}
