package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // --timezone works on machines that have no zones

	ucli "github.com/urfave/cli/v2"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/sandbox"
)

// sandboxCommand is `clevertap-segment sandbox`: local stand-ins for development, demos and tests.
func sandboxCommand() *ucli.Command {
	return &ucli.Command{
		Name:  "sandbox",
		Usage: "Run local stand-ins for CleverTap and Segment, with a page that shows what arrives",
		Description: "Answers CleverTap's upload, delete and export API and Segment's Tracking API on this machine, as\n" +
			"strictly as the services do, and shows profiles, events, push tokens, calls and what was rejected on a web\n" +
			"page. Exports give out what was uploaded and the records of --seed. Nothing is stored or sent anywhere.",
		Flags:  sandboxFlags(),
		Action: runSandbox,
	}
}

func sandboxFlags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "address", Value: "127.0.0.1:8095", Usage: "`HOST:PORT` to listen on"},
		&ucli.StringFlag{Name: "account-id", Value: clevertaptest.DefaultAccountID, Usage: "CleverTap account `ID` to accept"},
		&ucli.StringFlag{Name: "passcode", Value: clevertaptest.DefaultPasscode, Usage: "CleverTap `PASSCODE` to accept"},
		&ucli.StringFlag{Name: "write-key", Value: sandbox.DefaultWriteKey, Usage: "Segment write `KEY` to accept"},
		&ucli.StringFlag{Name: "timezone", Value: "UTC", Usage: "`ZONE` of the CleverTap project, by its IANA name: exports are in it"},
		&ucli.StringFlag{Name: "seed", Usage: "`FILE` of CleverTap records, one JSON object per line, for exports to give out"},
		&ucli.DurationFlag{Name: "latency", Usage: "`TIME` that passes before a call of either API is processed"},
		&ucli.Float64Flag{Name: "error-rate", Usage: "share of calls of either API that are answered 500, `0..1`"},
		&ucli.IntFlag{Name: "rate-limit", Usage: "`N` parallel calls of each API, more are answered 429; 0 is the service's own limit"},
		&ucli.Float64Flag{Name: "partial-failures", Usage: "share of good records that CleverTap refuses with 555, `0..1`"},
	}
}

// runSandbox serves until the process is told to stop.
func runSandbox(c *ucli.Context) error {
	s, err := newSandbox(c)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	listener, err := listen(c.String("address"))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
	defer stop()
	printSettings(c.App.Writer, s, listener.Addr())
	return serveSandbox(ctx, listener, s)
}

// newSandbox returns a sandbox as the flags describe it.
func newSandbox(c *ucli.Context) (*sandbox.Sandbox, error) {
	zone, err := projectZone(c.String("timezone"))
	if err != nil {
		return nil, err
	}
	s := sandbox.New(sandbox.Options{
		CleverTap: clevertaptest.Options{
			AccountID: c.String("account-id"), Passcode: c.String("passcode"), TimeZone: zone, MaxBodyBytes: 64 << 20,
		},
		WriteKey: c.String("write-key"),
		Hosts:    hostNames(c.String("address")),
	})
	common := sandbox.CommonFaults{
		Latency: c.Duration("latency").String(), ErrorRate: c.Float64("error-rate"), RateLimit: c.Int("rate-limit"),
	}
	if err := s.SetFaults(sandbox.Faults{
		CommonFaults: common, PartialFailures: c.Float64("partial-failures"),
		Segment: sandbox.SegmentFaults{CommonFaults: common},
	}); err != nil {
		return nil, err
	}
	return s, seedSandbox(s, c.String("seed"))
}

func projectZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == time.Local.String() {
		return nil, fmt.Errorf("--timezone must be an IANA name such as Asia/Kolkata, not %q", name)
	}
	return zone, nil
}

func hostNames(address string) []string {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return nil
	}
	return []string{host}
}

func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("sandbox: another program listens on %s already; stop it or choose another --address", address)
	}
	if err != nil {
		return nil, fmt.Errorf("sandbox: listening on %s: %w", address, err)
	}
	return listener, nil
}

// serveSandbox ends the streams of open pages first and gives running calls a moment to finish.
func serveSandbox(ctx context.Context, listener net.Listener, s *sandbox.Sandbox) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("sandbox: serving: %w", err)
	case <-ctx.Done():
	}
	s.Close()
	grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close() // calls that are never to be answered are among the faults
	}
	return nil
}

func printSettings(w io.Writer, s *sandbox.Sandbox, address net.Addr) {
	settings := s.Settings(localURL(address))
	fmt.Fprintf(w, "The sandbox is running. Watch what arrives at %s/\n\n"+
		"To CleverTap:\n\n%s\nTo Segment:\n\n%s\nPress Ctrl+C to stop.\n", settings.URL, settings.YAML, settings.SegmentYAML)
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintln(w, "Warning: other machines can reach it and see what is uploaded.")
	}
}

// localURL is how this machine reaches the listener; one on all interfaces has no address of its own.
func localURL(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + address.String()
}
