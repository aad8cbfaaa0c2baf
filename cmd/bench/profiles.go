package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
)

// profileEnv names the files of a process's profiles, without their endings.
const profileEnv = "CLEVERTAP_SEGMENT_BENCH_PROFILE"

// profiles is for the engine, which ends the process by itself: the last thing of ours that it calls writes them.
var profiles struct {
	once sync.Once
	stop func() error
}

func stopProfiles() (err error) {
	profiles.once.Do(func() {
		if profiles.stop != nil {
			err = profiles.stop()
		}
	})
	return err
}

// startProfiles begins a CPU profile if the environment asks for one. What it returns writes that and the allocations.
func startProfiles() (stop func() error, err error) {
	path := os.Getenv(profileEnv)
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path + ".cpu.pprof")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return errors.Join(file.Close(), writeAllocations(path+".allocs.pprof"))
	}, nil
}

func writeAllocations(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	runtime.GC() // completes the statistics
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}
