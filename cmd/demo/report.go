package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// print writes the report.
func (r *result) print(out io.Writer) {
	line := func(n int, what string, detail counts) {
		fmt.Fprintf(out, "%8s %s%s\n", thousands(n), what, detail.list())
	}
	fmt.Fprintf(out, "\n%s on %s\n\n", r.config, r.calls)
	line(r.read, "calls read", nil)
	line(r.dropped.sum(), "dropped on purpose", r.dropped)
	line(r.unmapped.sum(), "could not be mapped, now in the dead letter", r.unmapped)
	fmt.Fprintln(out)
	line(r.delivered.sum(), "records delivered", r.delivered)
	line(r.failed.sum(), "records rejected, now in the dead letter", r.failed)
	line(r.fixes.sum(), "repairs on the way", r.fixes)
	line(r.profiles, "new profiles in the sandbox", nil)
	fmt.Fprintf(out, "\n%s\n", r.account())
	fmt.Fprintf(out, "Took %s.\n", r.took.Round(100*time.Millisecond))
}

// A call becomes exactly one record besides its push token, so calls can be counted where records arrive.
func (r *result) deliveredCalls() int { return r.delivered.sum() - r.delivered["token"] }
func (r *result) failedCalls() int    { return r.failedBy.sum() - r.failedBy["token"] }

func (r *result) accounted() int {
	return r.deliveredCalls() + r.dropped.sum() + r.unmapped.sum() + r.failedCalls()
}

func (r *result) account() string {
	sum := fmt.Sprintf("%s delivered + %s dropped on purpose + %s in the dead letter = %s",
		thousands(r.deliveredCalls()), thousands(r.dropped.sum()),
		thousands(r.unmapped.sum()+r.failedCalls()), thousands(r.accounted()))
	if r.accounted() != r.read {
		return fmt.Sprintf("NOT accounted for: %s, but %s calls were read.", sum, thousands(r.read))
	}
	return fmt.Sprintf("Every call accounted for: %s read (push tokens not counted).", sum)
}

func (r *result) check() error {
	switch {
	case r.read == 0:
		return fmt.Errorf("%s holds no calls", r.calls)
	case r.accounted() != r.read:
		return fmt.Errorf("%d calls read, %d accounted for", r.read, r.accounted())
	}
	return nil
}

// list shows the largest first.
func (c counts) list() string {
	if len(c) == 0 {
		return ""
	}
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(c[b], c[a]), strings.Compare(a, b))
	})
	const margin = "\n             "
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "%s%6s %s", margin, thousands(c[name]), name)
	}
	return text.String()
}

func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
