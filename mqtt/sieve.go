package mqtt

import (
	"bufio"
	"errors"
	"io"
)

// maxMessage is the longest message that is taken in whole, in bytes; Home Assistant's and commands are far shorter.
const maxMessage = 16 << 10

var errUnasked = errors.New("the broker answers subscriptions that were not made")

// sieve reads the packets of MQTT 3.1.1 and cuts one of more than maxMessage bytes down to that. The library would
// set aside memory for all of it, up to 256 MiB, at the word of anyone who may publish; a cut message is still too large
// for a command, and is refused as such. A SUBACK with more return codes than filters were asked for, over which the library
// panics, is an error.
type sieve struct {
	r    *bufio.Reader
	subs int    // filters that are subscribed to
	head []byte // the fixed header, as it is still to be read
	body int    // bytes of the packet that follow it
	drop int    // bytes after those that nobody is to see
}

func newSieve(r io.Reader, subs int) *sieve { return &sieve{r: bufio.NewReader(r), subs: subs} }

// Read implements io.Reader.
func (s *sieve) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.head) == 0 && s.body == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	if len(s.head) > 0 {
		n := copy(p, s.head)
		s.head = s.head[n:]
		return n, nil
	}
	n, err := s.r.Read(p[:min(len(p), s.body)])
	s.body -= n
	return n, err
}

// next reads a fixed header: the type with its flags, then the length, seven bits a byte, least first, four bytes at the
// most (MQTT 3.1.1, 2.2.3), as the library reads it too.
func (s *sieve) next() error {
	for s.drop > 0 {
		n, err := s.r.Discard(s.drop)
		s.drop -= n
		if err != nil {
			return err
		}
	}
	kind, err := s.r.ReadByte()
	if err != nil {
		return err
	}
	length, head := 0, []byte{kind}
	for shift := 0; shift < 28; shift += 7 {
		b, err := s.r.ReadByte()
		if err != nil {
			return err
		}
		head = append(head, b)
		length |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			break
		}
	}
	const suback = 9 // with a packet identifier of two bytes and a byte a filter (MQTT 3.1.1, 3.9)
	if kind>>4 == suback && length > 2+s.subs {
		return errUnasked
	}
	if length > maxMessage {
		s.drop, length = length-maxMessage, maxMessage
		head = []byte{kind, maxMessage&0x7f | 0x80, maxMessage>>7&0x7f | 0x80, maxMessage >> 14}
	}
	s.head, s.body = head, length
	return nil
}
