package mqtt

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"pgregory.net/rapid"
)

func publishOf(size int) *packets.PublishPacket {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Qos, p.MessageID, p.Payload = "latchd/front/lock/set", 1, 7, bytes.Repeat([]byte{'x'}, size)
	return p
}

func TestTheSieveCutsWhatIsTooLongAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(maxMessage-40, maxMessage+40),
			rapid.IntRange(maxMessage, 1<<21)), 1, 5).Draw(t, "sizes")
		var wire bytes.Buffer
		for _, n := range sizes {
			if err := publishOf(n).Write(&wire); err != nil {
				t.Fatal(err)
			}
			packets.NewControlPacket(packets.Pingresp).Write(&wire)
		}
		var r io.Reader = newSieve(&wire, 3)
		if rapid.Bool().Draw(t, "byte by byte") {
			r = iotest.OneByteReader(r)
		}
		for _, n := range sizes {
			got, err := packets.ReadPacket(r)
			if err != nil {
				t.Fatal(err)
			}
			p, header := got.(*packets.PublishPacket), len("latchd/front/lock/set")+4
			if p.TopicName != "latchd/front/lock/set" || p.MessageID != 7 || len(p.Payload) != min(n, maxMessage-header) {
				t.Fatalf("%d bytes came as %d of %s", n, len(p.Payload), p.TopicName)
			}
			if got, err := packets.ReadPacket(r); err != nil || got.(*packets.PingrespPacket) == nil {
				t.Fatalf("the packet behind %d bytes: %v, %v", n, got, err)
			}
		}
	})
}

func FuzzSieve(f *testing.F) {
	var long bytes.Buffer
	publishOf(maxMessage + 1).Write(&long)
	f.Add(long.Bytes())
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{0xd0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := io.ReadAll(newSieve(bytes.NewReader(b), 3))
		if err != nil && !errors.Is(err, errUnasked) || len(out) > len(b) || len(b) < maxMessage && !bytes.HasPrefix(b, out[:min(1, len(out))]) {
			t.Errorf("%d bytes became %d: %v", len(b), len(out), err)
		}
	})
}

func TestAnAnswerToSubscriptionsThatWereNotMadeEndsTheConnection(t *testing.T) {
	for codes, good := range map[int]bool{2: true, 3: true, 4: false, 300: false} {
		p := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
		p.ReturnCodes = make([]byte, codes)
		var wire bytes.Buffer
		if err := p.Write(&wire); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(newSieve(&wire, 3)); (err == nil) != good {
			t.Errorf("%d return codes for three filters: %v", codes, err)
		}
	}
}
