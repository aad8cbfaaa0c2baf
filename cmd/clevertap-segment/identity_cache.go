package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"
	ucli "github.com/urfave/cli/v2"

	"github.com/clevertap-segment/clevertap-segment/plugins/identitycache"
)

// identityCaches has `run` refuse a configuration in which segment_to_clevertap remembers visitors in a cache that
// forgets, and warn of what may be wrong with others.
type identityCaches struct {
	resources []string // patterns of resource files
	mayChange bool     // whether resources may change after the start, when nobody examines them
}

func (i *identityCaches) readFlags(c *ucli.Context) error {
	i.mayChange = c.Command.Name == "streams"
	for _, level := range c.Lineage() {
		i.mayChange = i.mayChange || level.Bool("watcher")
		if len(i.resources) == 0 {
			i.resources = level.StringSlice("resources")
		}
	}
	return nil
}

// What examine cannot see, such as the insides of templates, asks for its result when it is constructed.
func (i *identityCaches) examine(conf *service.ParsedConfig) error {
	root, err := conf.FieldAny()
	if err != nil {
		return err
	}
	found := foundCaches{all: identitycache.Caches{}}
	walker := service.GlobalEnvironment().FullConfigSchema(version, date).NewStreamConfigWalker()
	if err := walker.WalkComponentsAny(root, found.visit); err != nil {
		return fmt.Errorf("looking for identity caches: %w", err)
	}
	// The engine has read these files and refuses what it cannot read. A cache that is not found here counts as unseen.
	inMain := len(found.uses)
	_ = walkResources(i.resources, found.visit)
	for n := inMain; n < len(found.uses); n++ {
		found.uses[n].path += " of the resource files"
	}

	examined := &identitycache.Examined{Caches: found.all, Warned: map[string]bool{}}
	for _, use := range found.uses {
		warning, err := examined.Ask(use.label)
		if err != nil {
			return fmt.Errorf("segment_to_clevertap: %w (at %s)", err, use.path)
		}
		if warning != "" && !i.mayChange {
			conf.Resources().Logger().Warnf("segment_to_clevertap: %s (at %s)", warning, use.path)
			examined.Warned[use.label] = true
		}
	}
	if !i.mayChange {
		conf.Resources().SetGeneric(identitycache.ExaminedKey{}, examined)
	}
	return nil
}

// walkResources visits the components of resource files.
func walkResources(patterns []string, visit func(*service.WalkedComponent) error) error {
	builder := service.NewStreamBuilder()
	builder.DisableLinting()
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := builder.AddResourcesYAML(string(text)); err != nil {
				return err
			}
		}
	}
	return builder.WalkComponents(visit)
}

// foundCaches are the cache resources of a configuration, and where segment_to_clevertap has one as identity_cache.
type foundCaches struct {
	all  identitycache.Caches
	uses []cacheUse
}

type cacheUse struct{ path, label string }

func (f *foundCaches) visit(c *service.WalkedComponent) error {
	config, err := c.ConfigAny()
	if err != nil {
		return err
	}
	component, _ := config.(map[string]any)
	switch {
	case c.ComponentType == "cache" && strings.HasPrefix(c.Path, "cache_resources."):
		f.all[c.Label] = component
	case c.ComponentType == "processor" && c.Name == "segment_to_clevertap":
		fields, _ := component[c.Name].(map[string]any)
		if label, _ := fields["identity_cache"].(string); label != "" {
			f.uses = append(f.uses, cacheUse{c.Path, label})
		}
	}
	return nil
}
