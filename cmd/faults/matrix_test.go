package main

import (
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

var (
	long     = flag.Bool("faults.long", false, "play every case of the matrix, not one event for each pair of source and failure")
	atOnce   = flag.Int("faults.parallel", 6, "how many cases run at once: they mostly wait")
	onlyCase = flag.String("faults.case", "", "play the case of this name only")
)

var testLab *lab

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if testLab, err = newLab("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	testLab.finish()
	os.Exit(code)
}

// matrix lists the cases: all of them, or each pair of a source and a failure with an event in turn, so that each source
// and each failure meets every event.
func matrix(all bool) []scenario {
	var cases []scenario
	for i, kind := range kinds {
		for j, trouble := range troubles {
			for k, event := range events {
				if all || (i+j)%len(events) == k {
					cases = append(cases, scenario{source: kind, trouble: trouble, event: event})
				}
			}
		}
	}
	return cases
}

// played is what has come of a case.
type played struct {
	scenario
	report ledger.Report
	log    string
	err    error
	took   time.Duration
}

func play(cases []scenario) []played {
	results := make([]played, len(cases))
	places := make(chan struct{}, *atOnce)
	var running sync.WaitGroup
	for i, c := range cases {
		running.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			start := time.Now()
			seed := fnv.New32()
			seed.Write([]byte(c.String()))
			results[i] = played{scenario: c}
			results[i].report, results[i].log, results[i].err = testLab.run(c, uint64(seed.Sum32()))
			results[i].took = time.Since(start)
		})
	}
	running.Wait()
	return results
}

func TestNothingIsLostWhateverFailsWhileWhatever(t *testing.T) {
	testenv.Program(t, "fault matrix", "redis-server", "valkey-server")
	var cases []scenario
	for _, c := range matrix(*long || *onlyCase != "") {
		if *onlyCase == "" || *onlyCase == c.String() {
			cases = append(cases, c)
		}
	}
	for _, p := range play(cases) {
		t.Run(p.String(), func(t *testing.T) {
			t.Logf("%.1f s\n%s", p.took.Seconds(), p.report)
			ok := assert.NoError(t, p.err) && assert.NoError(t, p.report.Lossless())
			if p.ordered() {
				ok = assert.NoError(t, p.report.Ordered()) && ok
			}
			if !ok {
				t.Log(p.log)
			}
		})
	}
}

// ordered tells whether the order of a person is promised in this case: JetStream gives what a process has left behind
// only after later messages, unless its consumer is rewound, as the cases with kill -9 do.
func (s scenario) ordered() bool {
	return s.source != "nats_jetstream" || s.event == eventCache || s.event == eventKill
}

// A harness that finds nothing must be one that could have.
func TestALossyPipelineIsFound(t *testing.T) {
	testenv.Program(t, "fault matrix", "redis-server", "valkey-server")
	report, log, err := testLab.run(scenario{
		source: "redis_streams", trouble: trouble{name: "none"}, event: eventStop,
		extra: []string{"output_resources.0.type=drop", "output_resources.0.drop={}"},
	}, 1)
	require.NoError(t, err, log)
	require.ErrorContains(t, report.Lossless(), "lost")
	assert.Equal(t, scenarioCalls/50*2, len(report.Lost), "what could not be mapped and what CleverTap refuses")
}
