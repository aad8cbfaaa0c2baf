package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// The tests named TestE2ETrust… attack the shipped examples as a stranger can: with the public write key, and with requests
// of the webhook that were seen on their way.

// victimRecords are the people to delete, as CleverTap gets to know them.
const victimRecords = `{"d":[
	{"type":"profile","objectId":"` + victimDevice + `","profileData":{"Identity":"` + victim + `","Name":"Ada","plan":"gold","points":7,"tags":["a","b"],"MSG-email":true}},
	{"type":"token","objectId":"` + victimDevice + `","tokenData":{"id":"token-of-the-victim","type":"fcm"}},
	{"type":"profile","identity":"` + victimNumber + `","profileData":{"Name":"Grace"}},
	{"type":"profile","objectId":"` + victimVisitor + `","profileData":{"plan":"trial"}}]}`

// target is CleverTap behind a pipeline.
type target struct {
	*clevertaptest.Server
	url string
	// before is what it knew of the victims.
	before []clevertaptest.Profile
}

func newTarget(t *testing.T) *target {
	t.Helper()
	fake, url := fakeClevertap(t, clevertaptest.Options{})
	c := &target{Server: fake, url: url}
	c.uploadVictims(t)
	return c
}

// uploadVictims has the victims sign up.
func (c *target) uploadVictims(t *testing.T) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, c.url+"/1/upload", strings.NewReader(victimRecords))
	require.NoError(t, err)
	request.Header.Set("X-CleverTap-Account-Id", clevertaptest.DefaultAccountID)
	request.Header.Set("X-CleverTap-Passcode", clevertaptest.DefaultPasscode)
	rejected := len(c.Rejections())
	status, answer, err := read(http.DefaultClient.Do(request))
	require.NoError(t, err)
	require.Equal(t, 200, status, answer)
	require.Len(t, c.Rejections(), rejected, answer)
	c.before = c.victims(t)
}

// victims is what it knows of the victims, but for their events.
func (c *target) victims(t *testing.T) (all []clevertaptest.Profile) {
	t.Helper()
	for _, id := range []string{victim, victimNumber, victimVisitor} {
		p, found := c.Profile(id)
		assert.True(t, found, id)
		all = append(all, clevertaptest.Profile{ID: p.ID, Identities: p.Identities, ObjectIDs: p.ObjectIDs, Attributes: p.Attributes, Tokens: p.Tokens})
	}
	return all
}

// deleted are the ids of the deletes that have arrived, but for the one that strangers have seen.
func (c *target) deleted() (ids []string) {
	for _, d := range c.Deletions() {
		if id := d.Identity + d.ObjectID; id != personWhoLeft {
			ids = append(ids, id)
		}
	}
	return ids
}

// assertUnharmed checks that CleverTap knows of the victims what it knew, and was told to delete nobody but these.
func (c *target) assertUnharmed(t *testing.T, deleted ...string) {
	t.Helper()
	assert.ElementsMatch(t, deleted, c.deleted())
	assert.Equal(t, c.before, c.victims(t))
}

// assertHonest checks that each honest call has arrived, and as often as it was sent.
func (c *target) assertHonest(t *testing.T, sent *ledger) {
	t.Helper()
	got := map[string]int{}
	for _, event := range c.Events() {
		if n, ok := event.Properties["n"].(string); ok && event.Name == "Honest" {
			got[n]++
		}
	}
	delete(got, "captured") // anybody can send it again, as a call of a stranger
	assert.Equal(t, sent.honest, got)
}

// hasInternal tells whether one of the calls has arrived that a filter leaves out.
func (c *target) hasInternal() bool {
	return slices.ContainsFunc(c.Events(), func(e clevertaptest.Event) bool { return e.Name == "internal" })
}

// signedDeletes are those of the victims as Segment sends them: alone, in an array that is signed as a whole, and in front
// of one that is not. Strangers have sent calls with two of the ids before.
var signedDeletes = []struct{ signs, body string }{
	{`{"type":"delete","userId":"victim","messageId":"del-42"}`, `{"type":"delete","userId":"victim","messageId":"del-42"}`},
	{signedArray, signedArray},
	{signedVisitor, `[` + signedVisitor + `,{"type":"track","event":"internal","userId":"u1","messageId":"after-44"},` + honestCall("beside-44") + `]`},
}

const signedVisitor = `{"type":"delete","anonymousId":"` + victimVisitor + `"}`

var signedArray = `[{"type":"track","event":"internal","userId":"u1","messageId":"before-43"},{"type":"delete","userId":` + victimNumber + `,"messageId":"del-43"},` + honestCall("beside-43") + `]`

// sendDeletes has Segment send the signed deletes, or a stranger send them again.
func (s *site) sendDeletes(t *testing.T) {
	t.Helper()
	for _, d := range signedDeletes {
		status, answer, err := s.roundTrip(attack{path: "/webhook", signs: d.signs}, 0, d.body)
		require.NoError(t, err)
		require.Equal(t, 200, status, answer)
	}
}

// assertSignedDeletes checks that what Segment has signed deletes, and deletes once. Settled waits until everything has
// arrived.
func (s *site) assertSignedDeletes(t *testing.T, sent *ledger, settled func(), ends ...*target) {
	t.Helper()
	s.sendDeletes(t)
	settled()
	gone := []string{victim, victimNumber, victimVisitor}
	for _, end := range ends {
		// Deletes by identity and deletes by objectId go in requests of their own, in any order.
		assert.ElementsMatch(t, gone, end.deleted())
		for _, d := range end.Deletions() {
			assert.Equal(t, d.Identity != personWhoLeft, d.Found, d)
		}
		end.uploadVictims(t)
	}
	// Strangers send again what was signed, as it was and with other calls around it.
	s.sendDeletes(t)
	again := []attack{
		hooked("again in an array", signedDeletes[0].signs, `[`+signedDeletes[0].signs+`,<honest>]`, 200, ""),
		hooked("again with white space", signedDeletes[0].signs, "\n[\t"+signedDeletes[0].signs+"\n,<honest> ]", 200, ""),
		hooked("again as the first of an array", signedArray, `[`+signedArray+`,<honest>]`, 200, invalidJSON),
		hooked("again alone", signedVisitor, signedVisitor, 200, ""),
		hooked("again with another tail", signedVisitor, `[`+signedVisitor+`,`+deleteVictim+`,<honest>]`, 200, notAllowed),
	}
	for i, a := range again {
		s.send(t, a, 1_000_000+i, sent)
	}
	settled()
	sent.sent([]string{"beside-43", "beside-44"}, attack{})
	for _, end := range ends {
		end.assertUnharmed(t, gone...)
		end.assertHonest(t, sent)
	}
}

// assertRedriven has the operator send the dead letters again, and nobody asks who sent them first.
func (c *target) assertRedriven(t *testing.T, p *process) {
	t.Helper()
	if len(p.deadLetters("dead")) == 0 {
		return
	}
	gone := c.deleted()
	start(t, "dead_letter_redrive.yaml", "CLEVERTAP_URL="+c.url, "REDRIVE="+p.path("dead")).wait()
	c.assertUnharmed(t, gone...)
}

func TestE2ETrust_NobodyElseDeletes(t *testing.T) {
	all := attacks()
	for _, example := range []publicExample{sdkExample, hookExample, bothExample} {
		for name, prepare := range inOrder(map[string]func(t *testing.T) (file string, settings []string){
			"as shipped": func(*testing.T) (string, []string) { return example.file, nil },
			"behind a filter": func(t *testing.T) (string, []string) {
				return variant(t, example.file, behindAFilter), []string{"error_handling.strict=true"}
			},
			"with delete_event": func(*testing.T) (string, []string) {
				return example.file, []string{example.mapper + ".delete_event=" + deleteEvent}
			},
			"with calls that are not valid": func(*testing.T) (string, []string) {
				return example.file, []string{example.passInvalid()}
			},
		}) {
			t.Run(example.file+"/"+name, func(t *testing.T) {
				t.Parallel()
				end, sent := newTarget(t), newLedger()
				file, settings := prepare(t)
				s := example.open(t, file, end.url, settings...)

				s.attack(t, all, sent)
				end.assertUnharmed(t)
				end.assertHonest(t, sent)
				assert.Equal(t, name != "behind a filter", end.hasInternal())
				if name == "with delete_event" {
					sent.dead[notAllowed] = sent.events
				}
				assert.Equal(t, sent.dead, reasons(s.deadLetters("dead")))
				assert.Equal(t, name == "with calls that are not valid", sent.dead[unsupported] > 0)
				if s.hook {
					s.assertSignedDeletes(t, sent, func() {}, end)
				}
				s.stop()
				end.assertRedriven(t, s.process)
			})
		}
	}
}

// The levels of trust end at a queue: all that counts behind it is what segment_http has let in.
func TestE2ETrust_NobodyElseDeletesThroughRedis(t *testing.T) {
	address := startRedis(t)
	groups := map[string]struct{ file, input string }{
		"shipped": {"redis_to_clevertap.yaml", "input"},
		"several": {"scale/redis_to_clevertap.yaml", "input.sequence.inputs.1"},
		"event":   {"redis_to_clevertap.yaml", "input"},
	}
	readers, ends := map[string]*process{}, map[string]*target{}
	for group, example := range groups {
		ends[group] = newTarget(t)
		settings := []string{"CLEVERTAP_URL=" + ends[group].url, "REDIS_URL=redis://" + address, "CONSUMER_GROUP=" + group,
			"http.address=" + testenv.FreeAddress(t), `STREAMS="segment_calls"`,
			// Nobody waits for more calls than there are.
			example.input + ".redis_streams.commit_period=100ms", "output.switch.cases.1.output.fallback.0.clevertap.batching.period=100ms"}
		if group == "event" {
			settings = append(settings, sdkExample.mapper+".delete_event="+deleteEvent)
		}
		readers[group] = start(t, example.file, settings...)
	}
	settled := func() {
		length := streamLength(t, address)
		for group := range groups {
			eventually(t, group+" has read everything", func() bool { return acknowledged(t, address, group) == length })
		}
	}
	all, sent := attacks(), newLedger()
	var hook *site
	for _, example := range []publicExample{sdkExample, hookExample} {
		hook = example.open(t, variant(t, example.file, intoRedis(address)...), "http://127.0.0.1:1", example.passInvalid())
		hook.attack(t, all, sent)
	}
	settled()
	for group, end := range ends {
		end.assertUnharmed(t)
		end.assertHonest(t, sent)
		dead := maps.Clone(sent.dead)
		if group == "event" {
			dead[notAllowed] = sent.events
		}
		assert.Equal(t, dead, reasons(readers[group].deadLetters("dead")), group)
	}
	hook.assertSignedDeletes(t, sent, settled, slices.Collect(maps.Values(ends))...)
	readers["shipped"].stop()
	ends["shipped"].assertRedriven(t, readers["shipped"])
}
