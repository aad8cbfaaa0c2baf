package clevertaptest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

func deviceEvent(objectID string) string { return `{"objectId":"` + objectID + `",` + event + `}` }

func login(root, identity string) string {
	return `{"type":"profile",` + root + `,"profileData":{"Identity":"` + identity + `","Plan":"free"}}`
}

func TestAnonymousBecomesIdentified(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	accepted(t, s, deviceEvent("Dev-1"), deviceEvent("dev-1"), login(`"objectId":"dev-1"`, "ann"))
	require.Len(t, s.Profiles(), 1)
	p := profile(t, s, "ann")
	require.Equal(t, []string{"Dev-1"}, p.ObjectIDs)
	require.Equal(t, []string{"ann"}, p.Identities)
	require.EqualValues(t, 2, p.Events)
	require.NotContains(t, p.Attributes, "Identity")
	require.Equal(t, "New User", s.IdentityEvents()[0].Type)
	require.Equal(t, p, profile(t, s, "DEV-1"))
}

func TestTwoDevicesMergeIntoOnePerson(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	accepted(t, s, deviceEvent("phone"), login(`"objectId":"phone"`, "ann"),
		deviceEvent("laptop"), `{"type":"profile","objectId":"laptop","profileData":{"Plan":"gold","City":"Pune"}}`,
		tokenOf("laptop", `{"id":"old","type":"fcm"}`), tokenOf("laptop", `{"id":"t1","type":"fcm"}`))
	accepted(t, s, login(`"objectId":"laptop"`, "ann"), deviceEvent("laptop"))
	require.Len(t, s.Profiles(), 1)
	p := profile(t, s, "ann")
	require.Equal(t, []string{"phone", "laptop"}, p.ObjectIDs)
	require.EqualValues(t, 3, p.Events)
	require.Equal(t, map[string]any{"Plan": "free", "City": "Pune"}, p.Attributes)
	require.Equal(t, []clevertaptest.Token{{ObjectID: "laptop", ID: "t1", Type: "fcm"}}, p.Tokens)
	require.Equal(t, "Merged", s.IdentityEvents()[1].Type)
	for _, e := range s.Events() {
		require.Equal(t, p.ID, e.ProfileID)
	}
	post(t, s, "/1/delete/profiles.json", `{"guid":"laptop"}`)
	require.Empty(t, s.Profiles())
}

func TestSecondIdentity(t *testing.T) {
	alias := login(`"identity":"old"`, "new")
	s := newServer(clevertaptest.Options{})
	accepted(t, s, eventOf("old", "e", `{}`), alias, eventOf("new", "e", `{}`))
	require.Len(t, s.Profiles(), 1)
	require.Equal(t, []string{"old", "new"}, profile(t, s, "new").Identities)
	require.Equal(t, "Appended", s.IdentityEvents()[0].Type)

	s = newServer(clevertaptest.Options{})
	accepted(t, s, eventOf("old", "e", `{}`), eventOf("new", "e", `{}`), alias, alias)
	require.Len(t, s.Profiles(), 1)
	require.EqualValues(t, 2, profile(t, s, "old").Events)
	require.Len(t, s.IdentityEvents(), 1)

	s = newServer(clevertaptest.Options{ForbidMerging: true})
	accepted(t, s, eventOf("old", "e", `{}`), eventOf("new", "e", `{}`), alias)
	require.Len(t, s.Profiles(), 2)
	require.Equal(t, "Identity Error", s.IdentityEvents()[0].Name)
	require.Equal(t, "free", profile(t, s, "old").Attributes["Plan"])
}

func TestWordsForNothingAreNoIdentity(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	accepted(t, s, login(`"objectId":"d1"`, "null"), login(`"objectId":"d2"`, "null"))
	require.Len(t, s.Profiles(), 2)
	require.Empty(t, profile(t, s, "d1").Identities)
	require.Len(t, s.Notices(), 2)
}

func TestChainOfMerges(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	accepted(t, s, deviceEvent("d1"), eventOf("a", "e", `{}`), eventOf("b", "e", `{}`), eventOf("c", "e", `{}`),
		login(`"objectId":"d1"`, "a"), login(`"identity":"a"`, "b"), login(`"identity":"b"`, "c"))
	p := profile(t, s, "c")
	require.Equal(t, []string{"c", "b", "a"}, p.Identities)
	require.EqualValues(t, 4, p.Events)
	require.Equal(t, []int64{3, 4}, seqs(s.EventsOf("d1", 2)))
	require.Equal(t, p, profile(t, s, "a"))
	require.Equal(t, p, profile(t, s, "d1"))
}

func TestBothIDsAtTheRoot(t *testing.T) {
	both := func(identity, objectID string) string {
		return `{"identity":"` + identity + `","objectId":"` + objectID + `",` + event + `}`
	}
	s := newServer(clevertaptest.Options{})
	accepted(t, s, both("ann", "back-end"), both("bob", "back-end"))
	require.Equal(t, []string{"back-end"}, profile(t, s, "ann").ObjectIDs)
	require.NotContains(t, profile(t, s, "bob").ObjectIDs, "back-end")
	require.Len(t, s.Profiles(), 2)
}

func TestOtherKindsOfIdentity(t *testing.T) {
	s := newServer(clevertaptest.Options{EmailIsIdentity: true})
	accepted(t, s, `{"FBID":"1",`+event+`}`, `{"GPID":"1",`+event+`}`, `{"identity":"1",`+event+`}`)
	require.Len(t, s.Profiles(), 3)
	accepted(t, s, profileOf("1", `{"Email":"a@b.io","FBID":"1"}`), profileOf("2", `{"email":"a@b.io"}`))
	require.Len(t, s.Profiles(), 2)
	p := profile(t, s, "2")
	require.Equal(t, []string{"1"}, p.FBIDs)
	require.ElementsMatch(t, []string{"1", "2", "a@b.io"}, p.Identities)
}
