package runstatus_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/clevertap-segment/clevertap-segment/plugins/runstatus"
)

func TestExitCode_IsOneAfterAnIncompleteSource(t *testing.T) {
	t.Cleanup(runstatus.Reset)
	assert.Zero(t, runstatus.ExitCode())
	runstatus.MarkIncomplete()
	assert.Equal(t, 1, runstatus.ExitCode())
	runstatus.Reset()
	assert.Zero(t, runstatus.ExitCode())
}
