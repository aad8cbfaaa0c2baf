package testenv_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// watched records how a test ends instead of ending it.
type watched struct {
	testing.TB
	skipped, failed string
}

func (w *watched) Helper() {}

func (w *watched) Skip(args ...any) {
	w.skipped = fmt.Sprint(args...)
	runtime.Goexit()
}

func (w *watched) Fatalf(format string, args ...any) {
	w.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func watch(t *testing.T, f func(testing.TB)) *watched {
	w := &watched{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(w)
	}()
	<-done
	return w
}

func askForNothing(t testing.TB) { testenv.Program(t, "the moon", "no-such-program-7f3a") }

func TestAMissingProgramSkipsAndLeavesALine(t *testing.T) {
	log := filepath.Join(t.TempDir(), "skips")
	t.Setenv(testenv.SkipLog, log)
	t.Setenv(testenv.Required, "")
	const line = "SKIPPED the moon: no-such-program-7f3a not found"
	w := watch(t, askForNothing)
	assert.Equal(t, line, w.skipped)
	content, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.Equal(t, line+"\n", string(content))
}

func TestNothingMayBeSkippedWhenEverythingIsRequired(t *testing.T) {
	t.Setenv(testenv.Required, "1")
	w := watch(t, askForNothing)
	assert.Contains(t, w.failed, "SKIPPED the moon")
	assert.Empty(t, w.skipped)
}

func TestAProgramThatExistsIsFound(t *testing.T) {
	assert.FileExists(t, testenv.Program(t, "go", "no-such-program-7f3a", "go"))
}

func TestFreeAddress_ReturnsNoneTwiceAndNoneOfClients(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		address := testenv.FreeAddress(t)
		assert.False(t, seen[address])
		seen[address] = true
		_, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		assert.Less(t, port, "32768", "all have five digits")
		assert.Len(t, port, 5)
	}
}
