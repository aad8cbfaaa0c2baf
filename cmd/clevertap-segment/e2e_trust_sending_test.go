package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// strangers is how many attacks are under way at a time: most wait for the output's batching period.
const strangers = 100

// ledger is what strangers have sent beside honest calls.
type ledger struct {
	mu sync.Mutex
	// honest counts the calls that have to arrive, dead those that have to be in the dead letter, by their reason.
	honest, dead map[string]int
	// events counts the calls that have got through and have the name of delete_event.
	events int
}

func newLedger() *ledger { return &ledger{honest: map[string]int{}, dead: map[string]int{}} }

func (s *ledger) sent(honest []string, a attack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range honest {
		s.honest[n]++
	}
	if a.dead != "" {
		s.dead[a.dead]++
	}
	if a.deletes {
		s.events++
	}
}

// attack sends everything and checks the answers. Each attack has an honest call in it, or one comes after it.
func (s *site) attack(t *testing.T, attacks []attack, sent *ledger) {
	t.Helper()
	if s.hook {
		for _, call := range []string{captured, capturedArray, capturedDelete} {
			require.Equal(t, 200, post(t, s.url+"/webhook", call, hookSecret))
		}
		sent.sent([]string{"captured-1", "captured-2"}, attack{})
	}
	numbers := make(chan int)
	var all sync.WaitGroup
	for range strangers {
		all.Go(func() {
			for number := range numbers {
				if !s.send(t, attacks[number], number, sent) {
					s.sendHonest(t, attacks[number], number, sent)
				}
			}
		})
	}
	for number := range attacks {
		numbers <- number
	}
	close(numbers)
	all.Wait()
}

func honestCall(n string) string {
	return `{"type":"track","event":"Honest","userId":"u1","messageId":"` + n + `","properties":{"n":"` + n + `"}}`
}

// fill puts calls in place of the words of a text, and returns the honest ones among them.
func (a attack) fill(text string, number int) (filled string, honest []string) {
	filled = strings.ReplaceAll(text, `<captured>`, captured)
	filled = strings.ReplaceAll(filled, `<internal>`, `{"type":"track","event":"internal","userId":"u1"}`)
	if strings.Contains(filled, `<signed>`) {
		n := fmt.Sprintf("signed-%d", number)
		filled, honest = strings.ReplaceAll(filled, `<signed>`, honestCall(n)), append(honest, n)
	}
	for i := 0; strings.Contains(filled, `<honest>`); i++ {
		n := fmt.Sprintf("honest-%d-%d", number, i)
		filled, honest = strings.Replace(filled, `<honest>`, honestCall(n), 1), append(honest, n)
	}
	return filled, honest
}

// send makes one attack, and tells whether honest calls were in it and taken.
func (s *site) send(t *testing.T, a attack, number int, sent *ledger) (honestly bool) {
	if !s.passing {
		a = a.refusedAtTheDoor()
	}
	want, code := a.status, a.code
	if want == 0 {
		want = http.StatusOK
	}
	switch {
	case a.unreadable:
		want = http.StatusBadRequest
	case a.hooked() && !s.hook, !a.hooked() && !s.tracking:
		want, code = http.StatusNotFound, "not_found"
	}
	body, honest := a.fill(a.body, number)
	status, answer, err := s.roundTrip(a, number, body)
	if !assert.NoError(t, err, a.name) || !assert.Equal(t, want, status, "%s: %s", a.name, answer) {
		return false
	}
	switch {
	case code != "":
		assert.Contains(t, answer, `"code":"`+code+`"`, a.name)
	case want == http.StatusOK:
		assert.Equal(t, `{"success":true}`, answer, a.name)
	}
	if want != http.StatusOK {
		return false
	}
	sent.sent(honest, a)
	return len(honest) > 0
}

// roundTrip sends the request of an attack and reads the answer.
func (s *site) roundTrip(a attack, number int, body string) (status int, answer string, err error) {
	if a.wire != "" {
		return roundTripWire(strings.TrimPrefix(s.url, "http://"), a.wire)
	}
	packed := []byte(body)
	if a.pack != nil {
		packed = a.pack(packed)
	}
	method := a.method
	if method == "" {
		method = http.MethodPost
	}
	path := a.path
	if path == "" {
		path = "/v1/batch"
	}
	var reader io.Reader = bytes.NewReader(packed)
	if a.chunked {
		reader = struct{ io.Reader }{reader}
	}
	request, err := http.NewRequest(method, s.url+path, reader)
	if err != nil {
		return 0, "", err
	}
	for _, header := range a.header {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			request.Host = value
			continue
		}
		request.Header[name] = append(request.Header[name], value)
	}
	if a.signs != "" {
		signed, _ := a.fill(a.signs, number)
		request.Header.Add("X-Signature", segment.Sign([]byte(hookSecret), []byte(signed)))
	}
	if !a.hooked() && !a.anonymous && request.Header["Authorization"] == nil {
		request.SetBasicAuth(writeKey, "")
	}
	return read(s.client.Do(request))
}

func read(response *http.Response, err error) (status int, answer string, _ error) {
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// roundTripWire sends bytes and reads one answer.
func roundTripWire(address, wire string) (status int, answer string, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, strings.ReplaceAll(wire, "<host>", address)); err != nil {
		return 0, "", err
	}
	return read(http.ReadResponse(bufio.NewReader(conn), nil))
}

// sendHonest sends somebody else's call after an attack.
func (s *site) sendHonest(t *testing.T, after attack, number int, sent *ledger) {
	n := fmt.Sprintf("after-%d", number)
	honest := attack{name: "the honest call after " + after.name, path: "/v1/track", body: honestCall(n)}
	if !s.tracking {
		honest.path, honest.signs = "/webhook", honest.body
	}
	status, answer, err := s.roundTrip(honest, number, honest.body)
	if assert.NoError(t, err, honest.name) && assert.Equal(t, 200, status, "%s: %s", honest.name, answer) {
		sent.sent([]string{n}, attack{})
	}
}

// reasons counts the dead letters by the reason in their error. Not every example has it in a member of its own.
func reasons(letters []deadLetter) map[string]int {
	all := map[string]int{}
	for _, letter := range letters {
		_, text, _ := strings.Cut(letter.Error, ": ")
		reason, _, _ := strings.Cut(text, ":")
		all[reason]++
	}
	return all
}
