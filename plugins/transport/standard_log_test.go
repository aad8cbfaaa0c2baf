package transport_test

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/transport"
)

func TestStandardLog_DoesNotQuoteAnswers(t *testing.T) {
	lines := make(chan string, 10)
	before := log.Writer()
	t.Cleanup(func() { log.SetOutput(before) })
	log.SetOutput(transport.StandardLog(lineWriter(lines)))

	log.Print("other lines stay")
	assert.Contains(t, <-lines, "other lines stay\n")

	client := &http.Client{Transport: &http.Transport{}}
	resp, err := client.Get(serveRaw(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokJosé García"))
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "ok", string(body))
	select {
	case line := <-lines:
		assert.Regexp(t, `Unsolicited response received on idle HTTP channel\n$`, line)
	case <-time.After(10 * time.Second):
		t.Fatal("Go's HTTP client no longer logs what comes behind an answer: StandardLog can go")
	}
}

type lineWriter chan<- string

func (w lineWriter) Write(line []byte) (int, error) {
	w <- string(line)
	return len(line), nil
}

// serveRaw answers one request with these bytes and leaves the connection open.
func serveRaw(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, answer)
		}
		_, _ = io.Copy(io.Discard, conn) // until the client hangs up
	}()
	return "http://" + listener.Addr().String()
}
