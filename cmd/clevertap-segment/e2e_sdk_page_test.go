package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watchTask lets the browser have the sandbox's page open during the visit.
type watchTask struct {
	URL        string   `json:"url"`
	Events     []string `json:"events"`
	Profile    string   `json:"profile"`
	Screenshot string   `json:"screenshot"`
}

// sandboxPage is the text of its parts: the list of events before the visit and after it, the list of profiles, and the
// profile that was opened.
type sandboxPage struct {
	Before, Events, Profiles, Profile string
	Reloaded                          bool
}

func TestE2ESDKForBrowsersShowsUpOnTheSandboxPage(t *testing.T) {
	chromium(t)
	sandbox, _, _ := startSandbox(t)
	page := shop(t)
	_, tap := startBridge(t, sandbox, "ALLOWED_ORIGIN="+page)
	screenshot, err := filepath.Abs(root + "/tmp/sandbox.png")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(screenshot), 0o755))
	task := inlineSettings(tap)
	task.Page = page + "/page.html"
	events := []string{"Landing Viewed", "Course Started", "Web Page Viewed", "Course Finished"}
	task.Watch = &watchTask{URL: sandbox, Events: events, Profile: "Ada Lovelace", Screenshot: screenshot}

	seen := startBrowser(t, task).leave().Seen

	assert.Contains(t, seen.Before, "Nothing has arrived yet")
	for _, name := range events {
		assert.Contains(t, seen.Events, name)
	}
	assert.Contains(t, seen.Profiles, "Ada Lovelace")
	assert.Contains(t, seen.Profiles, "Grace Hopper")
	for _, text := range []string{"ada-1815", "ada@example.com", "gold", "Course Started"} {
		assert.Contains(t, seen.Profile, text)
	}
	assert.False(t, seen.Reloaded, "it came live")
	assert.FileExists(t, screenshot)
}
