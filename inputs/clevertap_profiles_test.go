package inputs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func profileLine(person, data string) string {
	return fmt.Sprintf(`{"type":"profile","objectId":%q,"profileData":%s}`, person, data)
}

func TestProfilesComeOnceWithTheirMetadata(t *testing.T) {
	x := newExportTest(t, "Asia/Kolkata", profileLine("a", `{"Identity":"u","Phone":"+4930901820","id":9007199254740993}`),
		bought("a", 1, today), bought("a", 2, today.Add(-24*time.Hour)),
		strings.Replace(bought("a", 1, today), "Bought", "App Launched", 1))
	pages := x.rest(x.profiles(""))
	require.Len(t, pages, 1)
	require.Len(t, pages[0], 1)
	content, err := pages[0][0].AsBytes()
	require.NoError(t, err)
	assert.JSONEq(t, fmt.Sprintf(`{"identity":"u","phone":4930901820,"profileData":{"id":9007199254740993},
		"platformInfo":[{"platform":"Web","objectId":"a","app_version":"1.0","ls":%d}]}`, today.Unix()), string(content))
	meta := map[string]string{}
	require.NoError(t, pages[0][0].MetaWalk(func(key, value string) error {
		meta[key] = value
		return nil
	}))
	assert.Equal(t, map[string]string{
		"clevertap_account_id": "TEST-ACCOUNT", "clevertap_timezone": "Asia/Kolkata", "clevertap_day": "2026-03-10",
		"clevertap_occurrence": "0", "clevertap_source": "profiles_export",
	}, meta)
}

func TestProfilesComeAgainWhenTheyHaveChanged(t *testing.T) {
	x := newExportTest(t, "UTC", profileLine("a", `{"plan":"free"}`), profileLine("b", `{"plan":"free"}`),
		bought("a", 1, today), bought("b", 1, today))
	const config = "event_names: [Bought]\n"
	plans := func() (all []string) {
		for _, text := range texts(x.rest(x.profiles(config))...) {
			all = append(all, text[strings.Index(text, `"plan"`):strings.Index(text, `},"platform`)])
		}
		return all
	}
	assert.Equal(t, []string{`"plan":"free"`, `"plan":"free"`}, plans())
	assert.Empty(t, plans())
	x.seed(bought("a", 2, today)) // counts and last seen move, the profile does not
	assert.Empty(t, plans())
	for _, plan := range []string{"gold", "free"} {
		x.seed(profileLine("a", `{"plan":"`+plan+`"}`))
		assert.Equal(t, []string{`"plan":"` + plan + `"`}, plans(), "back to an earlier state is a change, too")
		assert.Empty(t, plans())
	}
	x.clock.turn(4 * 24 * time.Hour)
	assert.Len(t, plans(), 2, "forgotten after the lookback")
	assert.Empty(t, plans())
}

func TestProfilesAfterAnInterruption(t *testing.T) {
	for name, expire := range map[string]bool{"while the cursor lives": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			x := newExportTest(t, "UTC")
			for i := range 100 {
				x.seed(bought(fmt.Sprint("p", i), i, today))
			}
			r := x.profiles("event_names: [Bought]\nbatch_size: 23\n")
			first, ack, err := r.read(t.Context())
			require.NoError(t, err)
			require.NoError(t, ack(t.Context(), nil))
			lost, _, err := r.read(t.Context())
			require.NoError(t, err)
			if expire {
				x.fake.ExpireCursors()
			}
			rest := x.rest(x.profiles("event_names: [Bought]\nbatch_size: 23\n"))
			assert.Equal(t, texts(lost)[0], texts(rest...)[0])
			assert.Len(t, unique(texts(append(rest, first)...)), 100)
			assert.Len(t, texts(append(rest, first)...), 100)
		})
	}
}
