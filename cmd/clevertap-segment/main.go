// Command clevertap-segment moves customer data between Segment and CleverTap: Benthos with the components of this
// module, and a sandbox that stands in for both services.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/cmd/internal/heap"
	"github.com/clevertap-segment/clevertap-segment/plugins/runstatus"
	"github.com/clevertap-segment/clevertap-segment/plugins/transport"
)

// Set when the binary is built, see the Makefile.
var (
	version = "dev"
	date    = "unknown"
)

const (
	product = "clevertap-segment"
	docsURL = "https://github.com/clevertap-segment/clevertap-segment"
)

func main() {
	heap.Spread()
	keepFilesPrivate()
	log.SetOutput(transport.StandardLog(os.Stderr))
	var engine engineLog
	onHangUp(engine.hungUp)
	// A cancelled context would keep the engine from stopping gracefully; it handles the other signals itself.
	code, err := service.RunCLIToCode(context.Background(), append(cliOptions(), engine.option())...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if code = max(code, runstatus.ExitCode()); code != 0 {
		os.Exit(code)
	}
}

func cliOptions() []service.CLIOptFunc {
	return append([]service.CLIOptFunc{
		service.CLIOptSetVersion(version, date),
		service.CLIOptSetBinaryName(product),
		service.CLIOptSetProductName(product),
		service.CLIOptSetDocumentationURL(docsURL),
		service.CLIOptSetDefaultConfigPaths(product+".yaml", "/etc/"+product+"/config.yaml"),
		service.CLIOptSetMainSchemaFrom(mainSchema),
		service.CLIOptAddCommand(sandboxCommand()),
	}, startChecks{new(identityCaches), new(httpAPI)}.options()...)
}
