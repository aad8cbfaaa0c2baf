package main

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// The processors that pipelines are compared with. They are in no other binary.
func init() {
	register("bench_bytes", "Reads the message's bytes and sets them again.", func(msg *service.Message) (*service.Message, error) {
		raw, err := msg.AsBytes()
		msg.SetBytes(raw)
		return msg, err
	})
	register("bench_copy", "Copies the message, sets its bytes and two metadata keys: what a processor costs that maps nothing.", copyMessage)
	register("bench_structured", "Parses the message.", func(msg *service.Message) (*service.Message, error) {
		_, err := msg.AsStructured()
		return msg, err
	})
	register("bench_serialise", "Reads the message's bytes, as an output would.", func(msg *service.Message) (*service.Message, error) {
		_, err := msg.AsBytes()
		return msg, err
	})
}

func copyMessage(msg *service.Message) (*service.Message, error) {
	raw, err := msg.AsBytes()
	if err != nil {
		return nil, err
	}
	copied := msg.Copy()
	copied.SetBytes(raw)
	copied.MetaSetMut("clevertap_type", "event")
	copied.MetaSetMut("segment_message_id", "6f7b14f3-2583-4f1d-808a-c42d38e37189")
	return copied, nil
}

type each func(*service.Message) (*service.Message, error)

func register(name, summary string, do each) {
	service.MustRegisterProcessor(name, service.NewConfigSpec().Summary(summary).Field(service.NewObjectField("").Default(map[string]any{})),
		func(*service.ParsedConfig, *service.Resources) (service.Processor, error) { return do, nil })
}

// Process treats one message.
func (do each) Process(_ context.Context, msg *service.Message) (service.MessageBatch, error) {
	out, err := do(msg)
	if err != nil {
		return nil, err
	}
	return service.MessageBatch{out}, nil
}

// Close has nothing to release.
func (each) Close(context.Context) error { return nil }
