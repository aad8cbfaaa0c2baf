package clevertaptest

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// answer is one HTTP reply.
type answer struct {
	status int
	body   []byte
}

func failure(status int, reason string) answer { return failureCode(status, status, reason) }

// failureCode is a failure whose code is not the HTTP status.
func failureCode(status, code int, reason string) answer {
	b := append([]byte(`{"status":"fail","error":`), quote(reason)...)
	b = append(b, `,"code":`...)
	b = strconv.AppendInt(b, int64(code), 10)
	return answer{status, spaced(append(b, '}'))}
}

// Recorded texts of whole-request failures. The 401 has been worded in three ways over the years, this is the newest.
const (
	textMalformed   = "Malformed request"
	textCredentials = "Invalid Credentials"
	textThrottled   = "Too many concurrent requests"
	textServerError = "An unknown error occurred"
)

// uploadAnswer is the reply to an upload. Refused records do not change the HTTP status: it is 200 even when all are.
func (s *Server) uploadAnswer(total int, refused []refusal) answer {
	status := "success"
	switch {
	case len(refused) == 0 || s.opts.LegacyReplies:
	case len(refused) == total:
		status = "fail"
	default:
		status = "partial"
	}
	b := append([]byte(`{"status":"`), status...)
	b = append(b, `","processed":`...)
	b = strconv.AppendInt(b, int64(total-len(refused)), 10)
	b = append(b, `,"unprocessed":[`...)
	for i := range refused {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.appendRefusal(b, &refused[i])
	}
	return answer{http.StatusOK, spaced(append(b, `]}`...))}
}

func (s *Server) appendRefusal(b []byte, r *refusal) []byte {
	b = append(b, `{"status":"fail","code":`...)
	b = strconv.AppendInt(b, int64(r.code), 10)
	b = append(b, `,"error":`...)
	b = append(b, quote(r.text())...)
	b = append(b, `,"record":`...)
	if s.opts.LegacyReplies {
		b = append(b, quote(string(spaced(r.echo)))...)
	} else {
		b = append(b, r.echo...)
	}
	return append(b, '}')
}

// spaced prints JSON the way the service was recorded printing it, with a space around every token:
// https://github.com/tradeo/clevertap-ruby (spec/vcr_cassettes).
func spaced(raw []byte) []byte {
	b := make([]byte, 0, len(raw)+len(raw)/4)
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case ' ', '\t', '\n', '\r':
		case '{', '[':
			b = append(b, c, ' ')
		case ',', ':':
			b = append(b, ' ', c, ' ')
		case '"':
			end := stringEnd(raw, i)
			b = append(b, raw[i:end]...)
			i = end - 1
		default:
			b = append(b, c)
		}
	}
	return b
}

// echo is the record as the checks have left it: once the phone check has passed, Phone is a number without its plus,
// and once those before Age have passed, an identity is a string. So it is not what was sent, and clients must match
// by record number.
func (r *record) echo(failed clevertap.Code) []byte {
	late := failed >= clevertap.CodeEmployedInvalid && failed <= clevertap.CodeAgeInvalid ||
		failed == clevertap.CodeServerError
	if r.kind != kindProfile || !late {
		return r.raw
	}
	return object(r.fields, func(f field) []byte {
		if f.key != "profileData" || kind(f.raw) != '{' {
			return f.raw
		}
		return object(r.profileData, func(f field) []byte { return echoAttribute(f, failed) })
	})
}

func echoAttribute(f field, failed clevertap.Code) []byte {
	switch {
	case foldEqual(f.key, "phone") && kind(f.raw) == '"':
		return bytes.TrimLeft([]byte(text(f.raw)), "+0")
	case foldEqual(f.key, "identity") && isNumber(f.raw) && failed >= clevertap.CodeAgeInvalid:
		return quote(string(f.raw))
	}
	return f.raw
}

// object prints members again, each value as edit returns it.
func object(fields []field, edit func(field) []byte) []byte {
	b := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, quote(f.key)...), ':')
		b = append(b, edit(f)...)
	}
	return append(b, '}')
}
