package clevertap_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// requests are all that the client sends, with values of somebody.
var requests = map[string]func(context.Context, *clevertap.Client) error{
	"upload": func(ctx context.Context, c *clevertap.Client) error {
		records := []clevertap.Record{
			{Raw: []byte(`{"type":"profile","identity":"u-839204-EU","profileData":{"Name":"José García","Email":"jose@example.es"}}`)},
			{Raw: []byte(`{"type":"profile","identity":"u-2","profileData":{"Name":"小林 さくら","Phone":"+49 151 23456789"}}`)},
		}
		rejections, err := c.Upload(ctx, records)
		if err == nil {
			return &rejections[0]
		}
		return err
	},
	"delete by identity": func(ctx context.Context, c *clevertap.Client) error {
		return c.Delete(ctx, clevertap.DeleteByIdentity, []string{"u-839204-EU", "jose@example.es", "José García"})
	},
	"delete by objectId": func(ctx context.Context, c *clevertap.Client) error {
		return c.Delete(ctx, clevertap.DeleteByObjectID, []string{"u-839204-EU"})
	},
	"opening an export": func(ctx context.Context, c *clevertap.Client) error {
		_, err := c.OpenExport(ctx, clevertap.ExportEvents, clevertap.ExportQuery{Event: "Joyería"})
		return err
	},
	"a page of an export": func(ctx context.Context, c *clevertap.Client) error {
		_, err := c.ExportPage(ctx, clevertap.ExportProfiles, "Jos%C3%A9Garc%C3%ADa%2B%2F839204%3D%3D")
		return err
	},
	"the schema": func(ctx context.Context, c *clevertap.Client) error {
		_, err := c.EventNames(ctx)
		return err
	},
}

// echoes are what CleverTap may have made of these values and of the credentials.
var echoes = []string{
	"José García", "Jos%C3%A9+Garc%C3%ADa", "Jos%25C3%25A9%2520Garc%25C3%25ADa", "Jos&eacute; Garc&iacute;a", `Jos\u00e9 Garc\u00eda`,
	"…arcía", "JOSEGARCIA", "jose%40example.es", "u-839…", "839204", "49 151 23456789", "Jos%C3%A9Garc%C3%ADa%2B%2F839204%3D%3D",
	"ACC123", "acc-123", "PASS%2D456", "Joyer%C3%ADa",
}

// pieces of the values and of the credentials that no error may hold, in lower case.
var pieces = []string{"jos", "arc", "example", "839", "151", "234", "小", "acc-", "acc1", "456", "joy", "%", "&", `\u`}

func TestErrors_HoldNothingOfAnEcho(t *testing.T) {
	var answer atomic.Value // of the next request
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { answer.Load().(http.HandlerFunc)(w, r) })
	client := newClient(t, url, nil)
	for name, send := range requests {
		t.Run(name, func(t *testing.T) {
			for _, echo := range echoes {
				for _, status := range []int{200, 202, 307, 400, 401, 403, 404, 413, 429, 500, 503} {
					answer.Store(answering(status, echoReply(t, echo)))
					err := send(t.Context(), client)
					require.Error(t, err)
					assertNoPiece(t, err.Error())
				}
			}
		})
	}
}

// echoReply is a reply to any request, with an echo wherever a text can be.
func echoReply(t *testing.T, echo string) string {
	t.Helper()
	text := "Email " + echo + " is not valid.Skipped record number : 2"
	reply, err := json.Marshal(map[string]any{
		"status": "fail", "error": text, "code": "839204", "message": text, "processed": 1,
		"unprocessed": []any{map[string]any{"status": "fail", "error": text, "code": "839204", "record": map[string]string{"Name": echo}}},
	})
	require.NoError(t, err)
	return string(reply)
}

func assertNoPiece(t *testing.T, text string) {
	t.Helper()
	for _, piece := range pieces {
		assert.NotContains(t, strings.ToLower(text), piece)
	}
}

// TestErrors_HoldNothingOfABrokenAnswer has answers that Go's HTTP client quotes in its own errors.
func TestErrors_HoldNothingOfABrokenAnswer(t *testing.T) {
	for name, answer := range map[string]string{
		"no HTTP":              "José García 839204\r\n\r\n",
		"a reason":             "HTTP/1.1 400 José García 839204\r\nContent-Length: 0\r\n\r\n",
		"a status":             "HTTP/1.1 839204 José\r\n\r\n",
		"a header":             "HTTP/1.1 200 OK\r\nJosé García 839204\r\n\r\n",
		"a length":             "HTTP/1.1 200 OK\r\nContent-Length: 839204José\r\n\r\n",
		"an encoding":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: José839204\r\n\r\n",
		"a chunk":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nJosé\r\n",
		"a location":           "HTTP/1.1 302 Found\r\nLocation: http://[José%zz839204\r\nContent-Length: 0\r\n\r\n",
		"a time to wait":       "HTTP/1.1 503 Busy\r\nRetry-After: José839204\r\nContent-Length: 0\r\n\r\n",
		"a record, not JSON":   "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{José:839204}",
		"a text, not an error": "HTTP/1.1 502 Bad\r\nContent-Length: 13\r\n\r\n<José 839204>",
	} {
		t.Run(name, func(t *testing.T) {
			url := serveRaw(t, answer)
			err := requests["delete by identity"](t.Context(), newClient(t, url, nil))
			require.Error(t, err)
			assertNoPiece(t, strings.ReplaceAll(err.Error(), url[len("http://"):], "the host"))
		})
	}
}

// serveRaw answers the first request on each connection with these bytes.
func serveRaw(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(conn, answer)
			}
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}
