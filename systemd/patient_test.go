package systemd

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
)

func TestALogThatNobodyReadsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, write := io.Pipe()
		p := newPatient(write)
		log := slog.New(slog.NewTextHandler(p, nil))
		for range 3 * waiting {
			log.Info("a key was pressed")
		}
		synctest.Wait()
		p.flush() // gives up

		all := make(chan string)
		go func() {
			b, _ := io.ReadAll(read)
			all <- string(b)
		}()
		<-p.ended
		write.Close()
		s := <-all
		if n := strings.Count(s, "a key was pressed"); n < waiting || n > waiting+1 {
			t.Errorf("%d records came through", n)
		}
		if !strings.Contains(s, "records of the log were lost") {
			t.Error("nothing is said of the lost records")
		}
	})
}

func TestTheEndOfALogIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		p := newPatient(&b)
		p.Write([]byte("the last word"))
		p.flush()
		p.flush()
		if b.String() != "the last word" {
			t.Errorf("%q", b.String())
		}
	})
}
