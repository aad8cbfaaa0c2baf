package main

import (
	"errors"

	"github.com/redpanda-data/benthos/v4/public/service"
	ucli "github.com/urfave/cli/v2"
)

// startCheck looks at what is about to run. The engine has room for one: startChecks are several.
type startCheck interface {
	// readFlags is called before the configuration is read. Flags stand before the command or behind it.
	readFlags(c *ucli.Context) error
	// examine is called with the main configuration, variables and overrides applied, before anything of it is constructed.
	// In streams mode that has resources and no pipelines. An error stops the start.
	examine(conf *service.ParsedConfig) error
}

type startChecks []startCheck

func (s startChecks) options() []service.CLIOptFunc {
	return []service.CLIOptFunc{
		service.CLIOptCustomRunFlags(nil, func(c *ucli.Context) error {
			return s.each(func(check startCheck) error { return check.readFlags(c) })
		}),
		service.CLIOptOnConfigParse(func(conf *service.ParsedConfig) error {
			return s.each(func(check startCheck) error { return check.examine(conf) })
		}),
	}
}

func (s startChecks) each(f func(startCheck) error) error {
	var all []error
	for _, check := range s {
		all = append(all, f(check))
	}
	return errors.Join(all...)
}
