package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// saveProfile keeps the latest profile of a measurement of that name, taken while it lasts.
func saveProfile(ctx context.Context, o options, debug, name string, d time.Duration) error {
	if debug == "" {
		return nil
	}
	profile, err := fetchProfile(ctx, debug, max(time.Second, d))
	if err != nil {
		return fmt.Errorf("taking a profile: %w", err)
	}
	file := strings.NewReplacer(", ", "-", " ", "_").Replace(name) + ".pprof"
	return os.WriteFile(filepath.Join(o.profiles, file), profile, 0o600)
}

// fetchProfile asks again until the engine listens: it does so a little after the input.
func fetchProfile(ctx context.Context, debug string, d time.Duration) ([]byte, error) {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", debug, int(d.Seconds()))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	var response *http.Response
	for range 100 {
		if response, err = http.DefaultClient.Do(request); err == nil {
			break
		}
		pause(ctx, 10*time.Millisecond)
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return io.ReadAll(response.Body)
}
