package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
)

// Six messages of two people: 0, 2, 4 are of the first, 1, 3, 5 of the second.
const messages, people = 6, 2

var all = []int{0, 1, 2, 3, 4, 5}

func TestWhatTheBooksSay(t *testing.T) {
	for _, c := range []struct {
		rule                string
		enter               func(l *ledger.Ledger)
		lossless, ordered   string
		repeats, bound, end int
	}{
		{"accepted once each, in order, is right", func(l *ledger.Ledger) { l.Accepted(0, all...) }, "", "", 0, 0, 6},
		{"a dead letter is an end, too", func(l *ledger.Ledger) {
			l.Accepted(0, 0, 1, 2, 4, 5)
			l.DeadLetter(0, 3)
		}, "", "", 0, 0, 6},
		{"what has no end is lost", func(l *ledger.Ledger) { l.Accepted(0, 0, 1, 2, 4, 5) }, "1 messages lost, such as [3]", "", 0, 0, 5},
		{"a repeat needs an excuse", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.Accepted(0, 5)
		}, "1 messages repeated without an excuse, such as [5]", "", 1, 0, 6},
		{"a dead letter after the acceptance is a repeat", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.DeadLetter(0, 5)
		}, "1 messages repeated without an excuse, such as [5]", "", 1, 0, 6},
		{"a lost reply excuses one repeat", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.ReplyLost(0, 4, 5)
			l.Accepted(0, 4, 5)
		}, "", "", 2, 2, 6},
		{"and not two", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.ReplyLost(0, 5)
			l.Accepted(0, 5)
			l.Accepted(0, 5)
		}, "1 messages repeated without an excuse, such as [5]", "", 2, 1, 6},
		{"a crash excuses what the source had not heard of", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.Crash(0, 4, 5)
			l.Accepted(0, 4, 5)
		}, "", "", 2, 2, 6},
		{"and nothing of another process", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.Crash(1, 5)
			l.Accepted(1, 5)
		}, "1 messages repeated without an excuse, such as [5]", "", 1, 0, 6},
		{"so does a source that got no answer and sends again", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.GivenAgain(5)
			l.Accepted(0, 5)
		}, "", "", 1, 1, 6},
		{"a later message first is out of order", func(l *ledger.Ledger) { l.Accepted(0, 0, 1, 4, 3, 5, 2) },
			"", "1 messages overtaken by a later one of their person, such as [2]\n1 people end with an old message, such as [0]", 0, 0, 6},
		{"unless the server has deferred the earlier one", func(l *ledger.Ledger) {
			l.Deferred(2)
			l.Accepted(0, 0, 1, 4, 3, 5, 2)
		}, "", "", 0, 0, 6},
		{"people have nothing to do with each other", func(l *ledger.Ledger) { l.Accepted(0, 1, 3, 5, 0, 2, 4) }, "", "", 0, 0, 6},
		{"a repeat of everything ends as it should", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.Crash(0, all...)
			l.Accepted(0, all...)
		}, "", "", 6, 6, 6},
		{"a repeat of an old message alone leaves an old value", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.ReplyLost(0, 2)
			l.Accepted(0, 2)
		}, "", "1 people end with an old message, such as [0]", 1, 1, 6},
		{"also if a new one makes up for it later", func(l *ledger.Ledger) {
			l.Accepted(0, 0, 1, 2)
			l.Crash(0, 0)
			l.Accepted(0, 0, 3, 4, 5)
		}, "", "1 messages undone by an older one that came again alone, such as [2]", 1, 1, 6},
		{"but not if all that followed comes again first", func(l *ledger.Ledger) {
			l.Accepted(0, 0, 1, 2)
			l.Crash(0, 0, 2)
			l.Accepted(0, 0, 2, 3, 4, 5)
		}, "", "", 2, 2, 6},
		{"nor if the server has deferred it", func(l *ledger.Ledger) {
			l.Accepted(0, 0, 1, 2)
			l.Crash(0, 0, 2)
			l.Accepted(0, 0)
			l.Deferred(2)
			l.Accepted(0, 3, 4, 2, 5)
		}, "", "", 2, 2, 6},
		{"a number that was never sent is no message", func(l *ledger.Ledger) {
			l.Accepted(0, all...)
			l.Accepted(0, 6, -1)
		}, "2 messages that were never sent", "", 0, 0, 6},
	} {
		t.Run(c.rule, func(t *testing.T) {
			books := ledger.New(messages, people)
			c.enter(books)
			r := books.Report()
			assertError(t, c.lossless, r.Lossless())
			assertError(t, c.ordered, r.Ordered())
			assert.Equal(t, c.repeats, r.Repeats, "repeats")
			assert.Equal(t, c.bound, r.Bound, "bound")
			assert.Equal(t, c.end, books.Ended(), "ended")
		})
	}
}

func assertError(t *testing.T, want string, err error) {
	t.Helper()
	if want == "" {
		assert.NoError(t, err)
		return
	}
	assert.EqualError(t, err, want)
}

// However messages are spread over requests, sending them in order and once is right, and leaving one out is not.
func TestAnyCutIntoRequestsIsRightAsLongAsItIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "messages")
		books := ledger.New(n, rapid.IntRange(1, 10).Draw(t, "people"))
		lost := rapid.IntRange(-1, n-1).Draw(t, "lost")
		for next := 0; next < n; {
			size := rapid.IntRange(1, 20).Draw(t, "size")
			for _, m := range upTo(next, min(next+size, n)) {
				if m != lost {
					books.Accepted(rapid.IntRange(0, 2).Draw(t, "process"), m)
				}
			}
			next += size
		}
		r := books.Report()
		require.NoError(t, r.Ordered())
		if lost < 0 {
			require.NoError(t, r.Lossless())
			return
		}
		require.Error(t, r.Lossless())
		require.Equal(t, []int{lost}, r.Lost)
	})
}

func upTo(from, to int) (numbers []int) {
	for n := from; n < to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}
