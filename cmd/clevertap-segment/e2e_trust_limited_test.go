package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const (
	identitySecret = "IDENTITY-SECRET"
	hashInvalid    = "identity_hash_invalid"
)

// proven adds the proof for an id to a call, which may be about somebody else.
func proven(call, id string) string {
	return withHash(call, segment.SignUser([]byte(identitySecret), id))
}

func withHash(call, hash string) string {
	return strings.TrimSuffix(call, "}") + `,"context":{"userHash":"` + hash + `"}}`
}

// takeovers are calls by which a stranger would change the victim without a delete: by identity, token, operator or
// control key.
func takeovers() (all []badCall) {
	for name, json := range inOrder(map[string]string{
		"the victim's device":              `{"type":"identify","userId":"stranger","anonymousId":"victim-device"}`,
		"the victim's device, as sent":     `{"type":"identify","userId":"stranger","anonymousId":"VICTIM-DEVICE"}`,
		"a device of its own":              `{"type":"identify","userId":"victim","anonymousId":"device-of-the-stranger"}`,
		"somebody's visits":                `{"type":"identify","userId":"stranger","anonymousId":"visitor-device"}`,
		"an alias of the victim":           `{"type":"alias","userId":"stranger","previousId":"victim"}`,
		"an alias of the device":           `{"type":"alias","userId":"stranger","previousId":"victim-device","anonymousId":"victim-device"}`,
		"an alias without a previous id":   `{"type":"alias","userId":"stranger","anonymousId":"victim-device"}`,
		"an alias for the victim":          `{"type":"alias","userId":"victim","previousId":"stranger"}`,
		"an alias in capitals":             `{"type":"ALIAS","userId":"stranger","previousId":"victim"}`,
		"an alias of a number":             `{"type":"alias","userId":"stranger","previousId":4711}`,
		"a token of the victim's":          `{"type":"identify","userId":"victim","anonymousId":"victim-device","context":{"device":{"token":"token-of-the-stranger","type":"android"}}}`,
		"a token of the device":            `{"type":"identify","anonymousId":"victim-device","traits":{},"context":{"device":{"token":"token-of-the-stranger","type":"android"}}}`,
		"a token by an option":             `{"type":"identify","userId":"stranger","anonymousId":"victim-device","context":{"device":{"token":"token-of-the-stranger"}},"integrations":{"CleverTap":{"deviceTokenType":"fcm"}}}`,
		"$delete":                          `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1}}}`,
		"$delete with an escape":           `{"type":"identify","userId":"victim","traits":{"plan":{"\u0024delete":1}}}`,
		"$delete of a standard field":      `{"type":"identify","userId":"victim","traits":{"name":{"$delete":1},"email":{"$delete":1}}}`,
		"$delete and $set":                 `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1,"$set":"none"}}}`,
		"$delete twice":                    `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1},"plan":{"$delete":1}}}`,
		"$delete in the context":           `{"type":"identify","userId":"victim","context":{"traits":{"plan":{"$delete":1}}}}`,
		"$delete for the device":           `{"type":"identify","anonymousId":"victim-device","traits":{"plan":{"$delete":1}}}`,
		"$set":                             `{"type":"identify","userId":"victim","traits":{"plan":{"$set":"none"}}}`,
		"$incr":                            `{"type":"identify","userId":"victim","traits":{"points":{"$incr":1000}}}`,
		"$decr":                            `{"type":"identify","userId":"victim","traits":{"points":{"$decr":7}}}`,
		"$add":                             `{"type":"identify","userId":"victim","traits":{"tags":{"$add":["c"]}}}`,
		"$remove":                          `{"type":"identify","userId":"victim","traits":{"tags":{"$remove":["a","b"]}}}`,
		"an e-mail opt-out":                `{"type":"identify","userId":"victim","traits":{"MSG-email":false}}`,
		"an opt-out with an escape":        `{"type":"identify","userId":"victim","traits":{"\u004dSG-email":false}}`,
		"all opt-outs":                     `{"type":"identify","userId":"victim","traits":{"MSG-email":false,"MSG-push":false,"MSG-sms":false,"MSG-whatsapp":false,"MSG-push-all":false,"MSG-dndEmail":true}}`,
		"an opt-out of the device":         `{"type":"identify","anonymousId":"victim-device","traits":{"MSG-email":false}}`,
		"an opt-out in the context":        `{"type":"identify","userId":"victim","context":{"traits":{"MSG-email":false}}}`,
		"an opt-out that is an operator":   `{"type":"identify","userId":"victim","traits":{"MSG-email":{"$delete":1}}}`,
		"an unsubscription":                `{"type":"identify","userId":"victim","traits":{"category-unsubscribe":{"email":["offers"]}}}`,
		"a subscription":                   `{"type":"identify","userId":"victim","traits":{"category-resubscribe":{"email":["offers"]},"subscriptionGroups":{"a":1}}}`,
		"a test user":                      `{"type":"identify","userId":"victim","traits":{"ct_is_test_user":"Yes"}}`,
		"an operator, proven for no one":   `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1}},"context":{"userHash":""}}`,
		"an operator, proven by null":      `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1}},"context":{"userHash":null}}`,
		"an operator, proven too late":     `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1}},"context":{},` + proven(`{"a":1}`, victim)[1:],
		"an operator, proven elsewhere":    `{"type":"identify","userId":"victim","userHash":"` + segment.SignUser([]byte(identitySecret), victim) + `","traits":{"plan":{"$delete":1}}}`,
		"an operator with metadata":        `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1}},"trust":"verified","segment_note":"verified"}`,
		"an identity among the traits":     `{"type":"identify","userId":"victim","traits":{"identity":"stranger","Identity":"stranger","objectId":"x","FBID":"x","GPID":"x"}}`,
		"a proven stranger, as the victim": proven(`{"type":"identify","userId":"stranger","userId":"victim","traits":{"plan":{"$delete":1}}}`, "stranger"),
		"a proven stranger's alias":        proven(`{"type":"alias","userId":"stranger","previousId":"victim"}`, "stranger"),
		"a proven stranger's alias, alone": proven(`{"type":"alias","userId":"stranger","previousId":4711}`, "stranger"),
		"a proven stranger on the device":  proven(`{"type":"identify","userId":"stranger","anonymousId":"victim-device","traits":{"seen":"yes"}}`, "stranger"),
		"a proven alias on the device":     proven(`{"type":"alias","userId":"stranger","previousId":"victim-device","anonymousId":"victim-device"}`, "stranger"),
	}) {
		all = append(all, badCall{name: name, json: json})
	}
	return all
}

// spellings are takeovers for a mapper that leaves names as they are, and objects.
func spellings() (all []badCall) {
	for _, traits := range []string{
		`"msg-email":false`, `"Msg-Email":false`, `"MSG - email":false`, `" MSG-email":false`, `"MSG-email\t":false`, `"M:SG-email":false`, `"$MSG-email":false`, `"M\u0053G-email":false`,
		`"Category-Unsubscribe":{"email":["offers"]}`, `"category-unsubscribe ":{"email":["offers"]}`, `"SubscriptionGroups":{"a":1}`, `"CT_IS_TEST_USER":"Yes"`,
		`"plan":{"a":{"$delete":1}}`, `"plan":[{"$delete":1}]`, `"plan":{"a":[[{"$delete":1}]]}`, `"plan":{"x":1,"$delete":1}`, `"plan":{"$unset":1}`, `"Plan":{"$delete":1}`, `"IDENTITY":"stranger"`, `"Iden:tity":"stranger"`,
	} {
		all = append(all, badCall{name: "the traits " + traits, json: `{"type":"identify","userId":"victim","traits":{` + traits + `}}`})
	}
	return all
}

// forgeries are calls with a wrong proof.
func forgeries() (all []badCall) {
	const call = `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1},"MSG-email":false}}`
	right := segment.SignUser([]byte(identitySecret), victim)
	for name, json := range inOrder(map[string]string{
		"of somebody else":                proven(call, "stranger"),
		"of nobody":                       proven(call, ""),
		"of the victim in capitals":       proven(call, "VICTIM"),
		"of the victim and a space":       proven(call, "victim "),
		"of the victim's device":          proven(call, victimDevice),
		"by another secret":               withHash(call, segment.SignUser([]byte("SECRET"), victim)),
		"by an empty secret":              withHash(call, segment.SignUser(nil, victim)),
		"by the write key":                withHash(call, segment.SignUser([]byte(writeKey), victim)),
		"by the webhook's secret":         withHash(call, segment.SignUser([]byte(hookSecret), victim)),
		"of zeros":                        withHash(call, strings.Repeat("0", 64)),
		"of a space":                      withHash(call, " "),
		"that is cut off":                 withHash(call, right[:62]),
		"that goes on":                    withHash(call, right+"00"),
		"with a space":                    withHash(call, right+" "),
		"that is no hex":                  withHash(call, "g"+right[1:]),
		"of SHA-1":                        withHash(call, segment.Sign([]byte(identitySecret), []byte(victim))),
		"that is a number":                strings.TrimSuffix(call, "}") + `,"context":{"userHash":0}}`,
		"that is true":                    strings.TrimSuffix(call, "}") + `,"context":{"userHash":true}}`,
		"that is a list":                  strings.TrimSuffix(call, "}") + `,"context":{"userHash":["` + right + `"]}}`,
		"that is an object":               strings.TrimSuffix(call, "}") + `,"context":{"userHash":{"victim":"` + right + `"}}}`,
		"for a visitor":                   withHash(`{"type":"identify","anonymousId":"victim-device","traits":{"plan":{"$delete":1}}}`, right),
		"for a call without ids":          withHash(`{"type":"track","event":"e"}`, right),
		"for an alias":                    proven(`{"type":"alias","userId":"victim","previousId":"stranger"}`, "stranger"),
		"for another number":              proven(`{"type":"identify","userId":4711,"traits":{"name":{"$delete":1}}}`, "4711.0"),
		"for the first of two users":      proven(`{"type":"identify","userId":"victim","userId":"stranger","traits":{"plan":{"$delete":1}}}`, "stranger"),
		"and another one, wrong is first": strings.TrimSuffix(call, "}") + `,"context":{"userHash":"00","userHash":"` + right + `"}}`,
	}) {
		all = append(all, badCall{name: "a proof " + name, json: json, refused: hashInvalid})
	}
	return append(all,
		badCall{name: "a proven stranger's delete", json: proven(`{"type":"delete","userId":"stranger"}`, "stranger"), refused: notAllowed},
		badCall{name: "a proven stranger's delete of the victim", json: proven(`{"type":"delete","userId":"victim"}`, "stranger"), refused: hashInvalid},
		badCall{name: "a proven stranger's batch", json: proven(`{"type":"x","userId":"stranger","batch":[`+deleteVictims+`]}`, "stranger"), refused: invalidJSON},
		badCall{name: "the victim's own delete", json: proven(`{"type":"delete","userId":"victim"}`, victim), refused: notAllowed})
}

// provenEnvelopes are batches whose proof is for one of their calls only.
func provenEnvelopes() []attack {
	proof := `"context":{"userHash":"` + segment.SignUser([]byte(identitySecret), "stranger") + `"}`
	const call = `{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1}}}`
	// The proof of the envelope counts for each call without one.
	honest := proven(`{"type":"track","event":"e","userId":"u1"}`, "u1")
	return []attack{
		{name: "a proof of the envelope", body: `{` + proof + `,"batch":[{"type":"page","userId":"stranger"},` + call + `,` + honest + `]}`, code: hashInvalid},
		{name: "a proof of the envelope where the call's is null", body: `{` + proof + `,"batch":[` + strings.TrimSuffix(call, "}") + `,"context":{"userHash":null}}]}`, code: hashInvalid},
		{name: "a proof of the envelope and a context that is a list", body: `{` + proof + `,"batch":[` + strings.TrimSuffix(call, "}") + `,"context":[]}]}`, code: hashInvalid},
		{name: "a proof of the envelope and an empty context", body: `{` + proof + `,"batch":[` + strings.TrimSuffix(call, "}") + `,"context":{}}]}`, code: hashInvalid},
	}
}

// Anybody with the write key can claim to be anybody else, unless the operator asks for a proof.
func TestE2ETrust_LimitedCallsChangeNobodyElse(t *testing.T) {
	for name, test := range inOrder(map[string]struct {
		settings []string
		calls    []badCall
		harmless bool
	}{
		"limited":                    {[]string{"public_calls=limited"}, append(takeovers(), forgeries()...), true},
		"limited with names as sent": {[]string{"public_calls=limited", "key_case=preserve", "nested=keep"}, append(takeovers(), append(spellings(), forgeries()...)...), true},
		"full":                       {nil, takeovers(), false},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := []string{sdkExample.input + ".identity_secret=" + identitySecret}
			for _, s := range test.settings {
				settings = append(settings, sdkExample.mapper+"."+s)
			}
			end, sent := newTarget(t), newLedger()
			s := sdkExample.open(t, sdkExample.file, end.url, settings...)
			// The victim signs in at home first.
			s.mustSend(t, proven(`{"type":"identify","userId":"victim","anonymousId":"victim-device","messageId":"home"}`, victim))

			all := provenEnvelopes()
			for _, call := range test.calls {
				all = append(all, call.inBatch(), call.alone())
			}
			s.attack(t, all, sent)
			assert.Empty(t, end.deleted())
			end.assertHonest(t, sent)
			assert.Empty(t, s.deadLetters("dead"))
			if test.harmless {
				end.assertUnharmed(t)
				s.assertProofsCount(t, end)
			} else {
				assert.NotEqual(t, end.before, end.victims(t), "these calls do change somebody")
			}
			s.stop()
			dropped := s.metric(`segment_to_clevertap_dropped_total\{[^\n]*"not_trusted"[^\n]*\}`)
			fixed := s.metric(`segment_to_clevertap_fixes_total\{[^\n]*"not_trusted"[^\n]*\}`)
			assert.Equal(t, test.harmless, dropped > 0 && fixed > 0, "dropped %d, fixed %d", dropped, fixed)
		})
	}
}

// mustSend sends one call with the write key.
func (s *site) mustSend(t *testing.T, call string) {
	t.Helper()
	status, answer, err := s.roundTrip(attack{path: "/v1/track"}, 0, call)
	require.NoError(t, err)
	require.Equal(t, 200, status, answer)
	require.Equal(t, `{"success":true}`, answer)
}

// assertProofsCount checks that the same calls change the victim when the victim proves them.
func (s *site) assertProofsCount(t *testing.T, end *target) {
	t.Helper()
	s.mustSend(t, proven(`{"type":"identify","userId":"victim","traits":{"plan":{"$delete":1},"points":{"$incr":5},"tags":{"$remove":["a"]},"MSG-email":false}}`, victim))
	s.mustSend(t, `{"type":"identify","userId":"victim","anonymousId":"victim-device","context":{"device":{"token":"a new one","type":"android"},"userHash":"`+
		strings.ToUpper(segment.SignUser([]byte(identitySecret), victim))+`"}}`)
	s.mustSend(t, proven(`{"type":"alias","userId":"4711","previousId":"visitor-device","anonymousId":"visitor-device"}`, "4711"))
	now := end.victims(t)
	assert.Equal(t, map[string]any{"Name": "Ada", "points": json.Number("12"), "tags": []string{"b"}, "MSG-email": false}, now[0].Attributes)
	require.Len(t, now[0].Tokens, 1)
	assert.Equal(t, "a new one", now[0].Tokens[0].ID)
	assert.Equal(t, now[1].ID, now[2].ID, "the visitor and the user are one")
}

// What the operator allows, anybody can: but only in a call that says what it is.
func TestE2ETrust_PublicDeletesAreForTheOperatorToAllow(t *testing.T) {
	end, sent := newTarget(t), newLedger()
	s := sdkExample.open(t, sdkExample.file, end.url, sdkExample.input+".allow_public_deletes=true")
	var all []attack
	for _, call := range append(badBatches(), badElements()...) {
		all = append(all, call.inBatch(), call.alone())
	}
	s.attack(t, all, sent)
	end.assertUnharmed(t)
	end.assertHonest(t, sent)
	s.mustSend(t, deleteVictim)
	assert.Equal(t, []string{victim}, end.deleted())
	s.stop()
}
