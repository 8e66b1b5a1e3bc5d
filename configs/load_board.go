package configs

import "slices"

// LoadBoard reads what concerns the board, [board], [keypad], [bell], [exit], [contact], [tamper],
// [strike], [feedback] and the door's name, whatever else is wrong or still missing in the file. Faults of these tables, and of lines that
// belong to no table, are an error.
func LoadBoard(path string) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	r := readBoth(path, data, openRegular)
	r.judge()
	others := []string{"door", "site", "code", "offline", "texts", "twilio", "owner", "mqtt", "web", "journal"}
	own := slices.DeleteFunc(r.sorted(), func(f Fault) bool { return slices.Contains(others, tableOf(f.Key)) })
	if len(own) > 0 {
		return nil, own
	}
	return r.cfg, nil
}

// LoadWhatReads reads a file that may be unfinished: what it says, with the defaults where it says nothing or nothing that can
// be read, and its faults. The error is of a file that cannot be read at all.
func LoadWhatReads(path string) (*Config, Faults, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	r := readBoth(path, data, openRegular)
	r.judge()
	return r.cfg, r.sorted(), nil
}
