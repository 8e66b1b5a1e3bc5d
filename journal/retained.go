package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The file DIR/retained is a JSON object: a broker's HOST:PORT, and the retained topics that this door has left there. What
// the door is called may change, and so what it must take back is known from here alone.

// Retained returns the topics that Retain has noted for the broker, in their order. A file that is not there, or holds
// something else, is none: then what an earlier configuration left at the broker stays there.
func (j *Journal) Retained(broker string) []string {
	j.retaining.Lock()
	defer j.retaining.Unlock()
	return j.readRetained()[broker]
}

// Retain notes, safe on the disk, that these are the retained topics of the door at the broker; none forgets the broker. It
// waits for the disk.
func (j *Journal) Retain(broker string, topics []string) error {
	j.retaining.Lock()
	defer j.retaining.Unlock()
	all := j.readRetained()
	if len(topics) > 0 {
		all[broker] = topics
	} else {
		delete(all, broker)
	}
	b, err := json.Marshal(all)
	if err == nil {
		err = replaceFile(j.opt.Dir, "retained", b)
	}
	if err != nil {
		return fmt.Errorf("note the retained topics: %w", err)
	}
	return nil
}

func (j *Journal) readRetained() map[string][]string {
	all := map[string][]string{}
	b, err := os.ReadFile(filepath.Join(j.opt.Dir, "retained"))
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil && !missing(err) {
		j.opt.Log.Warn("the retained topics of earlier runs are not known", "error", err)
	}
	if err != nil || all == nil { // as of null
		return map[string][]string{}
	}
	return all
}

// replaceFile replaces the file in one step, so that a power cut leaves the old text or the new one.
func replaceFile(dir, name string, text []byte) error {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(dir)
}
