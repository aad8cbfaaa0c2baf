package clevertaptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// upload is POST /1/upload.
// https://developer.clevertap.com/docs/upload-events-api
func (s *Server) upload(r *http.Request, body []byte, luck luck) answer {
	records, ok := uploadRecords(body)
	if !ok {
		s.count(func(c *Stats) { c.Malformed++ })
		return failure(http.StatusBadRequest, textMalformed)
	}
	checked := make([]*record, len(records))
	refusals := make([]*refusal, len(records))
	tokens := 0
	for i, raw := range records {
		checked[i], refusals[i] = s.check(raw, i+1)
		if checked[i].kind == kindToken {
			tokens++
		}
	}
	if len(records) > clevertap.MaxUploadRecords || tokens > clevertap.MaxTokenRecords {
		s.count(func(c *Stats) { c.Malformed++ })
		return failure(http.StatusBadRequest, fmt.Sprintf("Too many records, at most %d, or %d tokens, in a call",
			clevertap.MaxUploadRecords, clevertap.MaxTokenRecords))
	}
	dry := r.URL.Query().Get("dryRun")
	return s.uploadAnswer(len(records), s.store(checked, refusals, luck, dry == "1" || dry == "true"))
}

// uploadRecords returns the elements of `d`, which must be a list that is not empty.
func uploadRecords(body []byte) ([][]byte, bool) {
	body = bytes.TrimSpace(body)
	if !json.Valid(body) {
		return nil, false
	}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	envelope, ok := members(body)
	if !ok {
		return nil, false
	}
	var records [][]byte
	for _, f := range envelope {
		if f.key == "d" {
			records, ok = elements(f.raw)
		}
	}
	return records, ok && len(records) > 0
}

// store applies what has passed the checks and returns what was refused, in order.
func (s *Server) store(records []*record, refusals []*refusal, luck luck, dry bool) []refusal {
	refused := []refusal{}
	s.update(func() {
		now := s.opts.Now()
		stats := &s.st.stats
		stats.Uploads++
		stats.Records += int64(len(records))
		if dry {
			stats.DryRuns++
		}
		for i, r := range records {
			no := refusals[i]
			if no == nil && hit(s.dice, luck.partialRate) {
				no = r.refuse(clevertap.CodeServerError)
			}
			if no == nil {
				no = s.apply(r, now, dry)
			}
			switch {
			case no != nil:
				refused = append(refused, *no)
				if !dry {
					s.st.reject(now, no)
				}
			case !dry:
				stats.Accepted[r.kind]++
			}
		}
	})
	return refused
}
