package main

import (
	"sync/atomic"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// engineLog is the engine's logger, once a command has one.
type engineLog struct {
	logger atomic.Pointer[service.Logger]
}

func (l *engineLog) option() service.CLIOptFunc {
	return service.CLIOptOnLoggerInit(func(logger *service.Logger) { l.logger.Store(logger) })
}

func (l *engineLog) hungUp() {
	// The methods of a nil logger do nothing.
	l.logger.Load().Info("Received SIGHUP, which stops the process as SIGTERM does and reloads nothing")
}
