package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// startRedis starts a server that keeps nothing on disk, and returns its address.
func startRedis(t *testing.T) string {
	t.Helper()
	address := testenv.FreeAddress(t)
	startRedisAt(t, address)
	return address
}

// startRedisAt starts a server at an address and returns its process.
func startRedisAt(t *testing.T, address string) *os.Process {
	t.Helper()
	program := testenv.Program(t, "Redis end-to-end test", "redis-server", "valkey-server")
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	server := exec.Command(program, "--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	eventually(t, "Redis listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return server.Process
}

// redis sends commands over one connection, all at once, and returns one line of reply for each.
func redis(t *testing.T, address string, commands ...[]string) []string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	var out bytes.Buffer
	for _, command := range commands {
		fmt.Fprintf(&out, "*%d\r\n", len(command))
		for _, word := range command {
			fmt.Fprintf(&out, "$%d\r\n%s\r\n", len(word), word)
		}
	}
	go func() { _, _ = conn.Write(out.Bytes()) }()
	var replies []string
	for reader := bufio.NewReader(conn); len(replies) < len(commands); {
		line, err := reader.ReadString('\n')
		require.NoError(t, err)
		if line[0] == '$' { // a bulk string: what counts is on the next line
			line, err = reader.ReadString('\n')
			require.NoError(t, err)
		}
		replies = append(replies, strings.TrimSpace(line))
	}
	return replies
}

// publish puts calls on the example's stream.
func publish(t *testing.T, address string, calls [][]byte) {
	t.Helper()
	commands := make([][]string, len(calls))
	for i, call := range calls {
		commands[i] = []string{"XADD", "segment_calls", "*", "body", string(call)}
	}
	for _, reply := range redis(t, address, commands...) {
		require.False(t, strings.HasPrefix(reply, "-"), reply)
	}
}

func TestE2ERedisStreamArrivesOnceAndIsAcknowledged(t *testing.T) {
	address := startRedis(t)
	const calls = 1500
	generator := segmentgen.New(segmentgen.Config{Seed: 9, Bad: 0.1})
	var all [][]byte
	for range calls {
		all = append(all, generator.Next())
	}
	strictAndNot(t, func(t *testing.T, strict string) {
		redis(t, address, []string{"FLUSHALL"})
		fake, url := fakeClevertap(t, clevertaptest.Options{})
		settings := []string{strict, "CLEVERTAP_URL=" + url, "REDIS_URL=redis://" + address, "http.address=" + testenv.FreeAddress(t)}

		// Two runs: the second goes on where the first has stopped, with what it knew about visitors.
		publish(t, address, all[:calls/2])
		first := runUntilAcknowledged(t, address, settings)
		publish(t, address, all[calls/2:])
		second := runUntilAcknowledged(t, address, settings)

		dead := append(first.deadLetters("dead"), second.deadLetters("dead")...)
		total := func(metric string) int { return first.metric(metric) + second.metric(metric) }
		assert.Equal(t, calls, total("input_received"))
		assert.Equal(t, total("segment_to_clevertap_errors_total"), count(dead, "call"))
		assert.Equal(t, total("segment_to_clevertap_records_total"), accepted(fake)+count(dead, "record"))
		assert.Positive(t, count(dead, "call"))
		assertOnceEach(t, fake.Rejections(), dead)
	})
}

// runUntilAcknowledged runs the example until every entry of the stream has been read and acknowledged.
func runUntilAcknowledged(t *testing.T, address string, settings []string) *process {
	t.Helper()
	p := start(t, "redis_to_clevertap.yaml", settings...)
	length := streamLength(t, address)
	eventually(t, "all is acknowledged", func() bool { return acknowledged(t, address, "clevertap") == length })
	p.stop()
	return p
}

func streamLength(t *testing.T, address string) string {
	t.Helper()
	return redis(t, address, []string{"XLEN", "segment_calls"})[0]
}

// acknowledged is how many entries of the stream a group has read, or "" while some of them are pending.
func acknowledged(t *testing.T, address, group string) string {
	t.Helper()
	const script = `local groups = redis.pcall('XINFO', 'GROUPS', 'segment_calls')
		if groups.err then return '' end
		for _, group in ipairs(groups) do
			local info = {}
			for i = 1, #group, 2 do info[group[i]] = group[i + 1] end
			if info.name == ARGV[1] and info.pending == 0 then return ':' .. tostring(info['entries-read']) end
		end
		return ''`
	return redis(t, address, []string{"EVAL", script, "0", group})[0]
}
